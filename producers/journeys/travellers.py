"""Travellers of NTT who need no registration: families, traders, patients, pilgrims, those sent home, and many more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from producers.journeys.people import Person, plb_number
from producers.journeys.posts import NO_TOURISTS, post
from producers.journeys.scene import Scene, Trip
from producers.journeys.workers import how_many

PORTS = ("ID-65-NNT", "ID-21-BTC", "ID-61-ETK", "ID-65-MLD", "ID-21-HBY", "ID-21-TBK", "ID-61-ARK", "ID-21-BTH")
PORT_WEIGHTS = (38, 24, 14, 4, 8, 4, 5, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of round trip: how many people leave a day, and how many days they stay."""

    name: str
    purpose: str
    per_day: float
    stay: tuple[int, int]
    ages: tuple[int, int] = (19, 60)
    ports: tuple[str, ...] = PORTS
    weights: tuple[int, ...] = PORT_WEIGHTS
    family: float = 0.0
    """How often two or three of one household travel together."""


KINDS = (
    Kind(name="tourist", purpose="tourism", per_day=5.5, stay=(1, 6), family=0.25,
         ports=("ID-21-BTC", "ID-21-HBY", "ID-21-SKP", "ID-61-PNK", "ID-21-BBT"), weights=(45, 25, 15, 8, 7)),
    Kind(name="family_visit", purpose="family", per_day=6.5, stay=(4, 28), family=0.4),
    Kind(name="patient", purpose="medical", per_day=2.5, stay=(2, 9), ages=(25, 72), family=0.3,
         ports=("ID-61-ETK", "ID-61-PNK", "ID-21-BTC"), weights=(50, 30, 20)),
    Kind(name="student", purpose="study", per_day=1.5, stay=(40, 120), ages=(19, 25)),
    Kind(name="official", purpose="official", per_day=1, stay=(1, 4), ages=(28, 57)),
    Kind(name="transit", purpose="transit", per_day=1, stay=(2, 14)),
)  # fmt: skip


def round_trips(rng: Random, scene: Scene, scale: float) -> None:
    """Out and back of every kind, also of those who left before the first day or come back after the last."""
    for kind in KINDS:
        for day in range(-kind.stay[1], scene.days):
            for _ in range(how_many(rng, kind.per_day * scale)):
                _round_trip(rng, scene, kind, day)


def _round_trip(rng: Random, scene: Scene, kind: Kind, day: int) -> None:
    person = scene.population.ntt(rng, on=scene.on(day), ages=kind.ages)
    people = [person]
    if rng.random() < kind.family:
        people += [scene.population.relative(rng, person, on=scene.on(day)) for _ in range(rng.randint(1, 2))]
    where = rng.choices(kind.ports, kind.weights)[0]
    booking = f"BK{scene.count('booking'):06d}" if rng.random() < 0.5 else ""
    _out_and_back(rng, scene, people, kind, day, where, booking)


def _out_and_back(
    rng: Random, scene: Scene, people: list[Person], kind: Kind, day: int, where: str, booking: str
) -> None:
    offered = [s for s in post(where).out if kind.purpose != "tourism" or s.place not in NO_TOURISTS]
    stay, service = rng.randint(*kind.stay), rng.choice(offered)
    for person in people:
        trip = Trip(
            person=person, post_id=where, day=day, direction="out", purpose=kind.purpose, service=service,
            booking=booking, kk=len(people) > 1, action="postponed" if rng.random() < 0.004 else "cleared",
        )  # fmt: skip
        scene.tell(scene.see(rng, trip), kind=kind.name, status="OUT_OF_SCOPE")
        if trip.action == "postponed":
            continue
        back = Trip(
            person=person, post_id=where, day=day + stay, direction="in", purpose="return", country=service.country
        )
        scene.tell(scene.see(rng, back), kind=kind.name, status="OUT_OF_SCOPE")


def traders(rng: Random, scene: Scene, scale: float) -> None:
    """Traders of NTT origin who live near a post and cross every week, there and back on one day."""
    for number in range(max(1, round(14 * scale))):
        where = rng.choice(("ID-65-NNT", "ID-61-ETK", "ID-61-ARK", "ID-61-BDU", "ID-21-TBK"))
        person = scene.population.ntt(rng, on=scene.start, ages=(25, 58))
        for day in range(number % 7, scene.days, 7):
            early, late = post(where).out[0], post(where).into[-1]
            for direction, service, purpose in (("out", early, "trade"), ("in", late, "return")):
                trip = Trip(
                    person=person, post_id=where, day=day, direction=direction, purpose=purpose, service=service
                )
                scene.tell(scene.see(rng, trip), kind="trader", status="OUT_OF_SCOPE")


def groups(rng: Random, scene: Scene, scale: float) -> None:
    """Pilgrims and sports teams who leave together and return together."""
    for every, name, purpose, sizes, ages in (
        (7, "pilgrim", "religious", (14, 24), (25, 70)),
        (11, "athlete", "sport", (9, 16), (19, 29)),
    ):
        for day in range(rng.randrange(every) - every, scene.days, every):
            for _ in range(max(1, round(scale))):
                kind = Kind(name=name, purpose=purpose, per_day=0, stay=(3, 9), ages=ages)
                kab = rng.choice(("5306", "5307", "5371", "5304", "5310"))
                on = scene.on(day)
                people = [scene.population.ntt(rng, on=on, ages=ages, kab=kab) for _ in range(rng.randint(*sizes))]
                where = rng.choice(("ID-21-BTC", "ID-61-ETK", "ID-65-NNT"))
                _out_and_back(rng, scene, people, kind, day, where, f"GRP{scene.count('group'):05d}")


def border_pass_holders(rng: Random, scene: Scene, scale: float) -> None:
    """People of NTT origin who live at the border and cross by border pass."""
    for day in range(scene.days):
        for _ in range(how_many(rng, 2 * scale)):
            where = rng.choice(("ID-65-SBT", "ID-65-NNT", "ID-65-LBG", "ID-65-LMD"))
            person = scene.population.ntt(rng, on=scene.on(day))
            number = plb_number(scene.population)
            early, late = rng.choice(post(where).out[:2]), post(where).into[-1]
            purpose = rng.choice(("trade", "family"))
            for direction, service, declared in (("out", early, purpose), ("in", late, "return")):
                trip = Trip(
                    person=person, post_id=where, day=day, direction=direction, purpose=declared, document="plb",
                    number=number, service=service,
                )  # fmt: skip
                scene.tell(scene.see(rng, trip), kind="border_pass", status="OUT_OF_SCOPE")


def domestic_arrivals(rng: Random, scene: Scene, scale: float) -> None:
    """Ships and flights that bring people of NTT to the transit provinces: work on plantations, family, study."""
    for day in range(scene.days):
        weekday = scene.on(day).weekday()
        for where in ("ID-65-NNT", "ID-65-MLD", "ID-21-BTH", "ID-61-DWK"):
            for service in post(where).domestic:
                if weekday not in service.weekdays:
                    continue
                near_home = service.place.startswith("ID-53")
                share = (40.0 if near_home else 18.0) if post(where).mode == "sea" else (4.0 if near_home else 0.5)
                for _ in range(how_many(rng, share * scale)):
                    person = scene.population.ntt(rng, on=scene.on(day), ages=(18, 60))
                    trip = Trip(
                        person=person, post_id=where, day=day, direction="domestic", document="ktp", service=service,
                        purpose=rng.choices(("work", "family", "study", "trade"), (55, 35, 5, 5))[0],
                    )  # fmt: skip
                    scene.tell(scene.see(rng, trip), kind="domestic_arrival", status="OUT_OF_SCOPE")


def deportations(rng: Random, scene: Scene, scale: float, rate: float) -> None:
    """Batches who are sent home through Nunukan and Tanjungpinang; a quarter of each is from NTT."""
    for day in range(rng.randrange(4), scene.days, 7):
        for where, size in (("ID-65-NNT", rng.randint(60, 240)), ("ID-21-SBP", rng.randint(20, 80))):
            service = rng.choice([s for s in post(where).into if s.country == "MY"])
            party = f"DEP{scene.count('batch'):05d}"
            for place in range(round(size * scale)):
                from_ntt = place % 4 == 0
                if not from_ntt and rng.random() >= rate:
                    continue
                origin = rng.choice(("73", "35", "74", "65", "52"))
                on = scene.on(day)
                person = (
                    scene.population.ntt(rng, on=on, ages=(18, 55))
                    if from_ntt
                    else scene.population.resident(rng, origin, on=on, ages=(18, 55))
                )
                trip = Trip(
                    person=person, post_id=where, day=day, direction="in", purpose="deportation", document="splp",
                    service=service, party=party, nik="" if rng.random() < 0.45 else None,
                )  # fmt: skip
                seen = scene.see(rng, trip)
                scene.tell(seen, kind="deportee", status="OUT_OF_SCOPE")


def settled_elsewhere(rng: Random, scene: Scene, scale: float) -> None:
    """People first registered in NTT who have lived in Batam or Nunukan for years: a passport made there is no sign.

    Their papers look like those of R08 and R09, and the score stays below the threshold.
    """
    for day in range(scene.days):
        for _ in range(how_many(rng, 0.35 * scale)):
            office, where = rng.choice((("Batam", "ID-21-BTC"), ("Batam", "ID-21-HBY"), ("Nunukan", "ID-65-NNT")))
            person = scene.population.ntt(rng, on=scene.on(day), office=office, passport_age_days=rng.randint(5, 30))
            trip = Trip(
                person=person, post_id=where, day=day, direction="out", purpose=rng.choice(("tourism", "family")),
                nik=person.nik,
            )  # fmt: skip
            scene.tell(scene.see(rng, trip), kind="settled_elsewhere", status="OUT_OF_SCOPE", rules=("R08", "R09"))


def minors_with_family(rng: Random, scene: Scene, scale: float) -> None:
    """Children who travel with a parent of the same household."""
    for day in range(scene.days):
        for _ in range(how_many(rng, 0.5 * scale)):
            parent = scene.population.ntt(rng, on=scene.on(day), ages=(34, 50))
            child = scene.population.ntt(rng, on=scene.on(day), ages=(6, 16), kab=parent.kab)
            child = replace(child, kk=parent.kk, name=replace(child.name, family=parent.name.family))
            kind = Kind(name="family_visit", purpose="family", per_day=0, stay=(5, 20))
            _out_and_back(rng, scene, [parent, child], kind, day, rng.choices(PORTS, PORT_WEIGHTS)[0], "")


EVERYBODY: tuple[Callable[[Random, Scene, float], None], ...] = (
    round_trips,
    traders,
    groups,
    border_pass_holders,
    domestic_arrivals,
    settled_elsewhere,
    minors_with_family,
)
"""Each takes a source of chance, the scene and the scale."""
