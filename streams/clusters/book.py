"""One lane's memory of groups: their members by the newest word on each, and what the rules say of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from schemas.verdicts import Cluster, ClusterMember
from schemas.vocabulary import Status
from streams.assessing import combine
from streams.clusters import rules as rules  # importing the rules fills the catalogue
from streams.clusters.catalogue import GROUP_CATALOGUE, Found, Group, GroupRule
from streams.clusters.membership import DOCUMENT, KINDS, Membership
from streams.clusters.people import Place, Seat
from streams.clusters.sampling import Sample, places
from streams.crossing import DAY_US
from streams.policy import Policy

PERIOD_DAYS = 28
"""A key's members are judged by stretches of so many days, so that a busy key costs no more as its history grows."""
PERIOD_US = PERIOD_DAYS * DAY_US
ALWAYS = -(1 << 31)
"""The one period of a document: years may lie between two people who show it, and few crossings are under it."""
_DOCUMENTS = f"{DOCUMENT}:"
Key = tuple[str, str, str]
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

    def parts(self) -> Iterator[TouchedGroups]:
        """The same in one part: members come as fast as people are judged."""
        yield self


class Known:
    """What is known under one key."""

    __slots__ = ("periods", "said", "seats")

    def __init__(self) -> None:
        self.seats: dict[Key, Seat] = {}
        self.periods: dict[int, Sample] = {}
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
        stretches = [(key, n) for key, known in self._known.items() for n in sorted(known.periods)]
        return [said for stretch in stretches if (said := self._verdict(stretch)) is not None]

    # ------------------------------------------------------------------------------------------ taking members in

    def _take(self, fact: AdmittedMember, touched: TouchedGroups | None) -> None:
        key, seat = fact.key, Seat(fact.member)
        known = self._known.get(key)
        old = known.seats.get(seat.key) if known is not None else None
        if fact.member.gone and old is None:
            return
        if known is None:
            known = self._known[key] = Known()
        if touched is not None:
            places = [seat.place] if old is None else [old.place, seat.place]
            for n in {n for place in places for n in self._reached(key, known, place)}:
                if (key, n) not in touched.before:
                    touched.before[key, n] = self._verdict((key, n))
        if old is not None:
            self._drop(key, known, old)
        if not fact.member.gone:
            self._add(key, known, seat)

    def _add(self, key: str, known: Known, seat: Seat) -> None:
        own = _period(key, seat.place)
        sample = known.periods.get(own)
        if sample is None:
            sample = known.periods[own] = Sample(self.policy)
        known.seats[seat.key] = seat
        self._members += 1
        self._changed(key, known, seat, sample.add(seat))

    def _drop(self, key: str, known: Known, seat: Seat) -> None:
        own = _period(key, seat.place)
        del known.seats[seat.key]
        self._members -= 1
        self._changed(key, known, seat, known.periods[own].drop(seat))
        if not known.periods[own]:
            del known.periods[own]

    def _changed(self, key: str, known: Known, seat: Seat, is_looked_at: bool) -> None:
        """Forget the verdicts that a crossing changes; one that is not looked at changes no more than the count."""
        if is_looked_at:
            for n in self._reached(key, known, seat.place):
                known.said.pop(n, None)
            return
        own = _period(key, seat.place)
        said = known.said.get(own)
        if said is not None:
            known.said[own] = said.model_copy(update={"left_out": known.periods[own].left_out})

    def _reached(self, key: str, known: Known, place: Place) -> list[int]:
        """The periods whose verdict a member may change: its own, and later ones whose windows reach back to it."""
        own = _period(key, place)
        last = (place[0] + self._reach_us) // PERIOD_US
        return [own] if own == ALWAYS else [own, *(n for n in range(own + 1, last + 1) if n in known.periods)]

    # ------------------------------------------------------------------------------------------ judging

    def _verdict(self, stretch: Stretch) -> Cluster | None:
        """What the rules say of one cluster; None = nothing."""
        key, period = stretch
        known = self._known.get(key)
        if known is None or period not in known.periods or len(known.seats) < 2:
            return None
        if period not in known.said:
            known.said[period] = self._judge(key, period, known)
        return known.said[period]

    def _judge(self, key: str, period: int, known: Known) -> Cluster | None:
        kind, _, value = key.partition(":")
        since = period * PERIOD_US
        reach = since - self._reach_us
        before = [] if period == ALWAYS else range(reach // PERIOD_US, period)
        earlier = [known.periods[n] for n in before if n in known.periods]
        chosen = places(known.periods[period], earlier, reach, self.policy.groups)
        group = Group(kind, value, [known.seats[place[1:]] for place in chosen], since, self.policy)
        found = [(rule, one) for rule in self._rules[kind] if (one := rule.judge(group)) is not None]
        return self._cluster((key, period), found, known.periods[period].left_out) if found else None

    def _cluster(self, stretch: Stretch, found: Sequence[tuple[GroupRule, Found]], left_out: int) -> Cluster:
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
            left_out=left_out,
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
