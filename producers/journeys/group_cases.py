"""Planted groups: led by an elder, a companion again, a child among strangers, bought for Batam, one passport."""

from __future__ import annotations

from dataclasses import replace

from producers.journeys.casting import Case, Stage
from producers.journeys.people import Person
from producers.journeys.posts import post

HOMES = ("5318", "5302", "5321", "5306", "5312")


def _name(stage: Stage) -> str:
    return f"G-{stage.case}-{stage.number:03d}"


def _booking(stage: Stage) -> str:
    return f"BK{stage.scene.count('booking'):06d}"


def _payer(stage: Stage) -> str:
    return f"08X{stage.rng.randrange(10**9):09d}"


def led_group(stage: Stage) -> None:
    """Young people of one kabupaten and an elder on one booking; beside them a family on one card."""
    rng, where, kab = stage.rng, stage.exit_to_malaysia(), stage.rng.choice(HOMES)
    shared = {
        "service": rng.choice([s for s in post(where).out if s.country == "MY"]),
        "purpose": "tourism",
        "kk": True,
    }
    elder = stage.worker(ages=(38, 50), kab=kab)
    young = [stage.worker(ages=(19, 25), kab=kab) for _ in range(rng.randint(3, 5))]
    booking, first = _booking(stage), None
    for person in (elder, *young):
        seen = stage.out(person, where, booking=booking, **shared)
        first = first or seen
        stage.planted(seen, "", "OUT_OF_SCOPE", group=_name(stage), group_rules=("R05", "R07"))
    head, booking = stage.worker(ages=(44, 52)), _booking(stage)
    family = [stage.scene.population.relative(rng, head, on=stage.scene.on(stage.day)) for _ in range(3)]
    for person in (head, *family):
        stage.innocent(stage.out(person, where, booking=booking, **shared), "tourist", first)


def same_companion(stage: Stage) -> None:
    """One elder with two unregistered people, and again with two others; beside it registered ones on one booking."""
    kab, payer, again = stage.rng.choice(HOMES), _payer(stage), stage.later(6, 10)
    if again == stage.day:
        return  # a simulation of one day has no second journey
    where = "ID-21-BTC"
    service = next(s for s in post(where).out if s.country == "MY")
    elder, first = stage.worker(ages=(40, 50), kab=kab), None
    for day in (stage.day, again):
        for person in (elder, *(stage.worker(ages=(20, 28), kab=kab) for _ in range(2))):
            seen = stage.out(person, where, day=day, service=service, payer=payer)
            first = first or seen
            group_rules = ("R05", "R06", "R07", "R19")
            stage.planted(seen, "R01", "UNREGISTERED", group=_name(stage), group_rules=group_rules)
    booking = _booking(stage)
    for _ in range(4):
        worker = stage.worker(kab=kab)
        departure_id = stage.order(worker, where).registration.departure_id
        left = stage.out(worker, where, service=service, booking=booking)
        stage.innocent(left, "registered", first, departure_id=departure_id, tier="passport")


def child_among_strangers(stage: Stage) -> None:
    """A child in one party with an adult of another family; beside it a child with a parent."""
    rng, where = stage.rng, stage.exit_to_malaysia()
    service = rng.choice([s for s in post(where).out if s.country == "MY"])
    shared = {"service": service, "purpose": "tourism", "kk": True}
    child, stranger = stage.worker(ages=(12, 16)), stage.worker(ages=(36, 50))
    first = None
    for person in (child, stranger):
        seen = stage.out(person, where, party=_name(stage), **shared)
        first = first or seen
        stage.planted(seen, "", "OUT_OF_SCOPE", group=_name(stage), group_rules=("R22",))
    parent = stage.worker(ages=(36, 48))
    born = stage.scene.population.born(rng, 12, 16, on=stage.scene.on(stage.day))
    own = stage.scene.population.relative(rng, parent, on=stage.scene.on(stage.day), born=born)
    for person in (own, parent):
        stage.innocent(stage.out(person, where, party=f"{_name(stage)}-F", **shared), "tourist", first)


def bought_for_batam(stage: Stage) -> None:
    """Two women brought to Batam on tickets of one stranger; beside them sisters who visit somebody."""
    trip = {"direction": "domestic", "document": "ktp", "country": None, "kk": True}
    payer, first = _payer(stage), None
    for _ in range(2):
        seen = stage.out(stage.worker(sex="F", ages=(19, 30)), "ID-21-BTH", payer=payer, **trip)
        first = first or seen
        stage.planted(seen, "", "OUT_OF_SCOPE", group=_name(stage), group_rules=("R24",))
    payer, sister = _payer(stage), stage.worker(sex="F", ages=(21, 35))
    other = stage.scene.population.relative(stage.rng, sister, on=stage.scene.on(stage.day), sex="F")
    for person in (sister, other):
        stage.innocent(
            stage.out(person, "ID-21-BTH", payer=payer, **{**trip, "purpose": "family"}), "family_visit", first
        )


def one_passport(stage: Stage) -> None:
    """One passport in the hands of two people born on different days; beside it one person twice."""
    owner, later = stage.worker(sex="F"), stage.later(3, 12)
    other: Person = replace(stage.worker(sex="F"), passport=owner.passport)
    if other.birth_date == owner.birth_date:
        return
    first = None
    for person, day in ((owner, stage.day), (other, later)):
        seen = stage.out(person, "ID-21-BTC", purpose="family", day=day)
        first = first or seen
        stage.planted(seen, "", "OUT_OF_SCOPE", group=_name(stage), group_rules=("R12",))
    traveller = stage.worker()
    for day in sorted({stage.day, later}):
        stage.innocent(stage.out(traveller, "ID-21-BTC", purpose="family", day=day), "family_visit", first)


CASES = (
    Case(name="led_group", plant=led_group, per_month=4),
    Case(name="same_companion", plant=same_companion, per_month=3, span=6),
    Case(name="child_among_strangers", plant=child_among_strangers, per_month=4),
    Case(name="bought_for_batam", plant=bought_for_batam, per_month=4),
    Case(name="one_passport", plant=one_passport, per_month=4, span=3),
)
