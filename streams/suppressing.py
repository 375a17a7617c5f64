"""Findings that do not count: an analyst says so, or the traveller's situation explains them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Literal

from schemas import reference
from schemas.records import Suppression
from schemas.verdicts import Finding, Suppressed
from schemas.vocabulary import DocumentType
from streams.case import Case
from streams.packing import seal

Place = tuple[str, str, str]
Situation = Literal["running_contract", "border_pass_resident"]


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


def parted(case: Case, found: Sequence[Finding]) -> tuple[Sequence[Finding], tuple[Suppressed, ...]]:
    """Which findings count, and which do not; a situation explains nothing while anything else is found beside."""
    said = [why for finding in found if (why := _said(case, finding)) is not None] if case.suppressions else []
    aside = {why.finding.rule for why in said}
    rest = [finding for finding in found if finding.rule not in aside]
    why_not = _situation(case, {finding.rule for finding in rest}) if rest else None
    if why_not is None:
        return rest, tuple(said)
    kind, by = why_not
    return (), (*said, *(Suppressed(finding=finding, kind=kind, by=by) for finding in rest))


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


def _situation(case: Case, rules: set[str]) -> tuple[Situation, str] | None:
    """What explains findings of these rules, and the fact that says so."""
    terms, covering = case.policy.suppressions, case.match.covering
    if covering is not None and rules.issubset(terms.running_contract) and _works(case):
        return "running_contract", f"departure:{covering.registration.departure_id}"
    if rules.issubset(terms.border_pass_resident) and _lives_there(case):
        return "border_pass_resident", f"checkpoint:{case.crossing.checkpoint_id}"
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
