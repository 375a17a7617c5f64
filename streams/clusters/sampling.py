"""Which crossings of a large group are looked at one by one: those most in doubt, and the oldest people."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice

from schemas.vocabulary import Status
from streams.clusters.catalogue import in_doubt
from streams.clusters.people import Place, Seat
from streams.policy import Groups, Policy

UNEXPLAINED, EXPLAINED, SURE = 0, 1, 2
Rank = tuple[int, Place]
"""How much a crossing is in doubt, least number first, then its place in time."""
Elder = tuple[int, Rank]
"""The oldest first."""


class Sample:
    """The crossings of one key in one period, the first of which are looked at.

    The oldest are looked at besides: whoever leads a group may be in no doubt.

    It is a function of the crossings and not of their order, and a crossing that is outside changes nothing but the
    count: a group of thousands costs no more a member than one of a hundred.
    """

    __slots__ = ("_elders", "_most", "_most_elders", "_policy", "_ranked")

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._most, self._most_elders = policy.groups.judged_members, policy.groups.judged_elders
        self._ranked: list[Rank] = []
        self._elders: list[Elder] = []

    def __len__(self) -> int:
        return len(self._ranked)

    def add(self, seat: Seat) -> bool:
        """Take a crossing in; whether it is looked at."""
        rank = self._rank(seat)
        elder = -(seat.age or 0), rank
        insort(self._ranked, rank)
        insort(self._elders, elder)
        return self._is_looked_at(elder)

    def drop(self, seat: Seat) -> bool:
        """Take a crossing out; whether it was looked at."""
        rank = self._rank(seat)
        elder = -(seat.age or 0), rank
        looked_at = self._is_looked_at(elder)
        del self._ranked[bisect_left(self._ranked, rank)]
        del self._elders[bisect_left(self._elders, elder)]
        return looked_at

    def worst(self) -> Iterator[Rank]:
        """Those most in doubt, most first."""
        return islice(self._ranked, self._most)

    def elders(self) -> Iterator[Elder]:
        """The oldest, oldest first."""
        return islice(self._elders, self._most_elders)

    @property
    def left_out(self) -> int:
        """How many are not looked at."""
        rest = len(self._ranked) - self._most
        if rest <= 0:
            return 0
        last = self._ranked[self._most - 1]
        return rest - sum(rank > last for _, rank in self.elders())

    def _is_looked_at(self, elder: Elder) -> bool:
        ranked, most, elders = self._ranked, self._most, self._most_elders
        if len(ranked) <= most or elder[1] <= ranked[most - 1]:
            return True
        return bool(elders) and elder <= self._elders[min(elders, len(ranked)) - 1]

    def _rank(self, seat: Seat) -> Rank:
        if seat.status is Status.MATCHED or not in_doubt(seat, self._policy):
            return SURE, seat.place
        innocent = seat.purpose in self._policy.groups.innocent_set
        return EXPLAINED if innocent else UNEXPLAINED, seat.place


def places(own: Sample, before: Iterable[Sample], since_us: int, limits: Groups) -> list[Place]:
    """The places that are looked at, in order of time: those of a period, and as many before it since a moment."""
    earlier = list(before)
    found = {place for _, place in own.worst()} | {place for _, (_, place) in own.elders()}
    if earlier:
        worst = (place for _, place in merge(*(sample.worst() for sample in earlier)) if place[0] >= since_us)
        elders = (place for _, (_, place) in merge(*(s.elders() for s in earlier)) if place[0] >= since_us)
        found |= {*islice(worst, limits.judged_members), *islice(elders, limits.judged_elders)}
    return sorted(found)
