"""Findings that do not count: an analyst says so, or the traveller's situation explains them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from schemas import reference
from schemas.records import Suppression
from schemas.verdicts import Finding, Suppressed
from schemas.vocabulary import DocumentType
from streams.case import Case
from streams.packing import seal

Place = tuple[str, str, str]


class Suppressions:
    """What analysts said, by the crossing or the number that it is about."""

    __slots__ = ("_by_place", "_by_token", "_known")

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], Suppression] = {}
        self._by_place: dict[Place, list[Suppression]] = {}
        self._by_token: dict[bytes, list[Suppression]] = {}

    def __bool__(self) -> bool:
        return bool(self._known)

    def holds(self, fact: Suppression, digest: bytes) -> bool:
        """Whether it is known."""
        return (fact.suppression_id, digest) in self._known

    def add(self, fact: Suppression, digest: bytes) -> None:
        """Take one in."""
        self._known[fact.suppression_id, digest] = fact
        if fact.token is not None:
            self._by_token.setdefault(seal(fact.token), []).append(fact)
        elif fact.block is not None and fact.province is not None and fact.event_id is not None:
            self._by_place.setdefault((fact.block, fact.province.value, fact.event_id), []).append(fact)

    def facts(self) -> Iterator[tuple[Suppression, bytes]]:
        """All of them with their digests."""
        yield from ((fact, digest) for (_, digest), fact in self._known.items())

    def of(self, place: Place, tokens: Sequence[bytes]) -> list[Suppression]:
        """What is said of a crossing; the order says nothing of when it was said."""
        found = [*self._by_place.get(place, ()), *(s for token in tokens for s in self._by_token.get(token, ()))]
        return sorted(found, key=lambda s: (s.suppression_id, s.made_at, s.until))


def parted(case: Case, found: Sequence[Finding]) -> tuple[list[Finding], tuple[Suppressed, ...]]:
    """Which findings count, and which do not."""
    counts, suppressed = [], []
    for finding in found:
        why = _said(case, finding) or _explained(case, finding)
        if why is None:
            counts.append(finding)
        else:
            suppressed.append(why)
    return counts, tuple(suppressed)


def _said(case: Case, finding: Finding) -> Suppressed | None:
    for one in case.suppressions:
        if finding.rule in one.rules and case.crossing.at < one.until:
            return Suppressed(
                finding=finding,
                kind="analyst",
                by=f"suppression:{one.suppression_id}",
                reason=one.reason,
                until=one.until,
            )
    return None


def _explained(case: Case, finding: Finding) -> Suppressed | None:
    terms, crossing = case.policy.suppressions, case.crossing
    if finding.rule in terms.running_contract and _works(case) and case.match.covering is not None:
        by = f"departure:{case.match.covering.registration.departure_id}"
        return Suppressed(finding=finding, kind="running_contract", by=by)
    if finding.rule in terms.border_pass_resident and _lives_there(case):
        return Suppressed(finding=finding, kind="border_pass_resident", by=f"checkpoint:{crossing.checkpoint_id}")
    return None


def _works(case: Case) -> bool:
    """Whether the traveller goes back to work: the contract runs, and the first departure is over."""
    found = case.match.covering
    if found is None:
        return False
    day, known = case.crossing.local_date, found.registration.latest
    if known.valid_from is None or not known.valid_from <= day <= (known.valid_to or day):
        return False
    first = known.planned_date or known.valid_from
    return day > first + timedelta(days=case.policy.cover.planned_after_days)


def _lives_there(case: Case) -> bool:
    crossing = case.crossing
    post = reference.checkpoints().get(crossing.checkpoint_id)
    return (
        crossing.document_type is DocumentType.PLB
        and post is not None
        and DocumentType.PLB.value in post.docs
        and (crossing.origin_region or "")[:4] == post.regency_code
    )
