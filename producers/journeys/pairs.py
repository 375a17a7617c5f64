"""Labelled pairs of a registration and a crossing, for measuring how well the two are told to be one person."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from producers.journeys.names import ntt_name
from producers.journeys.people import IMPOSSIBLE_KECAMATAN, Person, Population
from producers.journeys.spelling import written_otherwise

MUSLIM_SHARE = 0.2
"""More than in NTT: MUHAMMAD and SITI have the most spellings."""
SAME_SHARE = 0.55
"""The rest are two people, most of them hard to tell apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one of the two records says of a person; empty = unknown."""

    name: str
    birth_date: date
    sex: str
    nik: str
    passport: str
    previous_passports: str
    origin_region: str

    def as_dict(self) -> dict[str, str]:
        """For JSON, keys in a fixed order."""
        return {
            "name": self.name,
            "birth_date": self.birth_date.isoformat(),
            "sex": self.sex,
            "nik": self.nik,
            "passport": self.passport,
            "previous_passports": self.previous_passports,
            "origin_region": self.origin_region,
        }


def pair_lines(rng: Random, population: Population, today: date, count: int) -> Iterator[str]:
    """So many pairs, one JSON object a line."""
    for number in range(count):
        person = population.ntt(rng, on=today, ages=(18, 55))
        if rng.random() < MUSLIM_SHARE:
            person = replace(person, name=ntt_name(rng, person.sex, person.kab, muslim_share=1))
        same = rng.random() < SAME_SHARE
        registered, seen, noise = (
            _one_person(rng, population, person, today) if same else _two_people(rng, population, person, today)
        )
        pair = {"pair_id": f"P{number + 1:06d}", "same": same, "noise": noise}
        yield json.dumps(pair | {"departure": registered.as_dict(), "crossing": seen.as_dict()})


def _side(person: Person) -> Side:
    return Side(
        name=person.name.full,
        birth_date=person.birth_date,
        sex=person.sex,
        nik=person.nik,
        passport=person.passport.number,
        previous_passports="",
        origin_region=f"{person.kab}{IMPOSSIBLE_KECAMATAN}",
    )


def _one_person(rng: Random, population: Population, person: Person, today: date) -> tuple[Side, Side, list[str]]:
    noise: list[str] = []
    seen = registered = _side(person)
    if rng.random() < 0.65:
        name, kinds = written_otherwise(rng, registered.name, 2 if rng.random() < 0.25 else 1)
        noise += kinds
        if rng.random() < 0.5:
            registered = replace(registered, name=name)
        else:
            seen = replace(seen, name=name)
    if not person.name.family:
        noise.append("mononym")
    registered, seen = _other_passport(rng, population, person, today, registered, seen, noise)
    return *_less_known(rng, registered, seen, noise), noise


def _other_passport(
    rng: Random, population: Population, person: Person, today: date, registered: Side, seen: Side, noise: list[str]
) -> tuple[Side, Side]:
    chance = rng.random()
    if chance >= 0.2:
        return registered, seen
    new = population.renewed(rng, person, on=today, office=person.passport.office, age_days=rng.randint(5, 200))
    if chance < 0.1:
        noise.append("new_passport_known")
        known = replace(registered, passport=new.passport.number, previous_passports=registered.passport)
        return known, replace(seen, passport=rng.choice((seen.passport, new.passport.number)))
    noise.append("new_passport_unknown")
    return registered, replace(seen, passport=new.passport.number)


def _less_known(rng: Random, registered: Side, seen: Side, noise: list[str]) -> tuple[Side, Side]:
    """Missing numbers on either side, and day and month swapped on the registration."""
    if rng.random() < 0.2:
        registered = replace(registered, nik="")
        noise.append("departure_no_nik")
    if rng.random() < 0.25:
        seen = replace(seen, nik="")
        noise.append("crossing_no_nik")
    if rng.random() < 0.1:
        registered = replace(registered, passport="", previous_passports="")
        noise.append("departure_no_passport")
    if rng.random() < 0.04:
        seen = replace(seen, passport="")
        noise.append("crossing_no_passport")
    born = registered.birth_date
    if born.day <= 12 and born.day != born.month and rng.random() < 0.03:
        registered = replace(registered, birth_date=born.replace(day=born.month, month=born.day))
        noise.append("birth_date_swapped")
    return registered, seen


def _two_people(rng: Random, population: Population, person: Person, today: date) -> tuple[Side, Side, list[str]]:
    kind, other_of = rng.choices(OTHERS, OTHER_WEIGHTS)[0]
    other = other_of(rng, population, person, today)
    noise = [kind]
    registered, seen = _less_known(rng, _side(person), _side(other), noise)
    if "birth_date_swapped" in noise:
        noise.remove("birth_date_swapped")
        registered = replace(registered, birth_date=person.birth_date)
    return registered, seen, noise


def _twin(rng: Random, population: Population, person: Person, today: date) -> Person:
    return population.twin(rng, person, on=today)


def _namesake(rng: Random, population: Population, person: Person, today: date) -> Person:
    return population.namesake(rng, person, on=today)


def _relative(rng: Random, population: Population, person: Person, today: date) -> Person:
    return population.relative(rng, person, on=today)


def _same_birthday(rng: Random, population: Population, person: Person, today: date) -> Person:
    """A stranger born on the same day."""
    other = population.ntt(rng, on=today)
    return _born_like(population, other, person)


def _same_birthday_and_first_name(rng: Random, population: Population, person: Person, today: date) -> Person:
    """A stranger of the same kabupaten, birthday, sex and first name; only the family name tells."""
    other = population.ntt(rng, on=today, sex=person.sex, kab=person.kab)
    family = other.name.family
    while not family or family == person.name.family:
        family = ntt_name(rng, person.sex, person.kab).family
    return _born_like(population, replace(other, name=replace(person.name, family=family)), person)


def _stranger(rng: Random, population: Population, _person: Person, today: date) -> Person:
    return population.ntt(rng, on=today)


def _shared_document(rng: Random, population: Population, person: Person, today: date) -> Person:
    """Somebody else under the same passport number."""
    other = _same_birthday(rng, population, person, today)
    while set(other.name.full.split()) & set(person.name.full.split()):
        other = _same_birthday(rng, population, person, today)
    return replace(other, passport=person.passport)


def _born_like(population: Population, other: Person, person: Person) -> Person:
    nik = population.nik(other.kab, person.birth_date, other.sex)
    return replace(other, birth_date=person.birth_date, nik=nik)


_Other = Callable[[Random, Population, Person, date], Person]
OTHERS: tuple[tuple[str, _Other], ...] = (
    ("twin", _twin),
    ("namesake_other_birthday", _namesake),
    ("relative", _relative),
    ("same_birthday", _same_birthday),
    ("same_birthday_first_name", _same_birthday_and_first_name),
    ("stranger", _stranger),
    ("shared_document", _shared_document),
)
OTHER_WEIGHTS = (25, 15, 8, 20, 15, 9, 8)
