"""Whether some group of travellers is missed or mistaken more than twice as often as all, by more than chance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import comb

from tests.quality.pairs import Outcome

TIMES_THE_AVERAGE = 2
BY_CHANCE = 0.001
"""A group is over when, at exactly twice the average rate, so many errors would come up less often than this.

About forty groups are asked two questions each: at one in a thousand, eight in a hundred honest runs accuse somebody.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Errors among those of a group where they could be made."""

    errors: int
    of: int

    @property
    def value(self) -> float:
        """Share; 0 where nothing could go wrong."""
        return self.errors / self.of if self.of else 0.0

    def over(self, average: float) -> bool:
        """Whether more than twice the average, beyond the allowance for chance."""
        limit = min(1.0, TIMES_THE_AVERAGE * average)
        return self.value > limit and at_least(self.errors, self.of, limit) < BY_CHANCE


def at_least(errors: int, of: int, rate: float) -> float:
    """How likely so many errors or more are at that rate: the upper tail of the binomial distribution."""
    return max(0.0, 1 - sum(comb(of, k) * rate**k * (1 - rate) ** (of - k) for k in range(errors)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group's errors of both kinds."""

    name: str
    missed: Rate
    """Of the crossings of registered people, not matched to their registration."""
    mistaken: Rate
    """Of all crossings, matched to another person's registration."""


def of_all(name: str, outcomes: Iterable[Outcome]) -> Group:
    """The errors of some outcomes."""
    every = list(outcomes)
    same = [o for o in every if o.pair.same]
    return Group(
        name=name,
        missed=Rate(errors=sum(not o.right for o in same), of=len(same)),
        mistaken=Rate(errors=sum(o.departure_id is not None and not o.right for o in every), of=len(every)),
    )


def _tier(outcome: Outcome) -> str:
    return f"tier {outcome.pair.best_tier.value}"


def _sex(outcome: Outcome) -> str:
    return f"sex {outcome.pair.raw['crossing']['sex']}"


def _length(outcome: Outcome) -> str:
    words = len(outcome.pair.raw["crossing"]["name"].split())
    return "mononym" if words == 1 else f"{min(words, 4)} words"


def _district(outcome: Outcome) -> str:
    return f"district {outcome.pair.raw['crossing']['origin_region'][:4]}"


KINDS: tuple[tuple[str, Callable[[Outcome], str]], ...] = (
    ("tier", _tier),
    ("sex", _sex),
    ("name length", _length),
    ("district", _district),
)


def groups(outcomes: Iterable[Outcome]) -> list[Group]:
    """Every group of every kind, in order."""
    every = list(outcomes)
    found = []
    for _, group_of in KINDS:
        of_group: dict[str, list[Outcome]] = {}
        for outcome in every:
            of_group.setdefault(group_of(outcome), []).append(outcome)
        found += [of_all(name, of_group[name]) for name in sorted(of_group)]
    return found


def over(outcomes: Iterable[Outcome]) -> list[str]:
    """The groups that are over, and in which way."""
    every = list(outcomes)
    average, found = of_all("all", every), []
    for group in groups(every):
        if group.missed.over(average.missed.value):
            found.append(f"{group.name} is missed {group.missed.value / average.missed.value:.1f} times the average")
        if group.mistaken.over(average.mistaken.value):
            times = group.mistaken.value / average.mistaken.value
            found.append(f"{group.name} is mistaken {times:.1f} times the average")
    return found


def table(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Every group's figures, in lines of text."""
    every = list(outcomes)
    average = of_all("all", every)
    yield f"{'':<16}{'same':>7}{'missed':>8}{'rate':>9}{'times':>7}{'seen':>8}{'mistaken':>10}{'rate':>9}{'times':>7}"
    for group in (average, *groups(every)):
        missed, mistaken = group.missed, group.mistaken
        yield (
            f"{group.name:<16}{missed.of:>7}{missed.errors:>8}{missed.value:>9.4f}"
            f"{_times(missed, average.missed):>7}{mistaken.of:>8}{mistaken.errors:>10}{mistaken.value:>9.4f}"
            f"{_times(mistaken, average.mistaken):>7}"
        )


def _times(rate: Rate, average: Rate) -> str:
    return f"{rate.value / average.value:.1f}" if average.value else "-"
