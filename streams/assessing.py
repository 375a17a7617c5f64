"""The verdict on one crossing: a pure function of the facts in its block, the lane's watermark and the policy."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.verdicts import Assessment, MatchScores
from schemas.vocabulary import Status
from streams.case import CATALOGUE, Case
from streams.matching import Candidate


def assess(case: Case) -> Assessment:
    """Judge one crossing."""
    findings = tuple(f for r in CATALOGUE if (f := r.judge(case)) is not None)
    score = combine(f.weight for f in findings)
    event, covering = case.crossing.event, case.match.covering
    return Assessment(
        event_id=event.event_id,
        province=event.province,
        block=event.block,
        checkpoint_id=event.checkpoint_id,
        occurred_at=event.occurred_at,
        direction=event.direction,
        document_type=event.document.type,
        sex=event.sex,
        age_years=event.age_years,
        origin_region=event.origin_region,
        purpose=event.purpose,
        destination_country=event.destination_country,
        service_no=event.service_no,
        officer_action=event.officer_action,
        status=status_of(case, score),
        score=score,
        findings=findings,
        departure_id=covering.registration.departure_id if covering else None,
        tier=covering.tier if covering else None,
        match=scores_of(case, covering) if covering else None,
        missing=missing_of(case),
        policy=case.policy.digest,
    )


def combine(weights: Iterable[int]) -> int:
    """The score of independent pieces of evidence: 100 x (1 - product of (1 - weight/100)), rounded down.

    Integers throughout: the same findings give the same score on every machine.
    """
    rest, scale = 1, 1
    for weight in weights:
        rest, scale = rest * (100 - weight), scale * 100
    return 100 * (scale - rest) // scale


def status_of(case: Case, score: int) -> Status:
    """The one status that holds."""
    if score >= case.policy.review_threshold:
        return Status.FLAGGED
    if case.match.covering:
        return Status.MATCHED
    if not case.in_scope:
        return Status.OUT_OF_SCOPE
    if case.match.late or case.absence_confirmed:
        return Status.UNREGISTERED
    return Status.PENDING


def scores_of(case: Case, found: Candidate) -> MatchScores:
    """How near the matched registration is, for the explanation."""
    event, departure = case.crossing.event, found.registration.latest
    return MatchScores(
        name_dice=round(found.dice, 3),
        same_sex=event.sex is departure.sex if event.sex and departure.sex else None,
        same_origin=(
            event.origin_region[:4] == departure.origin_region[:4]
            if event.origin_region and departure.origin_region
            else None
        ),
    )


def missing_of(case: Case) -> tuple[str, ...]:
    """What the verdict had to do without."""
    event = case.crossing.event
    absent = {
        "nik": event.nik_token is None and not case.foreign,
        "document": event.document.token is None,
        "name": event.name_code is None,
        "birth_date": event.birth_year is None,
        "watermark": case.in_scope and not case.match.covering and not case.match.late and not case.absence_confirmed,
    }
    return tuple(name for name, is_absent in absent.items() if is_absent)
