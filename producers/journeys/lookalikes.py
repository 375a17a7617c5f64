"""Two people who are easily taken for one: twins, namesakes, families, and strangers born on the same day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from producers.journeys.misdating import near_date
from producers.journeys.names import ntt_name
from producers.journeys.people import Person, Population


def _twin(rng: Random, population: Population, person: Person, today: date) -> Person:
    return population.twin(rng, person, on=today)


def _namesake(rng: Random, population: Population, person: Person, today: date) -> Person:
    """Of the same kabupaten and exactly the same name, born on another day."""
    return population.namesake(rng, person, on=today)


def _namesake_of_near_date(rng: Random, population: Population, person: Person, today: date) -> Person:
    """A namesake whose birth date looks like a slip of the hand."""
    other = population.namesake(rng, person, on=today)
    return born_on(population, other, near_date(rng, person.birth_date) or person.birth_date - timedelta(days=1))


def _relative(rng: Random, population: Population, person: Person, today: date) -> Person:
    return population.relative(rng, person, on=today)


def _spouse(rng: Random, population: Population, person: Person, today: date) -> Person:
    """Husband or wife under one family card; every third pair registered with the same 1 January."""
    other = population.relative(rng, person, on=today, sex="M" if person.sex == "F" else "F")
    if rng.random() < 0.67:
        return other
    first = person.birth_date.replace(month=1, day=1)
    return born_on(population, other, first)


def _father_or_son(rng: Random, population: Population, person: Person, today: date) -> Person:
    """A man of the same name and household, a generation older or younger."""
    years = rng.randint(18, 35)
    other = population.namesake(rng, person, on=today)
    born = person.birth_date
    year = born.year - years if today.year - born.year < 36 else born.year + years
    day = min(born.day, 28) if rng.random() < 0.2 else rng.randint(1, 28)
    return born_on(population, replace(other, kk=person.kk), date(year, born.month, day))


def _same_birthday(rng: Random, population: Population, person: Person, today: date) -> Person:
    """A stranger born on the same day."""
    return born_on(population, population.ntt(rng, on=today), person.birth_date)


def _same_birthday_and_first_name(rng: Random, population: Population, person: Person, today: date) -> Person:
    """A stranger of the same kabupaten, birthday, sex and first name; only the family name tells."""
    other = population.ntt(rng, on=today, sex=person.sex, kab=person.kab)
    family = other.name.family
    while not family or family == person.name.family:
        family = ntt_name(rng, person.sex, person.kab).family
    return born_on(population, replace(other, name=replace(person.name, family=family)), person.birth_date)


def _stranger(rng: Random, population: Population, _person: Person, today: date) -> Person:
    return population.ntt(rng, on=today)


def _shared_document(rng: Random, population: Population, person: Person, today: date) -> Person:
    """Somebody else under the same passport number."""
    other = _same_birthday(rng, population, person, today)
    while set(other.name.full.split()) & set(person.name.full.split()):
        other = _same_birthday(rng, population, person, today)
    return replace(other, passport=person.passport)


def born_on(population: Population, person: Person, day: date) -> Person:
    """The person as if born that day, with a NIK of that day."""
    return replace(person, birth_date=day, nik=population.nik(person.kab, day, person.sex))


_Other = Callable[[Random, Population, Person, date], Person]
OTHERS: tuple[tuple[str, _Other], ...] = (
    ("twin", _twin),
    ("namesake_other_birthday", _namesake),
    ("namesake_near_date", _namesake_of_near_date),
    ("relative", _relative),
    ("spouse_one_phone", _spouse),
    ("father_and_son", _father_or_son),
    ("same_birthday", _same_birthday),
    ("same_birthday_first_name", _same_birthday_and_first_name),
    ("stranger", _stranger),
    ("shared_document", _shared_document),
)
OTHER_WEIGHTS = (22, 12, 2, 6, 6, 6, 17, 14, 8, 7)
