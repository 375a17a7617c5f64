"""Planted cases about identity: far passports, minors, forged ages, wrong NIKs, shared passports and near names."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from producers.journeys.casting import Case, Stage, other_name
from producers.journeys.people import FAR_OFFICES, Person
from producers.journeys.spelling import doubled_letter

LONG_NAME = 18
"""Letters and blanks from which on two names that differ by one letter are near beyond doubt."""


def far_passport(stage: Stage) -> None:
    """Registered, with a passport made far from home two months ago; beside it one made at home."""
    where, rng = stage.exit_to_malaysia(), stage.rng
    age, before = rng.randint(52, 84), rng.randint(12, 35)
    person = stage.worker(office=rng.choice(FAR_OFFICES), passport_age_days=age)
    issued = stage.order(person, where, issued_days_before=before)
    seen = stage.out(person, where)
    stage.planted(seen, "R08", "MATCHED", departure_id=issued.registration.departure_id, tier="passport")
    stage.registered(stage.worker(passport_age_days=age), where, seen, issued_days_before=before)


def minor(stage: Stage) -> None:
    """A minor leaves for work; beside it one of the same age who travels with a parent."""
    where = stage.exit_to_malaysia()
    seen = stage.out(stage.worker(ages=(15, 17)), where)
    stage.planted(seen, "R01 R10", "FLAGGED")
    parent, child = stage.worker(ages=(36, 50)), stage.worker(ages=(15, 17))
    child = replace(child, kk=parent.kk, name=replace(child.name, family=parent.name.family))
    for person in (parent, child):
        left = stage.out(person, where, purpose="family", kk=True)
        stage.innocent(left, "family_visit", seen if person is child else None)


def forged_age(stage: Stage) -> None:
    """The NIK tells of somebody years younger than the passport; beside it one whose dates agree."""
    where, person = stage.exit_to_malaysia(), stage.worker(ages=(19, 24))
    younger = person.birth_date + timedelta(days=stage.rng.randint(3 * 366, 4 * 366))
    person = replace(person, nik=stage.scene.population.nik(person.kab, younger, person.sex))
    if stage.number % 2:
        issued = stage.order(person, where)
        seen = stage.out(person, where)
        departure_id = issued.registration.departure_id
        stage.planted(seen, "R10 R11", "MATCHED", departure_id=departure_id, tier="passport")
    else:
        seen = stage.out(person, where)
        stage.planted(seen, "R01 R10 R11", "FLAGGED")
    stage.registered(stage.worker(ages=(19, 24)), where, seen)


def invalid_nik(stage: Stage) -> None:
    """The NIK noted at the checkpoint cannot be one; beside it one whose NIK was not noted at all."""
    where, person = stage.exit_to_malaysia(), stage.worker()
    issued = stage.order(person, where)
    # a digit lost in the serial, or a birth month that does not exist
    wrong = person.nik[:-1] if stage.number % 2 else person.nik[:8] + "13" + person.nik[10:]
    seen = stage.out(person, where, nik=wrong)
    stage.planted(seen, "R11", "MATCHED", departure_id=issued.registration.departure_id, tier="passport")
    stage.registered(stage.worker(), where, seen, nik="")


def sex_contradicts(stage: Stage) -> None:
    """The NIK tells the other sex than the passport; beside it one of the same name born on another day."""
    where, person = stage.exit_to_malaysia(), stage.worker()
    nik = stage.scene.population.nik(person.kab, person.birth_date, "M" if person.sex == "F" else "F")
    twin = stage.scene.population.namesake(stage.rng, person, on=stage.scene.on(stage.day))
    person = replace(person, nik=nik)
    issued = stage.order(person, where)
    seen = stage.out(person, where)
    stage.planted(seen, "R11", "MATCHED", departure_id=issued.registration.departure_id, tier="passport")
    stage.registered(twin, where, seen)


def shared_passport(stage: Stage) -> None:
    """One passport shown under two names at two checkpoints; beside it siblings of one birthday with their own."""
    first = stage.worker()
    second = replace(other_name(stage, first), passport=first.passport)
    here, there = stage.rng.choice((("ID-65-NNT", "ID-21-BTC"), ("ID-61-ETK", "ID-65-NNT"), ("ID-21-HBY", "ID-61-ARK")))
    seen = stage.out(first, here, purpose="family")
    stage.planted(seen, "R12", "FLAGGED")
    stage.planted(stage.out(second, there, purpose="family", day=stage.later(1, 6)), "R12", "FLAGGED")
    brother = stage.worker()
    sister = stage.scene.population.twin(stage.rng, brother, on=stage.scene.on(stage.day))
    for person, where in ((brother, here), (sister, there)):
        stage.innocent(stage.out(person, where, purpose="family"), "family_visit", seen)


def ambiguous_identity(stage: Stage) -> None:
    """Nearly the name of two registered workers, with a passport no registry knows; beside it one of the two."""
    where, rng = stage.exit_to_malaysia(), stage.rng
    first, second = _nearly_one_name(stage)
    issued = stage.order(first, where, issued_days_before=rng.randint(130, 170))
    stage.order(second, where, issued_days_before=rng.randint(130, 170))
    # renewed at home after the registration: the office still tells the origin, the age is no sign of its own
    renewed = stage.scene.population.renewed(
        rng, second, on=stage.scene.on(stage.day), office=second.passport.office, age_days=rng.randint(95, 125)
    )
    seen = stage.out(renewed, where, nik="")
    stage.planted(seen, "R27", "UNREGISTERED")
    stage.innocent(
        stage.out(first, where, nik=""), "registered", seen, departure_id=issued.registration.departure_id,
        tier="passport",
    )  # fmt: skip


def _nearly_one_name(stage: Stage) -> tuple[Person, Person]:
    """Two strangers of one sex and birthday; a letter is doubled in the second's name, or the last one missing."""
    while True:
        first = stage.worker(passport_age_days=stage.rng.randint(500, 1500))
        given = first.name.given[:-1] if stage.number % 2 else doubled_letter(stage.rng, first.name.given)
        if len(first.name.full) >= LONG_NAME and given != first.name.given:
            break
    second = stage.worker(sex=first.sex, passport_age_days=stage.rng.randint(500, 1500))
    nik = stage.scene.population.nik(second.kab, first.birth_date, first.sex)
    return first, replace(second, name=replace(first.name, given=given), birth_date=first.birth_date, nik=nik)


CASES = (
    Case(name="far_passport", plant=far_passport),
    Case(name="minor", plant=minor, per_month=6),
    Case(name="forged_age", plant=forged_age, per_month=8),
    Case(name="invalid_nik", plant=invalid_nik, per_month=6),
    Case(name="sex_contradicts_nik", plant=sex_contradicts),
    Case(name="shared_passport", plant=shared_passport, span=6),
    Case(name="ambiguous_identity", plant=ambiguous_identity, per_month=6),
)
