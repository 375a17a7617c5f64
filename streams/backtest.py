"""What another policy would have said: verdicts of two policies side by side, counted by who is concerned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b

from schemas.verdicts import Assessment
from schemas.vocabulary import Status

SAMPLES = 5
"""Crossings named of each kind of change."""
_WORD = 1 << 128


class Outcome(StrEnum):
    """What becomes of a verdict."""

    GAINED = "gained"
    """A flag that was none."""
    LOST = "lost"
    """A flag that is none any more."""
    CHANGED = "changed"
    """As flagged as before, and another status, score, registration or finding."""


@dataclass(slots=True)
class Tally:
    """The differences between two policies' verdicts; the sum of two tallies does not depend on their order."""

    crossings: int = 0
    """Compared in all."""
    flags_before: int = 0
    flags_after: int = 0
    counts: Counter[tuple[str, str, Outcome]] = field(default_factory=Counter)
    """By dimension (`all`, `rule`, `province`, `district`, `sex`), value and outcome."""
    samples: dict[Outcome, list[str]] = field(default_factory=dict)
    """The first few event ids of each outcome by a hash, so that they come from anywhere and are always the same."""
    sums: int = 0

    def compare(self, before: Assessment, after: Assessment) -> None:
        """Take one crossing in."""
        self.crossings += 1
        was, now = before.status is Status.FLAGGED, after.status is Status.FLAGGED
        self.flags_before += was
        self.flags_after += now
        if was == now and _same(before, after):
            return
        outcome = Outcome.CHANGED if was == now else Outcome.GAINED if now else Outcome.LOST
        self.counts["all", "", outcome] += 1
        self.counts["province", before.province.value, outcome] += 1
        self.counts["district", (before.origin_region or "")[:4] or "unknown", outcome] += 1
        self.counts["sex", (before.sex.value if before.sex else "unknown"), outcome] += 1
        for rule in _rules(before, after, outcome):
            self.counts["rule", rule, outcome] += 1
        event = f"{before.province.value}/{before.event_id}"
        self._keep(outcome, [event])
        self.sums = (self.sums + _hash(f"{event}|{before.block}|{_told(before)}|{_told(after)}")) % _WORD

    def add(self, other: Tally) -> None:
        """Take in what another lane found."""
        self.crossings += other.crossings
        self.flags_before += other.flags_before
        self.flags_after += other.flags_after
        self.counts.update(other.counts)
        for outcome, events in other.samples.items():
            self._keep(outcome, events)
        self.sums = (self.sums + other.sums) % _WORD

    def number(self, outcome: Outcome) -> int:
        """Crossings with that outcome."""
        return self.counts["all", "", outcome]

    @property
    def digest(self) -> str:
        """The same for the same input, whatever was read first; 16 hex digits."""
        return blake2b(f"{self.crossings}|{self.sums}".encode(), digest_size=8).hexdigest()

    def _keep(self, outcome: Outcome, events: Iterable[str]) -> None:
        known = self.samples.setdefault(outcome, [])
        known += events
        known.sort(key=_hash)
        del known[SAMPLES:]


def _told(verdict: Assessment) -> str:
    findings = ",".join(f"{f.rule}:{f.weight}" for f in verdict.findings)
    return f"{verdict.status}|{verdict.score}|{findings}|{verdict.departure_id}|{verdict.tier}"


def _same(before: Assessment, after: Assessment) -> bool:
    return (
        before.score == after.score
        and before.status is after.status
        and before.departure_id == after.departure_id
        and before.tier is after.tier
        and before.findings == after.findings
    )


def _rules(before: Assessment, after: Assessment, outcome: Outcome) -> set[str]:
    if outcome is Outcome.GAINED:
        return {f.rule for f in after.findings}
    if outcome is Outcome.LOST:
        return {f.rule for f in before.findings}
    old, new = {(f.rule, f.weight) for f in before.findings}, {(f.rule, f.weight) for f in after.findings}
    return {rule for rule, _ in old ^ new}


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=16).digest(), "big")
