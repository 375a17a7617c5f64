"""Runs a simulation: everybody travels, every case is planted, and the files of partners and registries are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

from producers.journeys import (
    group_cases,
    identity_cases,
    movement_cases,
    ordinary,
    pattern_cases,
    registration_cases,
    travellers,
    workers,
)
from producers.journeys.casting import perform
from producers.journeys.files import CrossingFiles, write_lines, write_registry
from producers.journeys.pairs import pair_lines
from producers.journeys.people import Population
from producers.journeys.scene import WITA, Scene
from schemas.reference import province_of
from schemas.vocabulary import Province, Source

CASES = registration_cases.CASES + identity_cases.CASES + movement_cases.CASES + pattern_cases.CASES + group_cases.CASES
DEFAULT_PAIRS = 2400
LATE_STRETCH_DAYS = 4
"""How long one registry is silent in the middle of a simulation that is long enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationSummary:
    """What was written."""

    directory: Path
    first_day: date
    last_day: date
    crossings: dict[Province, int]
    registrations: int
    """Rows of departures.csv: revisions, not people."""
    heartbeats: int
    reports: int
    truths: int
    planted: dict[str, int]
    """Planted crossings per case, the innocent twins not counted."""
    pairs: int


def simulate(
    out: Path,
    *,
    seed: int,
    days: int,
    start: date,
    rate: float = 1.0,
    scale: float = 1.0,
    pairs: int = DEFAULT_PAIRS,
) -> SimulationSummary:
    """Write the files of a simulated stretch of time; the same arguments give the same bytes.

    Args:
        out: made where it does not exist; files of these names in it are replaced.
        seed: any whole number.
        days: simulated days, from 1.
        start: the first of them.
        rate: how densely ordinary travellers of other provinces and countries are sampled; 1 = about 1 000 crossings a
            day in the three provinces, a twentieth of the real traffic; 20 = all of it, 0 = none.  Travellers of NTT
            and planted cases stand at their true numbers whatever the rate.
        scale: multiplies everything, NTT and the planted cases too.
        pairs: labelled pairs for the matching corpus.

    Raises:
        ValueError: an argument is out of range.
    """
    _check(days, rate, scale, pairs)
    out.mkdir(parents=True, exist_ok=True)
    population = Population(seed)
    scene = Scene(start=start, days=days, population=population)
    _journeys_that_matter(seed, scene, rate, scale)
    with CrossingFiles(directory=out) as files:
        for day in range(days):
            ordinary.a_day(Random(f"{seed}/ordinary/{day}"), scene, day, rate * scale)
            # written and forgotten day by day: a large simulation fits into memory
            files.write_day(scene.sightings.pop(day, []))
    heartbeats = list(_heartbeats(Random(f"{seed}/heartbeats"), scene))
    published = [registration for _, _, registration in sorted(scene.published, key=lambda p: p[:2])]
    scene.reports.sort(key=lambda r: (r.reported_at, r.case_id))
    write_registry(out, published, heartbeats, scene.reports)
    write_lines(out / "truth.jsonl", (t.as_json() for t in scene.truths))
    write_lines(out / "pairs.jsonl", pair_lines(Random(f"{seed}/pairs"), population, start, pairs))
    return SimulationSummary(
        directory=out,
        first_day=start,
        last_day=start + timedelta(days=days - 1),
        crossings={p: sum(n for c, n in files.counts.items() if province_of(c) is p) for p in Province},
        registrations=len(published),
        heartbeats=len(heartbeats),
        reports=len(scene.reports),
        truths=len(scene.truths),
        planted={c.name: sum(t.kind == "planted" and t.case == c.name for t in scene.truths) for c in CASES},
        pairs=pairs,
    )


def _check(days: int, rate: float, scale: float, pairs: int) -> None:
    for name, value, least in (("days", days, 1), ("rate", rate, 0), ("pairs", pairs, 0)):
        if not value >= least:
            msg = f"{name} must be at least {least}, not {value}"
            raise ValueError(msg)
    if not 0 < scale < float("inf") or rate == float("inf"):
        msg = f"scale must be above 0 and finite, rate finite: scale {scale}, rate {rate}"
        raise ValueError(msg)


def _journeys_that_matter(seed: int, scene: Scene, rate: float, scale: float) -> None:
    """Everything but the ordinary traffic; each kind has its own source of chance."""
    for play in (workers.ntt_departures, workers.other_departures, workers.returns_from_leave, *travellers.EVERYBODY):
        play(Random(f"{seed}/{play.__name__}"), scene, scale)
    perform(seed, scene, CASES, scale)
    # last, since the rate moves it: what comes before has the same numbers and names at every rate
    travellers.deportations(Random(f"{seed}/deportations"), scene, scale, rate)


def _heartbeats(rng: Random, scene: Scene) -> Iterator[tuple[str, datetime]]:
    """Each registry every day until four days after the end; one is silent for a while in a long simulation."""
    silent, first = rng.choice(tuple(Source)), max(2, scene.days // 2)
    for day in range(scene.days + LATE_STRETCH_DAYS):
        for source in Source:
            late = source is silent and scene.days >= 14 and first <= day < first + LATE_STRETCH_DAYS
            if not late:
                yield source.value, datetime.combine(scene.on(day + 1), time(0, 0), tzinfo=WITA)
