"""How a planted case is put on the stage: who plays, what is expected of each crossing, and the innocent beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from producers.journeys.desk import Issued, Order, register
from producers.journeys.files import Sighting
from producers.journeys.people import Person
from producers.journeys.posts import post
from producers.journeys.scene import Scene, Trip
from producers.journeys.timing import telling

UNREGISTERED = frozenset({"R01", "R26", "R27"})
"""Only beside one of these does the time of a crossing say anything."""
TO_MALAYSIA = ("ID-65-NNT", "ID-21-BTC", "ID-61-ETK", "ID-65-MLD", "ID-21-HBY")
TO_MALAYSIA_WEIGHTS = (35, 30, 20, 5, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One planted case; `span` is how many days it may take after its first one."""

    name: str
    plant: Callable[[Stage], None]
    per_month: int = 5
    span: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One performance of a case: its source of chance, its day, and shorthands for what happens in it."""

    rng: Random
    scene: Scene
    case: str
    day: int
    number: int
    """0, 1, 2 … of this case: picks its variant."""

    def later(self, fewest: int, most: int) -> int:
        """A later day, drawn near enough to be simulated still."""
        last = self.scene.days - 1 - self.day
        return self.day + min(self.rng.randint(fewest, most), max(last, 0))

    def worker(self, **wishes: Any) -> Person:
        """Somebody of NTT of working age."""
        return self.scene.population.ntt(self.rng, on=self.scene.on(self.day), **({"ages": (20, 42)} | wishes))

    def exit_to_malaysia(self) -> str:
        """A checkpoint that people leave through for Malaysia, open that day."""
        weekday = self.scene.on(self.day).weekday()
        chosen = self.rng.choices(TO_MALAYSIA, TO_MALAYSIA_WEIGHTS)[0]
        return chosen if any(weekday in s.weekdays for s in post(chosen).out) else "ID-21-BTC"

    def out(self, person: Person, where: str, **details: Any) -> Sighting | None:
        """The person leaves, for work in Malaysia and with the NIK noted unless told otherwise."""
        usual: dict[str, Any] = {"day": self.day, "direction": "out", "purpose": "work", "country": "MY"}
        usual["nik"] = person.nik
        return self.scene.see(self.rng, Trip(person=person, post_id=where, **(usual | details)))

    def order(self, person: Person, where: str, **details: Any) -> Issued:
        """A complete registration for leaving that day to a plantation in Malaysia, unless told otherwise."""
        usual: dict[str, Any] = {"planned": self.day, "country": "MY", "sector": "plantation", "clean": True}
        late_by = details.pop("late_by", None)
        made = Order(person=person, post_id=where, **(usual | details))
        return register(self.rng, self.scene, made, **({} if late_by is None else {"late_by": late_by}))

    def planted(self, seen: Sighting | None, rules: str, status: str, **more: Any) -> None:
        """What is expected of a planted crossing; rules separated by blanks, R23 where the time is a telling one."""
        expected = rules.split()
        if seen is not None and telling(seen) and UNREGISTERED.intersection(expected):
            expected.append("R23")
        self.scene.tell(seen, kind="planted", rules=tuple(expected), status=status, case=self.case, **more)

    def innocent(
        self, seen: Sighting | None, kind: str, beside: Sighting | None, *, rules: str = "", **more: Any
    ) -> None:
        """What is expected of the look-alike."""
        status = "MATCHED" if more.get("departure_id") else "OUT_OF_SCOPE"
        self.scene.tell(
            seen, kind=kind, rules=tuple(rules.split()), status=status, case=self.case, twin_of=beside, **more
        )

    def registered(
        self, person: Person, where: str, beside: Sighting | None, *, seen_at: str = "", **details: Any
    ) -> None:
        """A registered worker leaves as planned: the usual innocent twin."""
        travel: dict[str, Any] = {
            k: details.pop(k) for k in ("nik", "purpose", "day", "destination_country") if k in details
        }
        rules, noise = details.pop("rules", ""), details.pop("noise", ())
        issued = self.order(person, where, **details)
        if travel.get("destination_country") and travel["destination_country"] != "MY":
            travel["country"] = None
        seen = self.out(person, seen_at or where, **travel)
        self.innocent(
            seen, "registered", beside, rules=rules, departure_id=issued.registration.departure_id,
            tier="passport", noise=noise,
        )  # fmt: skip


def perform(seed: int, scene: Scene, cases: tuple[Case, ...], scale: float) -> None:
    """Plant every case as often as it belongs into so many days, each with its own source of chance."""
    for case in cases:
        times = max(1, round(case.per_month * scene.days / 30 * scale))
        for number in range(times):
            rng = Random(f"{seed}/case/{case.name}/{number}")
            day = rng.randrange(max(1, scene.days - case.span))
            case.plant(Stage(rng=rng, scene=scene, case=case.name, day=day, number=number))


def other_name(stage: Stage, person: Person) -> Person:
    """Somebody else of NTT born on the same day, whose name shares next to nothing with the first."""
    while True:
        other = stage.worker()
        if _alike(other.name.full, person.name.full) < 0.2:
            break
    nik = stage.scene.population.nik(other.kab, person.birth_date, other.sex)
    return replace(other, birth_date=person.birth_date, nik=nik)


def _alike(a: str, b: str) -> float:
    pairs_a, pairs_b = ({x[i : i + 2] for i in range(len(x) - 1)} for x in (a, b))
    return 2 * len(pairs_a & pairs_b) / max(1, len(pairs_a) + len(pairs_b))
