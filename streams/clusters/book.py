"""One lane's memory of groups: their members by the newest word on each, and what the rules say of them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from schemas.verdicts import Cluster, ClusterMember
from schemas.vocabulary import Status
from streams.assessing import combine
from streams.clusters import rules as rules  # importing the rules fills the catalogue
from streams.clusters.catalogue import GROUP_CATALOGUE, Found, Group, GroupRule
from streams.clusters.membership import DOCUMENT, KINDS, Membership
from streams.clusters.people import Seat
from streams.crossing import DAY_US
from streams.policy import Policy

PERIOD_DAYS = 28
"""A key's members are judged by stretches of so many days, so that a busy key costs no more as its history grows."""
PERIOD_US = PERIOD_DAYS * DAY_US
ALWAYS = -(1 << 31)
"""The one period of a document: years may lie between two people who show it, and few crossings are under it."""
_DOCUMENTS = f"{DOCUMENT}:"
Key = tuple[str, str, str]
Place = tuple[int, str, str, str]
Stretch = tuple[str, int]
"""A key and the number of a period: one cluster."""


@dataclass(slots=True, frozen=True)
class AdmittedMember:
    """A member that was read and checked, with the key of its group."""

    key: str
    member: ClusterMember

    @property
    def fact(self) -> ClusterMember:
        """What was read."""
        return self.member


@dataclass(slots=True)
class TouchedGroups:
    """The clusters that a batch of members may have changed, with what was said before."""

    before: dict[Stretch, Cluster | None] = field(default_factory=dict)


class Known:
    """What is known under one key."""

    __slots__ = ("order", "said", "seats")

    def __init__(self) -> None:
        self.seats: dict[Key, Seat] = {}
        self.order: list[Place] = []
        """The places of all seats, sorted by time."""
        self.said: dict[int, Cluster | None] = {}
        """Verdicts on periods, until a member changes them."""


class Clusterbook:
    """All groups of one lane."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._known: dict[str, Known] = {}
        self._members = 0
        self._rules = {kind: [r for r in GROUP_CATALOGUE if kind in r.kinds] for kind in KINDS}
        self._reach_us = max(policy.groups.companion_days, policy.groups.window_days) * DAY_US

    def __len__(self) -> int:
        return self._members

    def replay(self, facts: Iterable[AdmittedMember]) -> None:
        """Take members in that were judged before: nothing is said."""
        for fact in facts:
            self._take(fact, None)

    def remember(self, facts: Iterable[AdmittedMember]) -> TouchedGroups:
        """Take a batch of members in; gives back which clusters they may have changed."""
        touched = TouchedGroups()
        for fact in facts:
            self._take(fact, touched)
        return touched

    def assess(self, touched: TouchedGroups) -> list[Cluster]:
        """The clusters that changed; one that is no more is said once more, without findings."""
        changed = []
        for stretch, before in touched.before.items():
            now = self._verdict(stretch)
            if now == before:
                continue
            changed.append(now if now is not None else self._withdrawn(stretch))
        return changed

    def members(self, touched: TouchedGroups) -> Sequence[Membership]:
        """A group is no member of another."""
        return ()

    def clusters(self) -> list[Cluster]:
        """What the members of now say of every group."""
        stretches = [
            (key, n) for key, known in self._known.items() for n in sorted({_period(key, p) for p in known.order})
        ]
        return [said for stretch in stretches if (said := self._verdict(stretch)) is not None]

    # ------------------------------------------------------------------------------------------ taking members in

    def _take(self, fact: AdmittedMember, touched: TouchedGroups | None) -> None:
        known = self._known.get(fact.key)
        seat = Seat(fact.member)
        old = known.seats.get(seat.key) if known is not None else None
        if fact.member.gone and old is None:
            return
        if known is None:
            known = self._known[fact.key] = Known()
        places = [seat.place] if old is None else [old.place, seat.place]
        periods = {n for place in places for n in self._reached(fact.key, known, place)}
        if touched is not None:
            for n in periods:
                stretch = (fact.key, n)
                if stretch not in touched.before:
                    touched.before[stretch] = self._verdict(stretch)
        for n in periods:
            known.said.pop(n, None)
        if old is not None:
            del known.order[bisect_left(known.order, old.place)]
            del known.seats[old.key]
            self._members -= 1
        if not fact.member.gone:
            known.seats[seat.key] = seat
            insort(known.order, seat.place)
            self._members += 1

    def _reached(self, key: str, known: Known, place: Place) -> list[int]:
        """The periods whose verdict a member may change: its own, and later ones whose windows reach back to it."""
        own = _period(key, place)
        last = (place[0] + self._reach_us) // PERIOD_US
        if own == ALWAYS or last == own or not known.order:
            return [own]
        return [own, *(n for n in range(own + 1, last + 1) if _within(known.order, n * PERIOD_US, (n + 1) * PERIOD_US))]

    # ------------------------------------------------------------------------------------------ judging

    def _verdict(self, stretch: Stretch) -> Cluster | None:
        """What the rules say of one cluster; None = nothing."""
        key, period = stretch
        known = self._known.get(key)
        if known is None or len(known.order) < 2:
            return None
        if period not in known.said:
            known.said[period] = self._judge(key, period, known)
        return known.said[period]

    def _judge(self, key: str, period: int, known: Known) -> Cluster | None:
        kind, _, value = key.partition(":")
        since = period * PERIOD_US
        seats = self._seats(known, since) if period != ALWAYS else self._first(known)
        if len(seats) < 2:
            return None
        group = Group(kind, value, seats, since, self.policy)
        found = [(rule, one) for rule in self._rules[kind] if (one := rule.judge(group)) is not None]
        return self._cluster((key, period), found) if found else None

    def _first(self, known: Known) -> list[Seat]:
        return [known.seats[place[1:]] for place in known.order[: self.policy.groups.judged_members]]

    def _seats(self, known: Known, since: int) -> list[Seat]:
        """The first members of a period, and the last ones before it as far as windows reach."""
        order, most = known.order, self.policy.groups.judged_members
        start, end = _index(order, since), _index(order, since + PERIOD_US)
        if start == end:
            return []
        first = max(_index(order, since - self._reach_us), start - most)
        return [known.seats[place[1:]] for place in order[first : min(end, start + most)]]

    def _cluster(self, stretch: Stretch, found: Sequence[tuple[GroupRule, Found]]) -> Cluster:
        policy = self.policy
        score = combine(one.finding.weight for _, one in found if one.innocent is None)
        seats = sorted({seat.place: seat for _, one in found for _, seat in one.rides}.items())
        weighs = any(one.innocent is None for _, one in found)
        status = Status.UNREGISTERED if weighs else Status.OUT_OF_SCOPE
        return Cluster(
            cluster_id=_name(stretch),
            kind=stretch[0].partition(":")[0],
            status=Status.FLAGGED if score >= policy.review_threshold else status,
            score=score,
            members=tuple(seat.event_id for _, seat in seats[: policy.groups.listed_members]),
            member_count=len(seats),
            first_at=seats[0][1].at,
            last_at=seats[-1][1].at,
            suppressed=tuple(f"{rule.id}:{one.innocent}" for rule, one in found if one.innocent is not None),
            findings=tuple(one.finding for _, one in found),
            policy=policy.digest,
        )

    def _withdrawn(self, stretch: Stretch) -> Cluster:
        return Cluster(
            cluster_id=_name(stretch),
            kind=stretch[0].partition(":")[0],
            status=Status.OUT_OF_SCOPE,
            score=0,
            policy=self.policy.digest,
        )


def _name(stretch: Stretch) -> str:
    """The cluster's id: its key, and the first day of its period."""
    key, period = stretch
    if period == ALWAYS:
        return key
    return f"{key}@{(datetime.fromtimestamp(0, UTC) + timedelta(days=period * PERIOD_DAYS)).date()}"


def _period(key: str, place: Place) -> int:
    return ALWAYS if key.startswith(_DOCUMENTS) else place[0] // PERIOD_US


def _index(order: list[Place], at_us: int) -> int:
    """How many places lie before a moment."""
    return bisect_left(order, (at_us, "", "", ""))


def _within(order: list[Place], since: int, until: int) -> bool:
    return _index(order, since) < _index(order, until)
