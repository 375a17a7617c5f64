"""Planted cases about patterns of travel: wrong posts, agencies, repeated stays, chains, pretexts and the calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from producers.journeys.casting import Case, Stage
from producers.journeys.desk import Order, write_order
from producers.journeys.files import Registration, Sighting
from producers.journeys.people import FAR_OFFICES, Person
from producers.journeys.posts import post
from producers.journeys.timing import CALLS_AT, SHIP_FROM_NTT, ship_days

EAST_JAVA_ONLY = "SIP3MI-X902"
"""By the shipped policy this agency may recruit there only."""
LEAST_STAY = 13


def wrong_post(stage: Stage) -> None:
    """A passport at a post for border passes, or a border pass at a ferry terminal; beside it each where it belongs."""
    passport, pass_post = stage.rng.choice(("ID-65-LBG", "ID-65-SBT", "ID-65-LMD")), "ID-21-BTC"
    person, twin = stage.worker(), stage.worker()
    wrong = passport if stage.number % 2 else pass_post
    right = "ID-65-NNT" if stage.number % 2 else "ID-65-SBT"
    document = "passport" if stage.number % 2 else "plb"
    seen = stage.out(person, wrong, document=document, purpose="family")
    stage.planted(seen, "R15", "OUT_OF_SCOPE")
    stage.innocent(stage.out(twin, right, document=document, purpose="family"), "family_visit", seen)


def agency(stage: Stage) -> None:
    """An agency whose licence has ended, or that may not recruit in NTT; beside it a licence in its last days."""
    rng, where, today = stage.rng, stage.exit_to_malaysia(), stage.scene.on(stage.day)
    wrong = ("SIP3MI-X911", today - timedelta(days=rng.randint(1, 60)))
    if stage.number % 2:
        wrong = (EAST_JAVA_ONLY, today + timedelta(days=300))
    person, twin = stage.worker(), stage.worker()
    made = _placed_by(stage, person, where, *wrong)
    seen = stage.out(person, where)
    stage.planted(seen, "R20", "MATCHED", departure_id=made.departure_id, tier="passport")
    made = _placed_by(stage, twin, where, "SIP3MI-X911", today + timedelta(days=rng.randint(0, 5)))
    left = stage.out(twin, where)
    stage.innocent(left, "registered", seen, departure_id=made.departure_id, tier="passport")


def _placed_by(stage: Stage, person: Person, where: str, licence: str, until: date) -> Registration:
    order = Order(person=person, post_id=where, planned=stage.day, country="MY", sector="plantation", clean=True)
    written = write_order(stage.rng, stage.scene, order).registration
    return stage.scene.publish(replace(written, p3mi_licence=licence, p3mi_valid_to=until))


def stays_in_a_row(stage: Stage) -> None:
    """Out for two stays of weeks and out again at once; beside it a patient who is treated as often."""
    room = stage.scene.days - 1 - stage.day
    longest = min(29, (room - 2) // 2)
    if longest < LEAST_STAY:
        return  # too short a simulation to come back twice
    stay, working = stage.rng.randint(LEAST_STAY, longest), stage.number % 2 == 1
    person, twin = stage.worker(), stage.worker()
    last = _comes_and_goes(stage, person, stay, "tourism", None)
    seen = stage.out(person, CALLS_AT, day=last, purpose="work" if working else "tourism")
    stage.planted(seen, "R01 R13" if working else "R13", "FLAGGED" if working else "OUT_OF_SCOPE")
    _comes_and_goes(stage, twin, stay, "medical", seen)
    stage.innocent(stage.out(twin, CALLS_AT, day=last, purpose="medical"), "patient", seen)


def _comes_and_goes(stage: Stage, person: Person, stay: int, purpose: str, beside: Sighting | None) -> int:
    """Two stays with a night at home after each; gives the day of leaving again."""
    day = stage.day
    for _ in range(2):
        for when, direction, why in ((day, "out", purpose), (day + stay, "in", "return")):
            seen = stage.out(person, CALLS_AT, day=when, direction=direction, purpose=why)
            if beside is None:
                stage.planted(seen, "", "OUT_OF_SCOPE")
            else:
                stage.innocent(seen, "patient", beside)
        day += stay + 1
    return day


def straight_through(stage: Stage) -> None:
    """Off the ship from Maumere and over the border the next day; beside it a registered worker off the same ship."""
    day, family = _ship_day(stage), stage.number % 2 == 0
    person, twin = stage.worker(), stage.worker()
    stage.planted(_off_the_ship(stage, person, day), "", "OUT_OF_SCOPE")
    seen = stage.out(person, CALLS_AT, day=day + 1, purpose="family" if family else "work")
    stage.planted(seen, "R17" if family else "R01 R17", "OUT_OF_SCOPE" if family else "UNREGISTERED")
    stage.innocent(_off_the_ship(stage, twin, day), "domestic_arrival", seen)
    stage.registered(twin, CALLS_AT, seen, planned=day + 1, day=day + 1)


def _ship_day(stage: Stage) -> int:
    return next(d for d in range(stage.day, stage.day + 7) if stage.scene.on(d).weekday() in ship_days())


def _off_the_ship(stage: Stage, person: Person, day: int) -> Sighting | None:
    ship = next(s for s in post(CALLS_AT).domestic if s.number == SHIP_FROM_NTT)
    return stage.out(person, CALLS_AT, day=day, direction="domestic", document="ktp", purpose="family", service=ship)


def unlikely_tourist(stage: Stage) -> None:
    """A tourist to Tanjung Pengelih, some with a passport made far away; beside it one to Johor Bahru."""
    rng, new = stage.rng, stage.number % 2 == 1
    wishes = {"office": rng.choice(FAR_OFFICES), "passport_age_days": rng.randint(3, 30)} if new else {}
    seen = stage.out(stage.worker(**wishes), "ID-21-BTC", purpose="tourism", place="MY-PGL")
    stage.planted(seen, "R04 R08 R09" if new else "R04", "FLAGGED" if new else "OUT_OF_SCOPE")
    stage.innocent(stage.out(stage.worker(), "ID-21-BTC", purpose="tourism", place="MY-STL"), "tourist", seen)


def after_the_ship(stage: Stage) -> None:
    """No registration, in Nunukan a day or two after the ship; beside it a registered worker on the same day."""
    day = _ship_day(stage) + stage.rng.randint(1, 2)
    seen = stage.out(stage.worker(), CALLS_AT, day=day)
    stage.planted(seen, "R01", "UNREGISTERED")
    stage.registered(stage.worker(), CALLS_AT, seen, planned=day, day=day)


CASES = (
    Case(name="wrong_post", plant=wrong_post),
    Case(name="agency", plant=agency),
    Case(name="stays_in_a_row", plant=stays_in_a_row, span=2 * LEAST_STAY + 2),
    Case(name="straight_through", plant=straight_through, span=7),
    Case(name="unlikely_tourist", plant=unlikely_tourist),
    Case(name="after_the_ship", plant=after_the_ship, span=8),
)
