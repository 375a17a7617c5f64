"""The matching corpus: labelled pairs of a registration and a crossing, judged one by one and all in one book."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from random import Random
from typing import Any

from producers.journeys.pairs import pair_lines
from producers.journeys.people import Population
from schemas.vocabulary import Tier
from streams.casebook import Admitted, Casebook
from streams.policy import Policy
from tests.quality.publishing import crossing_facts, departure_facts

TUNING_SEEDS = range(101, 111)
"""Thresholds were chosen on these, and on `tests.unit.test_identity_name_corpus`."""
HELD_BACK_SEED, GATE_SEED = 20_260_817, 20_260_816
"""For measuring only."""
PAIRS = 20_000
LEAVES = date(2026, 3, 2)
TIERS = tuple(Tier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One labelled pair as the publisher sent it."""

    pair_id: str
    same: bool
    kinds: tuple[str, ...]
    """What makes the pair hard; none = both sides say the same."""
    best_tier: Tier
    """By what the two sides show: the strongest tier that could tell that they are one person."""
    facts: tuple[Admitted, ...]
    raw: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the engine said of the crossing of a pair."""

    pair: Pair
    departure_id: str | None
    tier: Tier | None

    @property
    def found(self) -> bool:
        """Matched to the registration of the pair."""
        return self.departure_id == self.pair.pair_id

    @property
    def right(self) -> bool:
        """Matched to the registration of the very person."""
        return self.found and self.pair.same


def corpus(seed: int, count: int) -> list[Pair]:
    """So many pairs of a seed, always the same ones."""
    lines = pair_lines(Random(f"{seed}/pairs"), Population(seed), LEAVES, count)
    return [_pair(json.loads(line)) for line in lines]


def _pair(raw: dict[str, Any]) -> Pair:
    pair_id, registered, seen = raw["pair_id"], raw["departure"], raw["crossing"]
    return Pair(
        pair_id=pair_id,
        same=raw["same"],
        kinds=tuple(raw["noise"]),
        best_tier=_best_tier(registered, seen),
        facts=(*departure_facts(_departure_row(pair_id, registered)), *crossing_facts(_crossing_row(pair_id, seen))),
        raw=raw,
    )


def _departure_row(pair_id: str, side: dict[str, str]) -> dict[str, str]:
    return side | {
        "departure_id": pair_id,
        "revision": "1",
        "event": "registered",
        "source": "BP3MI",
        "destination_country": "MY",
        "planned_date": LEAVES.isoformat(),
        "issued_at": "2026-02-10T09:00:00+08:00",
    }


def _crossing_row(pair_id: str, side: dict[str, str]) -> dict[str, str]:
    shown = {name: side[name] for name in ("name", "birth_date", "sex", "nik")}
    document = {"document_type": "passport", "document_number": side["passport"]} if side["passport"] else {}
    return (
        shown
        | document
        | {
            "event_id": pair_id,
            "checkpoint_id": "ID-21-BTC",
            "occurred_at": datetime(2026, 3, 2, 2, 0, tzinfo=UTC).isoformat(),
            "direction": "out",
            "nationality": "IDN",
            "purpose": "work",
            "destination_country": "MY",
        }
    )


def _best_tier(registered: dict[str, str], seen: dict[str, str]) -> Tier:
    passports = {registered["passport"], *registered["previous_passports"].split(";")} - {""}
    if seen["passport"] in passports:
        return Tier.PASSPORT
    return Tier.NIK if seen["nik"] and seen["nik"] == registered["nik"] else Tier.NAME


def judge_alone(pairs: Iterable[Pair], policy: Policy) -> Iterator[Outcome]:
    """Each pair in a book of its own."""
    for pair in pairs:
        yield from _judge([pair], policy)


def judge_together(pairs: Iterable[Pair], policy: Policy) -> Iterator[Outcome]:
    """All pairs in one book, where a traveller may also be taken for anybody of another pair."""
    yield from _judge(list(pairs), policy)


def _judge(pairs: list[Pair], policy: Policy) -> Iterator[Outcome]:
    book = Casebook(policy)
    said = {a.event_id: a for a in book.assess(book.remember(f for pair in pairs for f in pair.facts))}
    for pair in pairs:
        verdict = said[pair.pair_id]
        yield Outcome(pair, verdict.departure_id, verdict.tier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Pairs of one kind, and what became of them."""

    same: int
    found: int
    """Of those of one person, how many were matched."""
    matched: int
    wrong: int
    """Of all matches, how many are of another person."""

    @property
    def recall(self) -> float:
        """Found of those that are one person; 1 where there are none."""
        return self.found / self.same if self.same else 1.0

    @property
    def precision(self) -> float:
        """Right of all matches; 1 where there are none."""
        return 1 - self.wrong / self.matched if self.matched else 1.0


def score(outcomes: Iterable[Outcome]) -> Score:
    """Recall and precision over some outcomes."""
    every = list(outcomes)
    matched = [o for o in every if o.departure_id is not None]
    return Score(
        same=sum(o.pair.same for o in every),
        found=sum(o.right for o in every),
        matched=len(matched),
        wrong=sum(not o.right for o in matched),
    )


def tier_score(outcomes: Iterable[Outcome], tier: Tier) -> Score:
    """Recall of the pairs that the tier could find at best, by whichever tier; precision of the matches it made."""
    every = list(outcomes)
    best = score(o for o in every if o.pair.best_tier is tier)
    made = score(o for o in every if o.tier is tier)
    return Score(same=best.same, found=best.found, matched=made.matched, wrong=made.wrong)


def table(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Every figure, in lines of text."""
    every = list(outcomes)
    head = f"{'':<26}{'same':>6}{'found':>7}{'recall':>9}{'matches':>9}{'wrong':>7}{'precision':>11}"
    yield head
    yield _line("overall", score(every))
    for tier in TIERS:
        yield _line(f"tier {tier.value}", tier_score(every, tier))
    yield _line("mononyms", score(o for o in every if is_mononym(o.pair)))
    yield _line("longer names", score(o for o in every if not is_mononym(o.pair)))
    yield ""
    yield f"{'one person, by noise':<26}{'pairs':>6}{'found':>7}{'recall':>9}"
    same = [o for o in every if o.pair.same]
    for kind in ("(none)", *sorted({k for o in same for k in o.pair.kinds})):
        of_kind = [o for o in same if kind in (o.pair.kinds or ("(none)",))]
        found = sum(o.right for o in of_kind)
        yield f"  {kind:<24}{len(of_kind):>6}{found:>7}{found / max(1, len(of_kind)):>9.4f}"
    yield ""
    yield f"{'two people, by kind':<26}{'pairs':>6}{'matched':>9}"
    others = [o for o in every if not o.pair.same]
    for kind in sorted({o.pair.kinds[0] for o in others}):
        of_kind = [o for o in others if o.pair.kinds[0] == kind]
        yield f"  {kind:<24}{len(of_kind):>6}{sum(o.departure_id is not None for o in of_kind):>9}"


def is_mononym(pair: Pair) -> bool:
    """Whether one of the two sides shows a name of one word."""
    return any(" " not in pair.raw[side]["name"] for side in ("departure", "crossing"))


def _line(name: str, s: Score) -> str:
    return f"{name:<26}{s.same:>6}{s.found:>7}{s.recall:>9.4f}{s.matched:>9}{s.wrong:>7}{s.precision:>11.4f}"
