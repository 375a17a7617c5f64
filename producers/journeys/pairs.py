"""Labelled pairs of a registration and a crossing, for measuring how well the two are told to be one person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from producers.journeys.lookalikes import OTHER_WEIGHTS, OTHERS, born_on
from producers.journeys.misdating import ASSUMED_DAYS, written_wrongly
from producers.journeys.misspelling import EVERY_WAY
from producers.journeys.names import ntt_name
from producers.journeys.people import IMPOSSIBLE_KECAMATAN, Person, Population
from producers.journeys.spelling import written_otherwise

MUSLIM_SHARE = 0.2
"""More than in NTT: MUHAMMAD and SITI have the most spellings."""
SAME_SHARE = 0.55
"""The rest are two people, most of them hard to tell apart."""
ASSUMED_SHARE = 0.1
"""Born on an assumed day: 1 January for most, since nobody knew better when the NIK was given."""
WRONG_DATES = 0.05
"""One of two records of a person types another birth date."""


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
    payer: str = ""
    """Who paid for the crossing."""

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
        } | ({"payer": self.payer} if self.payer else {})


def pair_lines(rng: Random, population: Population, today: date, count: int) -> Iterator[str]:
    """So many pairs, one JSON object a line."""
    for number in range(count):
        person = population.ntt(rng, on=today, ages=(18, 55))
        if rng.random() < MUSLIM_SHARE:
            person = replace(person, name=ntt_name(rng, person.sex, person.kab, muslim_share=1))
        if rng.random() < ASSUMED_SHARE:
            month, day = rng.choices(ASSUMED_DAYS, (6, 2, 2))[0]
            person = born_on(population, person, person.birth_date.replace(month=month, day=day))
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
        name, kinds = written_otherwise(rng, registered.name, 2 if rng.random() < 0.25 else 1, EVERY_WAY)
        noise += kinds
        if rng.random() < 0.5:
            registered = replace(registered, name=name)
        else:
            seen = replace(seen, name=name)
    if not person.name.family:
        noise.append("mononym")
    registered, seen = _other_passport(rng, population, person, today, registered, seen, noise)
    registered, seen = _less_known(rng, registered, seen, noise)
    return *_misdated(rng, registered, seen, noise), noise


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
    """Missing numbers on either side."""
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
    return registered, seen


def _misdated(rng: Random, registered: Side, seen: Side, noise: list[str]) -> tuple[Side, Side]:
    """A slip in the birth date that one of the two typed; the NIK keeps the true one."""
    if rng.random() >= WRONG_DATES:
        return registered, seen
    wrong, kind = written_wrongly(rng, registered.birth_date)
    noise.append(kind)
    if rng.random() < 0.5:
        return replace(registered, birth_date=wrong), seen
    return registered, replace(seen, birth_date=wrong)


def _two_people(rng: Random, population: Population, person: Person, today: date) -> tuple[Side, Side, list[str]]:
    kind, other_of = rng.choices(OTHERS, OTHER_WEIGHTS)[0]
    other = other_of(rng, population, person, today)
    if kind == "spouse_one_phone" and other.birth_date.day == 1 == other.birth_date.month:
        person = born_on(population, person, other.birth_date)
    noise = [kind]
    registered, seen = _less_known(rng, _side(person), _side(other), noise)
    if kind == "spouse_one_phone":
        seen = replace(seen, payer=f"08X{rng.randrange(10**9):09d}")
    return registered, seen, noise
