"""A simulated season through the publisher and the matcher's core: what was planted, what was found."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from producers.journeys import simulate
from schemas.verdicts import Assessment
from schemas.vocabulary import NTT, Status
from streams.case import CATALOGUE
from streams.casebook import Admitted, Casebook
from streams.policy import Policy
from tests.quality.publishing import facts_of

TUNING_SEEDS = (1, 31, 32, 33)
HELD_BACK_SEED = 20_260_818
"""For measuring only: thresholds were chosen on `TUNING_SEEDS`."""
DAYS, RATE, START = 90, 0.2, date(2026, 6, 1)
GATE_DAYS, GATE_RATE = 30, 0.02
"""What the gate has time for."""
ALL_TRAFFIC = 20.0
"""The rate at which the simulator's ordinary traffic stands at its true numbers; NTT's always does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the simulator knows of one crossing and what the engine says of it."""

    planted: bool
    """Whether it was planted; else an innocent traveller, or a look-alike beside a planted one."""
    kind: str
    """As the simulator calls the traveller; empty = ordinary traffic."""
    case: str
    """Of a planted crossing or the look-alike beside it."""
    expected: frozenset[str]
    """Rules that should be raised."""
    status: str | None
    """As it should be; None = ordinary traffic of which nothing is expected."""
    verdict: Assessment

    @property
    def raised(self) -> frozenset[str]:
        """Rules that were raised."""
        return frozenset(found.rule for found in self.verdict.findings)

    @property
    def flagged(self) -> bool:
        """Whether an analyst is shown it."""
        return self.verdict.status is Status.FLAGGED

    @property
    def registered(self) -> bool:
        """Whether an innocent worker whose registration covers the crossing."""
        return not self.planted and self.status == Status.MATCHED

    @property
    def district(self) -> str:
        """Kabupaten of first registration, empty = unknown."""
        return (self.verdict.origin_region or "")[:4]

    @property
    def from_ntt(self) -> bool:
        """Whether first registered in NTT."""
        return (self.verdict.origin_region or "").startswith(NTT)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleScore:
    """One rule's findings over the season."""

    planted: int
    found: int
    """Of the planted ones."""
    on_innocents: int
    """Expected on crossings that are not planted: a weak finding that flags nobody."""
    found_on_innocents: int
    """Of those."""
    false: int
    """Raised where it should not be."""

    @property
    def precision(self) -> float:
        """Right of all raised; 1 where there are none."""
        right = self.found + self.found_on_innocents
        return right / (right + self.false) if right + self.false else 1.0


def a_season(seed: int, policy: Policy, days: int = DAYS, rate: float = RATE) -> list[Told]:
    """Every crossing of so many days, judged once everything is known."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        simulate(directory, seed=seed, days=days, start=START, rate=rate, pairs=0)
        book = Casebook(policy)
        book.replay(facts_of(directory))
        lines = (directory / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    truths = {(t["province"], t["event_id"]): t for t in map(json.loads, lines)}
    told = []
    for verdict in book.verdicts():
        truth = truths.pop((verdict.province.value, verdict.event_id), None)
        told.append(
            Told(
                planted=truth is not None and truth["kind"] == "planted",
                expected=frozenset(truth["rules"] if truth else ()),
                kind=truth["kind"] if truth else "",
                case=truth.get("case") or "" if truth else "",
                status=truth["status"] if truth else None,
                verdict=verdict,
            )
        )
    if truths:
        msg = f"{len(truths)} crossings of the truth were never judged"
        raise AssertionError(msg)
    return told


def facts_of_season(seed: int, days: int = GATE_DAYS, rate: float = RATE) -> list[Admitted]:
    """What stands in the topics after so many days."""
    with tempfile.TemporaryDirectory() as name:
        simulate(Path(name), seed=seed, days=days, start=START, rate=rate, pairs=0)
        return list(facts_of(Path(name)))


def by_rule(month: list[Told]) -> dict[str, RuleScore]:
    """Every rule of the catalogue, whether planted or not."""
    return {r.id: _score(r.id, month) for r in CATALOGUE}


def _score(rule: str, month: list[Told]) -> RuleScore:
    expected = [t for t in month if rule in t.expected]
    planted, others = [t for t in expected if t.planted], [t for t in expected if not t.planted]
    return RuleScore(
        planted=len(planted),
        found=sum(rule in t.raised for t in planted),
        on_innocents=len(others),
        found_on_innocents=sum(rule in t.raised for t in others),
        false=sum(rule in t.raised - t.expected for t in month),
    )


def innocents(month: list[Told]) -> list[Told]:
    """Everybody who was not planted."""
    return [told for told in month if not told.planted]


def table(month: list[Told]) -> Iterator[str]:
    """Every figure, in lines of text."""
    scores = by_rule(month)
    head = f"{'rule':<8}{'planted':>9}{'found':>8}{'recall':>9}{'false':>8}"
    yield head + f"{'precision':>11}{'on innocents':>15}{'found':>8}"
    sums = [sum(values) for values in zip(*(dataclasses.astuple(s) for s in scores.values()), strict=True)]
    fields = [f.name for f in dataclasses.fields(RuleScore)]
    for name, s in (*scores.items(), ("all", RuleScore(**dict(zip(fields, sums, strict=True))))):
        yield (
            f"{name:<8}{s.planted:>9}{s.found:>8}{s.found / max(1, s.planted):>9.4f}{s.false:>8}"
            f"{s.precision:>11.4f}{s.on_innocents:>15}{s.found_on_innocents:>8}"
        )
    yield ""
    yield f"{'planted case':<26}{'crossings':>10}{'to be flagged':>15}{'flagged':>9}{'other flags':>13}"
    for case in sorted({t.case for t in month if t.planted}):
        of_case = [t for t in month if t.planted and t.case == case]
        wanted = [t for t in of_case if t.status == Status.FLAGGED]
        others = sum(t.flagged for t in of_case) - sum(t.flagged for t in wanted)
        yield f"  {case:<24}{len(of_case):>10}{len(wanted):>15}{sum(t.flagged for t in wanted):>9}{others:>13}"
    yield ""
    for title, group in (("planted", [t for t in month if t.planted]), ("innocent", innocents(month))):
        ntt = [t for t in group if t.from_ntt]
        yield (
            f"{title} crossings: {len(group)}, flagged {sum(t.flagged for t in group)}; "
            f"of NTT: {len(ntt)}, flagged {sum(t.flagged for t in ntt)}"
        )
    known = [t for t in month if t.status is not None]
    yield f"status as expected: {sum(t.status == t.verdict.status.value for t in known)} of {len(known)}"
    yield ""
    yield from _registered(month)


def _registered(month: list[Told]) -> Iterator[str]:
    """False flags, and false findings that flag nobody, on registered workers, by district and by sex."""
    workers = [t for t in month if t.registered]
    head = f"{'registered workers':<22}{'crossings':>10}{'flagged':>9}"
    yield head + f"{'per 1 000':>11}{'not matched':>13}{'per 1 000':>11}"
    ntt = [t for t in workers if t.from_ntt]
    parts = [("all", workers), *((f"sex {s}", [t for t in workers if t.verdict.sex == s]) for s in ("F", "M"))]
    parts += [(f"district {d}", [t for t in ntt if t.district == d]) for d in sorted({t.district for t in ntt})]
    parts.append(("not of NTT or unknown", [t for t in workers if not t.from_ntt]))
    for name, part in parts:
        flagged = sum(t.flagged for t in part)
        lost = sum(t.verdict.departure_id is None for t in part)
        many = max(1, len(part)) / 1000
        yield f"  {name:<20}{len(part):>10}{flagged:>9}{flagged / many:>11.2f}{lost:>13}{lost / many:>11.2f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """What the season's flags do and leave undone."""

    recall: float
    """Of the planted crossings that the rules of today are to flag."""
    recall_of_all: float
    """Of every planted crossing, those too that no rule of today is to flag."""
    per_thousand: float
    """Flags on innocent travellers of NTT, of each 1 000 crossings of theirs."""
    a_day: float
    """Flags, with those on ordinary travellers raised to their true number."""
    a_day_at_most: float
    """The same where chance hid flags on the sampled ordinary travellers: 95 % bound."""


def harm(season: list[Told], days: int = DAYS, rate: float = RATE) -> Harm:
    """The figures that have targets."""
    planted = [t for t in season if t.planted]
    wanted = [t for t in planted if t.status == Status.FLAGGED]
    ntt = [t for t in innocents(season) if t.from_ntt]
    ordinary = [t for t in season if not t.kind]
    wrong = sum(t.flagged for t in ordinary)
    certain = sum(t.flagged for t in season) - wrong
    # the upper end of the 95 % interval of a Poisson count, near enough: three where nothing was seen
    most = wrong + 3 if not wrong else wrong + 1.645 * wrong**0.5 + 2
    return Harm(
        recall=sum(t.flagged for t in wanted) / max(1, len(wanted)),
        recall_of_all=sum(t.flagged for t in planted) / max(1, len(planted)),
        per_thousand=1000 * sum(t.flagged for t in ntt) / max(1, len(ntt)),
        a_day=(certain + wrong * ALL_TRAFFIC / rate) / days,
        a_day_at_most=(certain + most * ALL_TRAFFIC / rate) / days,
    )
