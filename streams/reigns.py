"""Which version of the policy is in force when, and whose absence each of them still waits for."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from schemas.records import PolicyVersion
from schemas.vocabulary import Source
from streams.packing import at_us, microseconds
from streams.policy import Policy, PolicyError, load_policy
from streams.policycheck import unusable
from streams.waiting import Waiting

ALWAYS_US, NEVER_US = -(1 << 62), 1 << 62
Order = tuple[datetime, str]
Key = tuple[datetime, datetime, str]


class VersionError(ValueError):
    """A version of the policy cannot be judged by; the text says why, and how to see more."""


@lru_cache(maxsize=64)
def _read(text: str) -> Policy:
    """Read once for all lanes of a worker."""
    return load_policy(text)


def policy_in(version: PolicyVersion) -> Policy:
    """The policy that a version carries.

    Raises:
        VersionError: its text is no policy of this program, or says something else than the record around it.
    """
    try:
        policy = _read(version.text)
    except PolicyError as error:
        faults = str(error).count("\n") + 1
        msg = f"its text has {faults} faults: see them with `lintas policy check`"
        raise VersionError(msg) from None
    if wrong := unusable(policy):
        msg = "; ".join(f"{'.'.join(map(str, notice.path))}: {notice.text}" for notice in wrong)
        raise VersionError(msg)
    if (policy.digest, policy.effective_from) != (version.digest, version.effective_from):
        msg = "its digest or effective_from is not that of its text: activate it again with `lintas policy activate`"
        raise VersionError(msg)
    return policy


class Reign:
    """One version from the moment on from which it is in force."""

    __slots__ = ("grace_us", "order", "policy", "since_us", "waiting", "watermark_us")

    def __init__(
        self, policy: Policy, since_us: int, order: Order | None, watermarks: Mapping[Source, datetime]
    ) -> None:
        self.policy = policy
        self.since_us = since_us
        self.order = order
        """Of versions with one beginning the greatest is in force: when it was activated, then its digest."""
        self.grace_us = policy.grace_us
        self.watermark_us = self._mark(watermarks)
        """Up to when all registries have reported that this version asks for."""
        self.waiting = Waiting()
        """Whose absence is not confirmed yet; some of them may have gone over to another version since."""

    def let_wait(self, row: bytes, number: int) -> None:
        """Let a row wait for the registries, unless all have reported past it."""
        due_us = at_us(row) + self.grace_us
        if self.watermark_us is None or self.watermark_us < due_us:
            self.waiting.add(due_us, number)

    def due(self, watermarks: Mapping[Source, datetime], rows: Sequence[bytes]) -> tuple[int | None, list[int]]:
        """Where the watermark will be, and who is due by then; None = it stays."""
        mark_us = self._mark(watermarks)
        if mark_us is None or (self.watermark_us is not None and mark_us <= self.watermark_us):
            return None, []
        return mark_us, self.waiting.take_due(mark_us, lambda number: at_us(rows[number]) + self.grace_us)

    def _mark(self, watermarks: Mapping[Source, datetime]) -> int | None:
        marks = [watermarks.get(source) for source in self.policy.registries]
        if None in marks or not marks:
            return None
        return microseconds(min(mark for mark in marks if mark is not None))


class Reigns:
    """The policy that an installation began with, and the versions that were activated since."""

    __slots__ = ("_known", "_reigns", "_since", "only", "ways")

    def __init__(self, base: Policy) -> None:
        first = Reign(base, ALWAYS_US, None, {})
        self._reigns = [first]
        self._since = [ALWAYS_US]
        self._known: dict[Key, tuple[PolicyVersion, bytes]] = {}
        self.only: Reign | None = first
        """The one reign there is; None = there are several, and a moment says which."""
        self.ways: tuple[Policy, ...] = (base,)
        """One policy for each way of telling whom a fact may concern."""

    def __iter__(self) -> Iterator[Reign]:
        return iter(self._reigns)

    def at(self, moment_us: int) -> Reign:
        """What is in force at a moment."""
        return self.only or self._reigns[bisect_right(self._since, moment_us) - 1]

    def facts(self) -> Iterator[tuple[PolicyVersion, bytes]]:
        """Every version that is known, with its digest as a fact."""
        yield from self._known.values()

    def holds(self, version: PolicyVersion) -> bool:
        """Whether a version is known."""
        return _key(version) in self._known

    def add(
        self, version: PolicyVersion, digest: bytes, watermarks: Mapping[Source, datetime]
    ) -> tuple[int, int, bool]:
        """Take a version in that is not known; gives back from when until when it now is in force, microseconds.

        The third value says whether another policy was in force there: if not, no verdict changes.
        """
        policy = policy_in(version)
        self._known[_key(version)] = version, digest
        since_us, order = microseconds(version.effective_from), (version.activated_at, version.digest)
        before = self.at(since_us)
        if before.since_us == since_us and before.order is not None and before.order >= order:
            return since_us, since_us, False
        place = bisect_left(self._since, since_us)
        reign = Reign(policy, since_us, order, watermarks)
        if before.since_us == since_us:
            self._reigns[place] = reign
        else:
            self._reigns.insert(place, reign)
            self._since.insert(place, since_us)
        until_us = self._since[place + 1] if place + 1 < len(self._since) else NEVER_US
        self.only = None
        self.ways = tuple({_way(r.policy): r.policy for r in self._reigns}.values())
        return since_us, until_us, before.policy.digest != policy.digest


def _key(version: PolicyVersion) -> Key:
    return version.effective_from, version.activated_at, version.digest


def _way(policy: Policy) -> object:
    """What decides which crossings a fact may concern: see `streams.concern`."""
    return policy.matching, policy.history_us, policy.passport.new_days
