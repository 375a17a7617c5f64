"""Planted cases about the registration: none, too late, cancelled, expired, elsewhere, under moratorium, incomplete."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from producers.journeys.casting import Case, Stage
from producers.journeys.desk import office_hour, revise
from producers.journeys.people import FAR_OFFICES

MORATORIUM = date(2025, 7, 2)
"""NTT, Larantuka: no domestic workers leave until they are trained."""


def absent_new_passport(stage: Stage) -> None:
    """No registration, and a passport made far from home days ago; beside it new passports with good reason."""
    where, rng = stage.exit_to_malaysia(), stage.rng
    office = rng.choice(FAR_OFFICES)
    person = stage.worker(sex="F" if rng.random() < 0.7 else "M", office=office, passport_age_days=rng.randint(3, 30))
    seen = stage.out(person, where)
    stage.planted(seen, "R01 R08 R09", "FLAGGED")
    home = stage.worker(kab="5371", passport_age_days=rng.randint(26, 30))
    stage.registered(home, where, seen, issued_days_before=rng.randint(10, 20), rules="R09")


def absent(stage: Stage) -> None:
    """No registration and nothing else; beside it a twin of the same birthday and family who is registered."""
    where, person = stage.exit_to_malaysia(), stage.worker()
    seen = stage.out(person, where)
    stage.planted(seen, "R01", "UNREGISTERED")
    twin = stage.scene.population.twin(stage.rng, person, on=stage.scene.on(stage.day))
    stage.registered(twin, where, seen)


def registered_afterwards(stage: Stage) -> None:
    """Registered days after the crossing; beside it one registered in time whose record is published late."""
    where, person, rng = stage.exit_to_malaysia(), stage.worker(), stage.rng
    seen = stage.out(person, where)
    stage.order(person, where, issued_days_before=-rng.randint(1, 3))
    stage.planted(seen, "R26", "UNREGISTERED")
    before = rng.randint(10, 40)
    late = timedelta(days=before + rng.randint(1, 2))
    stage.registered(stage.worker(), where, seen, issued_days_before=before, late_by=late, noise=("published_late",))


def cancelled(stage: Stage) -> None:
    """Cancelled before the crossing; beside it one registered anew, or cancelled only afterwards."""
    where, person, rng = stage.exit_to_malaysia(), stage.worker(), stage.rng
    issued = stage.order(person, where, issued_days_before=rng.randint(20, 50))
    revise(stage.scene, issued.registration, "cancelled", _before(stage, rng.randint(3, 9)))
    seen = stage.out(person, where)
    stage.planted(seen, "R01", "UNREGISTERED")
    twin = stage.worker()
    first = stage.order(twin, where, issued_days_before=rng.randint(25, 50))
    if stage.number % 2:
        revise(stage.scene, first.registration, "cancelled", _before(stage, rng.randint(9, 12)))
        stage.registered(twin, where, seen, issued_days_before=rng.randint(3, 6))
        return
    left = stage.out(twin, where)
    revise(stage.scene, first.registration, "cancelled", _before(stage, -2))
    stage.innocent(left, "registered", seen, departure_id=first.registration.departure_id, tier="passport")


def expired(stage: Stage) -> None:
    """Returns to work on a contract that has ended; beside it one whose contract ends in days."""
    where, person, rng = stage.exit_to_malaysia(), stage.worker(), stage.rng
    ended = rng.randint(15, 80)
    stage.order(person, where, planned=stage.day - 730 - ended, issued_days_before=30)
    seen = stage.out(person, where, purpose="return_to_work")
    stage.planted(seen, "R01", "UNREGISTERED")
    stage.registered(
        stage.worker(), where, seen, planned=stage.day - 730 + rng.randint(1, 12), issued_days_before=30,
        purpose="return_to_work",
    )  # fmt: skip


def other_country(stage: Stage) -> None:
    """Registered for Singapore or Hong Kong, travels to Malaysia; beside it one who only changes planes."""
    country = ("SG", "HK")[stage.number % 2]
    where = stage.rng.choice(("ID-21-BTC", "ID-21-HBY"))
    person = stage.worker(sex="F")
    planned_exit = where if country == "SG" else ""
    issued = stage.order(person, planned_exit, country=country, sector="domestic_work")
    seen = stage.out(person, where)
    stage.planted(seen, "R02", "FLAGGED", departure_id=issued.registration.departure_id, tier="passport")
    stage.registered(
        stage.worker(sex="F"), "ID-21-BTH", seen, country="HK", sector="caregiver", employer="household",
        destination_country="HK",
    )  # fmt: skip


def other_exit(stage: Stage) -> None:
    """Registered to leave through Batam, seen in Nunukan; beside it one at another terminal of Batam."""
    person = stage.worker()
    issued = stage.order(person, "ID-21-BTC")
    seen = stage.out(person, "ID-65-NNT")
    stage.planted(seen, "R02", "MATCHED", departure_id=issued.registration.departure_id, tier="passport")
    stage.registered(stage.worker(), "ID-21-BTC", seen, seen_at="ID-21-HBY")


def moratorium(stage: Stage) -> None:
    """A household's domestic worker without a certificate; beside it one with the certificate."""
    where, person = stage.exit_to_malaysia(), stage.worker(sex="F")
    household = {"sector": "domestic_work", "employer": "household"}
    issued = stage.order(person, where, missing=frozenset({"certificate"}), **household)
    seen = stage.out(person, where)
    in_force = stage.scene.on(stage.day) >= MORATORIUM
    stage.planted(
        seen, "R03 R21" if in_force else "R21", "FLAGGED" if in_force else "MATCHED",
        departure_id=issued.registration.departure_id, tier="passport",
    )  # fmt: skip
    stage.registered(stage.worker(sex="F"), where, seen, **household)


def incomplete(stage: Stage) -> None:
    """Papers are missing; beside it one whose papers were added before the journey."""
    where, person, rng = stage.exit_to_malaysia(), stage.worker(), stage.rng
    papers = ("health", "insurance", "visa", "opp", "permission")
    missing = frozenset({papers[stage.number % 5], rng.choice(papers)})
    issued = stage.order(person, where, missing=missing)
    seen = stage.out(person, where)
    stage.planted(seen, "R21", "MATCHED", departure_id=issued.registration.departure_id, tier="passport")
    twin = stage.worker()
    first = stage.order(twin, where, missing=frozenset({"visa"}), issued_days_before=rng.randint(20, 40))
    revise(stage.scene, first.registration, "amended", _before(stage, 4), visa=f"VDR-X9{stage.number:05d}")
    stage.innocent(
        stage.out(twin, where), "registered", seen, departure_id=first.registration.departure_id, tier="passport"
    )


def _before(stage: Stage, days: int) -> datetime:
    return office_hour(stage.rng, stage.scene.on(stage.day - days))


CASES = (
    Case(name="absent_new_passport", plant=absent_new_passport, per_month=8),
    Case(name="absent", plant=absent, per_month=8),
    Case(name="registered_afterwards", plant=registered_afterwards),
    Case(name="cancelled", plant=cancelled, per_month=6),
    Case(name="contract_expired", plant=expired),
    Case(name="other_country", plant=other_country, per_month=6),
    Case(name="other_exit", plant=other_exit),
    Case(name="moratorium", plant=moratorium, per_month=6),
    Case(name="incomplete_papers", plant=incomplete),
)
