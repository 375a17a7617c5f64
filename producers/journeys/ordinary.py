"""The bulk of travellers, of other provinces and countries, a sample of the real traffic of each checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from producers.journeys.people import Person
from producers.journeys.posts import post
from producers.journeys.scene import Scene, Trip
from producers.journeys.workers import how_many

BY_DAY_OF_WEEK = (0.92, 0.9, 0.92, 0.97, 1.1, 1.2, 1.08)
"""Monday to Sunday; weekends are busier."""
FOREIGN = (("SGP", "MYS", "CHN", "IND", "PHL", "KOR", "AUS"), (52, 24, 8, 6, 4, 3, 3))


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """How many a day at rate 1 and who: shares of foreigners, border passes, and the provinces of Indonesians."""

    post_id: str
    out: float = 0
    into: float = 0
    domestic: float = 0
    foreign: float = 0
    border_pass: float = 0
    origins: tuple[str, ...]


_KEPRI = ("21", "21", "21", "21", "14", "12", "13", "31", "32", "35", "33")
_KALBAR = ("61", "61", "61", "61", "61", "31", "32", "33")
_KALTARA = ("65", "65", "65", "65", "73", "73", "64", "35", "74")
TRAFFIC = (
    Traffic(post_id="ID-21-BTC", out=132, into=134, foreign=0.52, origins=_KEPRI),
    Traffic(post_id="ID-21-HBY", out=62, into=63, foreign=0.58, origins=_KEPRI),
    Traffic(post_id="ID-21-SKP", out=30, into=30, foreign=0.5, origins=_KEPRI),
    Traffic(post_id="ID-21-NGS", out=10, into=10, foreign=0.8, origins=_KEPRI),
    Traffic(post_id="ID-21-SBP", out=14, into=14, foreign=0.4, origins=_KEPRI),
    Traffic(post_id="ID-21-BBT", out=14, into=14, foreign=0.95, origins=_KEPRI),
    Traffic(post_id="ID-21-TBK", out=28, into=29, foreign=0.55, border_pass=0.05, origins=_KEPRI),
    Traffic(post_id="ID-21-BTH", out=7, into=7, domestic=30, foreign=0.3, origins=_KEPRI),
    Traffic(post_id="ID-21-TPG", domestic=52, origins=("21",)),
    Traffic(post_id="ID-21-BUR", domestic=24, origins=("31", "32", "12", "21")),
    Traffic(post_id="ID-61-ETK", out=40, into=41, foreign=0.2, border_pass=0.12, origins=_KALBAR),
    Traffic(post_id="ID-61-ARK", out=20, into=20, foreign=0.15, border_pass=0.25, origins=_KALBAR),
    Traffic(post_id="ID-61-BDU", out=14, into=14, foreign=0.12, border_pass=0.1, origins=_KALBAR),
    Traffic(post_id="ID-61-JGB", out=6, into=6, border_pass=0.9, origins=("61",)),
    Traffic(post_id="ID-61-PNK", out=5, into=5, domestic=14, foreign=0.2, origins=_KALBAR),
    Traffic(post_id="ID-61-DWK", domestic=22, origins=("35", "33", "61")),
    Traffic(post_id="ID-65-NNT", out=22, into=22, domestic=16, foreign=0.16, border_pass=0.1, origins=_KALTARA),
    Traffic(post_id="ID-65-MLD", out=5, into=5, domestic=8, foreign=0.1, origins=_KALTARA),
    Traffic(post_id="ID-65-TRK", domestic=16, origins=_KALTARA),
    Traffic(post_id="ID-65-SBT", out=6, into=6, border_pass=1, origins=("65",)),
    Traffic(post_id="ID-65-LBG", out=2, into=2, border_pass=1, origins=("65",)),
    Traffic(post_id="ID-65-LMD", out=3, into=3, border_pass=1, foreign=0, origins=("65",)),
)
"""Land posts and Kaltara are sampled more densely than Batam, so that a small run shows every checkpoint."""
ELIGIBLE_KAB = {
    "ID-21-TBK": "2102", "ID-61-ETK": "6103", "ID-61-ARK": "6101", "ID-61-BDU": "6106", "ID-61-JGB": "6107",
    "ID-65-NNT": "6503", "ID-65-SBT": "6503", "ID-65-LBG": "6503", "ID-65-LMD": "6503",
}  # fmt: skip
"""Kabupaten whose border kecamatan may cross by pass."""
OUT_PURPOSES = (("tourism", "family", "work", "trade", "medical", "study", "religious", "official", "transit", "sport"),
                (40, 20, 9, 8, 8, 4, 2, 3, 5, 1))  # fmt: skip
FOREIGN_OUT = (("return", "tourism", "work", "family"), (70, 15, 8, 7))
FOREIGN_IN = (("tourism", "family", "work", "official"), (75, 12, 9, 4))
AGENTS = tuple(f"BIRO PERJALANAN X{n:02d}" for n in range(1, 7))
"""Travel agents who pay for many travellers that have nothing to do with each other."""
DOMESTIC = (("family", "work", "tourism", "trade", "study"), (45, 25, 15, 10, 5))


def a_day(rng: Random, scene: Scene, day: int, volume: float) -> None:
    """The ordinary traffic of one day; `volume` is rate times scale."""
    weekday = BY_DAY_OF_WEEK[scene.on(day).weekday()]
    for traffic in TRAFFIC:
        for trip in _trips(rng, scene, traffic, day, volume * weekday):
            scene.see(rng, trip)


def _trips(rng: Random, scene: Scene, traffic: Traffic, day: int, volume: float) -> Iterator[Trip]:
    for direction, expected in (("out", traffic.out), ("in", traffic.into), ("domestic", traffic.domestic)):
        if direction == "domestic" and not _arrives(traffic.post_id, scene.on(day).weekday()):
            continue
        for _ in range(how_many(rng, expected * volume)):
            yield _trip(rng, scene, traffic, day, direction)


def _arrives(post_id: str, weekday: int) -> bool:
    return any(weekday in service.weekdays for service in post(post_id).domestic)


def _trip(rng: Random, scene: Scene, traffic: Traffic, day: int, direction: str) -> Trip:
    on = scene.on(day)
    if direction == "domestic":
        person = scene.population.resident(rng, rng.choice(traffic.origins), on=on)
        purpose = rng.choices(*DOMESTIC)[0]
        return Trip(
            person=person, post_id=traffic.post_id, day=day, direction=direction, document="ktp", purpose=purpose
        )
    if rng.random() < traffic.border_pass:
        return _by_border_pass(rng, scene, traffic, day, direction)
    if rng.random() < traffic.foreign:
        person = scene.population.foreigner(rng, rng.choices(*FOREIGN)[0], on=on)
        purpose = rng.choices(*(FOREIGN_OUT if direction == "out" else FOREIGN_IN))[0]
    else:
        person, purpose = _indonesian(rng, scene, traffic, day, direction)
    if person.age_on(on) < 18 and purpose in {"work", "official", "trade"}:
        purpose = "family"
    payer = rng.choice(AGENTS) if rng.random() < 0.04 else ""
    action = "postponed" if direction == "out" and rng.random() < 0.004 else "cleared"
    return Trip(
        person=person,
        post_id=traffic.post_id,
        day=day,
        direction=direction,
        purpose=purpose,
        action=action,
        payer=payer,
    )


def _indonesian(rng: Random, scene: Scene, traffic: Traffic, day: int, direction: str) -> tuple[Person, str]:
    ages = (24, 52) if rng.random() < 0.03 else (4, 72) if rng.random() < 0.2 else (18, 68)
    person = scene.population.resident(rng, rng.choice(traffic.origins), on=scene.on(day), ages=ages)
    if direction == "in":
        return person, "return"
    if ages == (24, 52):
        return person, "official"  # crews of ferries and buses
    purpose = rng.choices(*OUT_PURPOSES)[0]
    return person, purpose


def _by_border_pass(rng: Random, scene: Scene, traffic: Traffic, day: int, direction: str) -> Trip:
    person = scene.population.resident(
        rng, ELIGIBLE_KAB[traffic.post_id][:2], on=scene.on(day), kab=ELIGIBLE_KAB[traffic.post_id]
    )
    purpose = rng.choice(("trade", "family")) if direction == "out" else "return"
    return Trip(person=person, post_id=traffic.post_id, day=day, direction=direction, document="plb", purpose=purpose)
