"""Planted cases about movements: two places at once, after deportation or refusal, looked for, split groups."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from producers.journeys.casting import Case, Stage
from producers.journeys.files import Report, Sighting
from producers.journeys.people import FAR_OFFICES, IMPOSSIBLE_KECAMATAN, Person
from producers.journeys.posts import NO_TOURISTS, post
from producers.journeys.spelling import typing_slip


def two_places(stage: Stage) -> None:
    """One person in Batam and in Nunukan within the hour; beside it one who was there days apart."""
    person, minute = stage.worker(), stage.rng.randint(8 * 60, 13 * 60)
    seen = stage.out(person, "ID-21-BTC", purpose="family", minute=minute)
    # Nunukan's clocks are an hour ahead
    again = stage.out(person, "ID-65-NNT", purpose="family", minute=minute + 60 + stage.rng.randint(5, 55))
    for one in (seen, again):
        stage.planted(one, "R12", "FLAGGED")
    traveller, back = stage.worker(), stage.later(2, 3)
    stage.innocent(stage.out(traveller, "ID-21-BTC", purpose="family"), "family_visit", seen)
    if back >= stage.day + 2:
        stage.innocent(stage.out(traveller, "ID-65-NNT", purpose="family", day=back), "family_visit", again)


def after_deportation(stage: Stage) -> None:
    """Sent home, and leaves again within the month; beside it one who registered first."""
    rng, leaves = stage.rng, stage.later(12, 28)
    where = rng.choice(("ID-65-NNT", "ID-65-MLD", "ID-21-BTC"))
    new_passport = stage.number % 3 == 2 and leaves > stage.day + 4
    person = stage.worker()
    if leaves == stage.day:
        return  # a simulation of one day has no room for coming back
    arrived = _sent_home(stage, person)
    stage.planted(arrived, "", "OUT_OF_SCOPE")
    if new_passport:
        person = stage.scene.population.renewed(
            rng, person, on=stage.scene.on(leaves), office=rng.choice(FAR_OFFICES),
            age_days=rng.randint(1, leaves - stage.day - 1),
        )  # fmt: skip
    seen = stage.out(person, _open(stage, where, leaves), day=leaves)
    stage.planted(seen, "R01 R08 R09 R16" if new_passport else "R01 R16", "FLAGGED")
    if leaves >= stage.day + 10:
        twin = stage.worker()
        stage.innocent(_sent_home(stage, twin), "deportee", arrived)
        stage.registered(twin, "ID-65-NNT", seen, planned=leaves, day=leaves, issued_days_before=7)


def _sent_home(stage: Stage, person: Person) -> Sighting | None:
    return stage.out(
        person, "ID-65-NNT", direction="in", purpose="deportation", document="splp", minute=stage.rng.randint(900, 1020)
    )


def refused_then_elsewhere(stage: Stage) -> None:
    """Refused at Nunukan and seen at Tarakan or Batam days later; beside it one postponed who goes next day."""
    person, rng = stage.worker(), stage.rng
    seen = stage.out(
        person, "ID-65-NNT", action=("refused", "postponed")[stage.number % 2], minute=rng.randint(450, 600)
    )
    stage.planted(seen, "R01", "UNREGISTERED")
    where = rng.choice(("ID-65-MLD", "ID-21-BTC"))
    day = stage.later(1, 7)
    if day > stage.day:
        stage.planted(stage.out(person, _open(stage, where, day), day=day), "R01 R28", "FLAGGED")
    twin = stage.worker()
    departure_id = stage.order(twin, "ID-65-NNT").registration.departure_id
    for when, action in ((stage.day, "postponed"), (stage.day + 1, "cleared")):
        left = stage.out(twin, "ID-65-NNT", day=when, action=action)
        stage.innocent(left, "registered", seen, departure_id=departure_id, tier="passport")


def _open(stage: Stage, where: str, day: int) -> str:
    """The place, or Batam Centre where nothing sails from it that day."""
    weekday = stage.scene.on(day).weekday()
    return where if any(weekday in s.weekdays for s in post(where).out) else "ID-21-BTC"


def looked_for(stage: Stage) -> None:
    """Somebody in a community report is seen; beside it one of the same name born on another day."""
    variant, person = stage.number % 5, stage.worker(sex="F")
    details, rules = ({"purpose": "family"}, "R25") if variant != 1 else ({}, "R01 R25")
    if variant == 4:
        details = {"purpose": "work", "document": "ktp", "direction": "domestic"}
    where = "ID-65-NNT" if variant == 4 else stage.exit_to_malaysia()
    seen = stage.out(person, where, **details)
    stage.planted(seen, rules, "FLAGGED")
    _report(stage, person, variant, seen)
    namesake = stage.scene.population.namesake(stage.rng, person, on=stage.scene.on(stage.day))
    stage.innocent(stage.out(namesake, where, purpose="family", document="passport"), "family_visit", seen)


def _report(stage: Stage, person: Person, variant: int, seen: Sighting | None) -> None:
    """Before the crossing or after; by NIK, by passport, or by a name with a letter wrong."""
    if seen is None:
        return
    rng, scene = stage.rng, stage.scene
    hours = rng.randint(5, 60) if variant in {1, 3} else -rng.randint(10, 400)
    at: datetime = seen.at + timedelta(hours=hours)
    report = Report(
        case_id=f"SAGA-{scene.start:%Y}-{scene.count('report'):05d}",
        reported_at=at,
        kind=rng.choice(("missing_person", "suspected_recruitment", "suspected_trafficking")),
        name=typing_slip(rng, person.name.full),
        birth_date=person.birth_date,
        sex=person.sex,
        origin_region=f"{person.kab}{IMPOSSIBLE_KECAMATAN}",
        destination_country="MY" if rng.random() < 0.6 else "",
    )
    if variant == 2:
        report = replace(report, nik=person.nik, birth_date=None)
    elif variant == 3:
        report = replace(report, passport=person.passport.number)
    scene.reports.append(report)


def split_group(stage: Stage) -> None:
    """Women of one kabupaten with new passports of one office and one payer, sent together or one by one."""
    rng, scene, where = stage.rng, stage.scene, stage.exit_to_malaysia()
    kab, office = rng.choice(("5318", "5302", "5321", "5306")), rng.choice(FAR_OFFICES)
    service = rng.choice([s for s in post(where).out if s.country == "MY" and s.place not in NO_TOURISTS])
    shared = {"payer": f"08X{rng.randrange(10**9):09d}", "booking": f"BK{scene.count('booking'):06d}"}
    group = f"G{scene.count('split group'):04d}"
    group_rules = ("R07",) if stage.number % 2 else ("R06", "R07")
    for place in range(rng.randint(3, 5)):
        day = stage.day if stage.number % 2 else min(stage.day + place, scene.days - 1)
        person = scene.population.ntt(
            rng,
            on=scene.on(day),
            sex="F",
            ages=(19, 30),
            kab=kab,
            office=office,
            passport_age_days=rng.randint(4, 30),
        )
        seen = stage.out(person, where, day=day, purpose="tourism", service=service, **shared)
        stage.planted(seen, "R08 R09", "OUT_OF_SCOPE", group=group, group_rules=group_rules)


CASES = (
    Case(name="two_places", plant=two_places, span=2),
    Case(name="after_deportation", plant=after_deportation, per_month=6, span=13),
    Case(name="refused_then_elsewhere", plant=refused_then_elsewhere, per_month=6, span=2),
    Case(name="looked_for", plant=looked_for, per_month=10),
    Case(name="split_group", plant=split_group, per_month=4, span=4),
)
