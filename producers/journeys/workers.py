"""Registered workers: those who leave for the first time, those on leave, and those of other provinces."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

from producers.journeys.desk import Issued, Order, office_hour, register, revise
from producers.journeys.files import Registration, Sighting
from producers.journeys.people import Person
from producers.journeys.posts import post
from producers.journeys.scene import Scene, Trip

EXITS: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "MY": (
        ("ID-65-NNT", "ID-21-BTC", "ID-61-ETK", "ID-65-MLD", "ID-21-HBY", "ID-21-SBP", ""),
        (34, 18, 12, 4, 3, 2, 27),
    ),
    "SG": (("ID-21-BTC", "ID-21-HBY", "ID-21-SKP", ""), (30, 12, 6, 52)),
    "BN": (("ID-61-ETK", ""), (60, 40)),
    "HK": (("",), (1,)),
    "TW": (("",), (1,)),
    "KR": (("",), (1,)),
}
"""Where registered workers leave; empty = from Java, which no checkpoint here sees."""
NTT_DESTINATIONS = (("MY", "SG", "HK", "TW", "BN", "KR"), (76, 9, 5, 5, 3, 2))
OTHER_DESTINATIONS = (("MY", "SG", "BN"), (80, 17, 3))
OTHER_ORIGINS = ("35", "33", "32", "52", "18", "73", "12")
BATAM = ("ID-21-BTC", "ID-21-HBY", "ID-21-SKP")
LAST_PLANNED = 45
"""Journeys planned up to so many days after the end are already registered."""


def how_many(rng: Random, expected: float) -> int:
    """A whole number around an expected one, a fifth up or down and the fraction by chance."""
    wanted = expected * rng.uniform(0.8, 1.2)
    return int(wanted) + (rng.random() < wanted % 1)


def ntt_departures(rng: Random, scene: Scene, scale: float) -> None:
    """NTT's registered departures, 3 to 10 a day at scale 1; about two thirds leave through the three provinces."""
    for day in range(-12, scene.days + LAST_PLANNED):
        for _ in range(how_many(rng, rng.uniform(3.2, 8.0) * scale)):
            country = rng.choices(*NTT_DESTINATIONS)[0]
            person = scene.population.ntt(rng, on=scene.on(day), ages=(19, 44))
            _first_departure(rng, scene, person, country, day)


def other_departures(rng: Random, scene: Scene, scale: float) -> None:
    """Registered workers of other provinces, a few a day: the registry is national."""
    for day in range(-12, scene.days + LAST_PLANNED):
        for _ in range(how_many(rng, 5 * scale)):
            country = rng.choices(*OTHER_DESTINATIONS)[0]
            person = scene.population.resident(rng, rng.choice(OTHER_ORIGINS), on=scene.on(day), ages=(20, 45))
            _first_departure(rng, scene, person, country, day)


def _first_departure(rng: Random, scene: Scene, person: Person, country: str, planned: int) -> None:
    exit_id = rng.choices(*EXITS[country])[0]
    issued_before = rng.randint(10, 60)
    if planned - issued_before > scene.days + 3:
        return
    order = Order(person=person, planned=planned, country=country, post_id=exit_id, issued_days_before=issued_before)
    traveller, known, noise = _passports(rng, scene, person, planned)
    day = planned + rng.choices((-3, -2, -1, 0, 1, 2, 3, 5, 8, 12), (4, 6, 10, 40, 14, 8, 6, 5, 4, 3))[0]
    travels = bool(exit_id) and rng.random() < 0.95
    late = travels and scene.inside(day) and rng.random() < 0.02
    late_by = timedelta(days=day - planned + issued_before + rng.randint(1, 3)) if late else timedelta()
    issued = register(rng, scene, replace(order, person=known), late_by=late_by)
    if late:
        noise += ("published_late",)
    if not travels:
        if exit_id and rng.random() < 0.6:
            at = office_hour(rng, scene.on(planned - rng.randint(1, 6)))
            if at > issued.registration.issued_at:
                revise(scene, issued.registration, "cancelled", at)
        return
    current = _maybe_amended(rng, scene, issued, planned)
    seen = leave_for_work(rng, scene, traveller, issued, day, country, exit_id, noise)
    if seen is not None and rng.random() < 0.3:
        revise(scene, current, "departed", seen.at + timedelta(hours=rng.randint(6, 40)))


def _passports(rng: Random, scene: Scene, person: Person, planned: int) -> tuple[Person, Person, tuple[str, ...]]:
    """Who travels, whom the registry knows, and what differs: 4 % have a new passport since they registered."""
    if rng.random() >= 0.04:
        return person, person, ()
    renewed = scene.population.renewed(
        rng, person, on=scene.on(planned), office=person.passport.office, age_days=rng.randint(95, 110)
    )
    return renewed, person, ("new_passport_unknown",)


def _maybe_amended(rng: Random, scene: Scene, issued: Issued, planned: int) -> Registration:
    if rng.random() < 0.08:
        at = office_hour(rng, scene.on(planned - rng.randint(4, 8)))
        if at > issued.registration.issued_at:
            later = scene.on(planned + rng.randint(0, 2))
            return revise(scene, issued.registration, "amended", at, planned_date=later)
    return issued.registration


def _terminal(rng: Random, exit_id: str, country: str) -> str:
    """Now and then another terminal of Batam that sails to the same country."""
    if exit_id not in BATAM or rng.random() < 0.7:
        return exit_id
    return rng.choice([t for t in BATAM if any(s.country == country for s in post(t).out)])


def leave_for_work(
    rng: Random,
    scene: Scene,
    traveller: Person,
    issued: Issued,
    day: int,
    country: str,
    exit_id: str,
    noise: tuple[str, ...] = (),
) -> Sighting | None:
    """A registered worker leaves, from any terminal of the registered city, and is found by the strongest number."""
    nik = traveller.nik if rng.random() < 0.8 else ""
    seen = scene.see(
        rng,
        Trip(
            person=traveller,
            post_id=_terminal(rng, exit_id, country),
            day=day,
            direction="out",
            purpose="work",
            country=country if country != "BN" else "MY",
            destination_country=country,
            nik=nik,
            booking=f"BK{scene.count('booking'):06d}" if rng.random() < 0.4 else "",
            action="postponed" if rng.random() < 0.004 else "cleared",
        ),
    )
    scene.tell(
        seen,
        kind="registered" if traveller.from_ntt else "registered_other",
        status="MATCHED",
        departure_id=issued.registration.departure_id,
        tier=issued.tier(traveller.passport.number, nik),
        noise=noise + issued.noise,
    )
    return seen


def returns_from_leave(rng: Random, scene: Scene, scale: float) -> None:
    """Workers of NTT whose contract runs come home and go back; a few bear a new passport that the registry knows."""
    for day in range(-20, scene.days):
        for _ in range(how_many(rng, 4 * scale)):
            person = scene.population.ntt(rng, on=scene.on(day), ages=(21, 48))
            began = day - rng.randint(150, 560)
            exit_id = rng.choices(("ID-65-NNT", "ID-21-BTC", "ID-61-ETK", "ID-21-HBY"), (50, 25, 20, 5))[0]
            order = Order(person=person, planned=began, country="MY", post_id=exit_id, issued_days_before=30)
            issued = register(rng, scene, order)
            traveller = person
            if rng.random() < 0.12:
                traveller, issued = _renewed_abroad(rng, scene, person, issued, day)
            _home_and_back(rng, scene, traveller, issued, day, exit_id)


def _renewed_abroad(rng: Random, scene: Scene, person: Person, issued: Issued, day: int) -> tuple[Person, Issued]:
    renewed = scene.population.renewed(
        rng, person, on=scene.on(day), office="KJRI Kota Kinabalu", age_days=rng.randint(125, 140)
    )
    old, new = issued.registration.passport, renewed.passport.number
    at = office_hour(rng, scene.on(day - rng.randint(30, 100)))
    amended = revise(scene, issued.registration, "amended", at, passport=new, previous_passports=old)
    return renewed, Issued(registration=amended, noise=(*issued.noise, "new_passport_known"))


def _home_and_back(rng: Random, scene: Scene, traveller: Person, issued: Issued, day: int, exit_id: str) -> None:
    home = scene.see(
        rng, Trip(person=traveller, post_id=exit_id, day=day, direction="in", purpose="return", country="MY")
    )
    scene.tell(home, kind="return_from_leave", status="OUT_OF_SCOPE")
    nik = traveller.nik if rng.random() < 0.8 else ""
    if rng.random() < 0.1:
        # home for good
        if home is not None:
            revise(scene, issued.registration, "returned", home.at + timedelta(hours=30))
        return
    back = scene.see(
        rng,
        Trip(
            person=traveller,
            post_id=exit_id,
            day=day + rng.randint(9, 24),
            direction="out",
            purpose="return_to_work",
            country="MY",
            nik=nik,
        ),
    )
    scene.tell(
        back,
        kind="return_from_leave",
        status="MATCHED",
        departure_id=issued.registration.departure_id,
        tier=issued.tier(traveller.passport.number, nik),
        noise=issued.noise,
    )
