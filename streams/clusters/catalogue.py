"""The rules for groups: how one is registered, what it may look at, and what it gives back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from schemas.verdicts import Finding
from schemas.vocabulary import Direction
from streams.case import MAX_EVIDENCE, Sentence
from streams.clusters.people import Seat, Traveller, Trip, travellers_of
from streams.crossing import DAY_US
from streams.policy import Policy

Ride = tuple[Traveller, Seat]
"""A person and the crossing in question."""


class Group:
    """The question that a rule for groups answers: the seats of one key in one stretch of time, and before it."""

    def __init__(self, kind: str, value: str, seats: Sequence[Seat], since_us: int, policy: Policy) -> None:
        self.kind, self.value, self.policy, self.since_us = kind, value, policy, since_us
        self.seats = seats
        """In the order of time; those before `since_us` are there for the windows that reach back."""

    @cached_property
    def people(self) -> list[Traveller]:
        """Everybody, each once."""
        return travellers_of(self.seats)

    @cached_property
    def trips(self) -> dict[Trip, list[Ride]]:
        """Who went on which voyage; a crossing of an unknown voyage goes by its day and checkpoint."""
        found: dict[Trip, list[Ride]] = {}
        for person in self.people:
            for seat in person.seats:
                found.setdefault(seat.trip, []).append((person, seat))
        return found

    @cached_property
    def doubtful(self) -> list[Ride]:
        """People of the provinces looked after, on their way, of whom no registration is known; in order of time."""
        rides = [
            (person, seat)
            for person in self.people
            if not person.registered
            for seat in person.seats
            if in_doubt(seat, self.policy)
        ]
        rides.sort(key=lambda ride: ride[1].place)
        return rides

    def is_now(self, rides: Iterable[Ride]) -> bool:
        """Whether some of it lies in this stretch of time: what lies before was said of an earlier one."""
        return any(seat.at_us >= self.since_us for _, seat in rides)


def in_doubt(seat: Seat, policy: Policy) -> bool:
    """Whether an Indonesian of the provinces looked after leaves home."""
    return not seat.foreign and seat.direction is not Direction.IN and seat.region[:2] in policy.terms.origin_provinces


@dataclass(slots=True, frozen=True, kw_only=True)
class Found:
    """What a rule for groups found."""

    rides: Sequence[Ride]
    finding: Finding
    innocent: str | None = None
    """Why it does not weigh."""


GroupRuleFunction = Callable[[Group], Found | None]


@dataclass(slots=True, frozen=True, kw_only=True)
class GroupRule:
    """One registered rule for groups."""

    id: str
    version: int
    weight_keys: tuple[str, ...]
    """Every weight that a finding may have; the first is the rule's own."""
    kinds: Collection[str]
    judge: GroupRuleFunction

    @property
    def weight_key(self) -> str:
        """The weight of most findings."""
        return self.weight_keys[0]

    @property
    def summary(self) -> str:
        """First line of the rule's docstring."""
        return (self.judge.__doc__ or "").strip().splitlines()[0]


GROUP_CATALOGUE: list[GroupRule] = []
"""Every rule for groups in the order of its registration; filled by importing `streams.clusters.rules`."""


def group_rule(
    weight_key: str, *kinds: str, also: tuple[str, ...] = (), version: int = 1
) -> Callable[[GroupRuleFunction], GroupRuleFunction]:
    """Register a rule for groups of these kinds under the id of its weight key; `also`: other weights it may give."""

    def register(judge: GroupRuleFunction) -> GroupRuleFunction:
        rule_id = weight_key.partition(".")[0]
        GROUP_CATALOGUE.append(
            GroupRule(id=rule_id, version=version, weight_keys=(weight_key, *also), kinds=frozenset(kinds), judge=judge)
        )
        return judge

    return register


def found(
    group: Group, weight_key: str, rides: Iterable[Ride], says: Sentence, *, innocent: str | None = None
) -> Found:
    """A finding on these crossings, the first of which are its evidence."""
    seats = {seat.key: (person, seat) for person, seat in rides}
    ordered = sorted(seats.values(), key=lambda ride: ride[1].place)
    return Found(
        rides=ordered,
        innocent=innocent,
        finding=Finding(
            rule=weight_key.partition(".")[0],
            version=1,
            weight=group.policy.weight(weight_key),
            evidence=tuple(seat.ref for _, seat in ordered[: MAX_EVIDENCE + 1]),
            sentence_id=says.id,
            sentence_en=says.en,
            clears_id=says.clears_id,
            clears_en=says.clears_en,
        ),
    )


def innocent_purpose(group: Group, rides: Iterable[Ride]) -> str | None:
    """The declared purpose that explains a group: four of five people name it."""
    declared = {person.first.key: seat.purpose for person, seat in rides}
    for purpose, count in sorted(Counter(declared.values()).items(), key=lambda item: (-item[1], str(item[0]))):
        if purpose in group.policy.groups.innocent_set and count * 5 >= len(declared) * 4:
            return f"purpose:{purpose}"
    return None


def persons(rides: Iterable[Ride]) -> list[Traveller]:
    """The people of some crossings, each once."""
    return list({person.first.key: person for person, _ in rides}.values())


def by_home(ride: Ride) -> object:
    """Members of one family card are one."""
    return ride[0].home or ride[0].first.key


def by_person(ride: Ride) -> object:
    """Everybody is one."""
    return ride[0].first.key


def gathered(
    rides: Sequence[Ride], days: int, least: int, one: Callable[[Ride], object], *, trips: int = 1
) -> list[Ride]:
    """Those of some crossings, in the order of time, that lie within so many days of enough others.

    Enough is `least` different ones by `one`, on at least so many voyages. Takes one pass: a large group costs no more
    a member than a small one.
    """
    kept: list[Ride] = []
    ones: Counter[object] = Counter()
    voyages: Counter[Trip] = Counter()
    start = marked = 0
    for end, ride in enumerate(rides):
        while ride[1].at_us - rides[start][1].at_us > days * DAY_US:
            _forget(ones, one(rides[start]))
            _forget(voyages, rides[start][1].trip)
            start += 1
        ones[one(ride)] += 1
        voyages[ride[1].trip] += 1
        if len(ones) >= least and len(voyages) >= trips:
            kept += rides[max(start, marked) : end + 1]
            marked = end + 1
    return kept


def _forget(counts: Counter[Any], value: object) -> None:
    counts[value] -= 1
    if not counts[value]:
        del counts[value]
