"""A batch of facts on its way into a casebook, and what it may have changed there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.records import Fact
from schemas.verdicts import Assessment
from streams.crossing import Crossing


@dataclass(slots=True, frozen=True)
class Admitted:
    """A fact that was read and checked, with the digest of its bytes."""

    fact: Fact
    digest: bytes


@dataclass(slots=True)
class Touched:
    """The crossings whose verdict a batch of facts may have changed, with what was said before."""

    before: dict[int, Assessment | None] = field(default_factory=dict)
    """By the number of the crossing's row; None = the crossing was not known, or is told `anew`."""
    anew: set[int] = field(default_factory=set)
    """Known crossings whose verdict is said whatever it was: another policy is in force, and stands on it."""
    now: dict[int, Assessment] = field(default_factory=dict)
    """Those that changed, once they are assessed."""
    replaced: dict[int, bytes] = field(default_factory=dict)
    """The rows that stood before the batch, of crossings whose content it corrected."""
    fresh: dict[int, Crossing] = field(default_factory=dict)
    """Crossings of this batch, from their events: judged without being read back from their rows."""

    def is_new(self, number: int) -> bool:
        """Whether a crossing was not known before the batch."""
        return number not in self.anew and number in self.before and self.before[number] is None

    def parts(self, most: int = 5_000) -> Iterator[Touched]:
        """The same in parts, for as long as a loop may be kept: a policy for the past concerns every crossing since."""
        if len(self.before) <= most:
            yield self
            return
        # what the groups are told of one crossing depends on which others are new, or corrected, in the batch
        own = {n: was for n, was in self.before.items() if self.is_new(n) or n in self.replaced}
        if own:
            yield Touched(before=own, anew=self.anew, replaced=self.replaced, fresh=self.fresh)
        others = [n for n in self.before if n not in own]
        for start in range(0, len(others), most):
            some = others[start : start + most]
            yield Touched(before={n: self.before[n] for n in some}, anew=self.anew, fresh=self.fresh)
