"""The verdict on one crossing: a pure function of the facts in its block, the lane's watermark and the policy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from schemas.records import SCHEMA_VERSION
from schemas.verdicts import Assessment, MatchScores
from schemas.vocabulary import Status
from streams.case import Case, rules_when
from streams.matching import Candidate
from streams.packing import NOTHING
from streams.suppressing import parted


def assess(case: Case) -> Assessment:
    """Judge one crossing."""
    found = [f for judge in rules_when(case.when) if (f := judge(case)) is not None]
    counts, suppressed = parted(case, found) if found else (found, ())
    score = combine(f.weight for f in counts) if counts else 0
    crossing, covering = case.crossing, case.match.covering
    return validated(
        {
            "schema_version": SCHEMA_VERSION,
            "record": "assessment",
            "event_id": crossing.event_id,
            "province": crossing.province,
            "block": crossing.block,
            "checkpoint_id": crossing.checkpoint_id,
            "occurred_at": crossing.at,
            "direction": crossing.direction,
            "document_type": crossing.document_type,
            "sex": crossing.sex,
            "age_years": crossing.age_years,
            "origin_region": crossing.origin_region,
            "purpose": crossing.purpose,
            "destination_country": crossing.destination_country,
            "service_no": crossing.service_no,
            "officer_action": crossing.officer_action,
            "status": status_of(case, score),
            "score": score,
            "findings": tuple(counts),
            "suppressed": suppressed,
            "departure_id": covering.registration.departure_id if covering else None,
            "tier": covering.tier if covering else None,
            "match": scores_of(case, covering) if covering else None,
            "missing": missing_of(case),
            "policy": case.policy.terms.digest,
        }
    )


_FIELDS = set(Assessment.model_fields) - {"schema_version", "record"}
"""One set for all: a frozen model never writes to it, and copies copy it."""
_new, _set = Assessment.__new__, object.__setattr__
# the slots themselves: the way through `object.__setattr__` looks each of them up again
_set_fields = BaseModel.__dict__["__pydantic_fields_set__"].__set__
_set_extra = BaseModel.__dict__["__pydantic_extra__"].__set__
_set_private = BaseModel.__dict__["__pydantic_private__"].__set__
# a member of an Enum takes three times as long to find
_FLAGGED, _MATCHED, _OUT_OF_SCOPE = Status.FLAGGED, Status.MATCHED, Status.OUT_OF_SCOPE
_UNREGISTERED, _PENDING = Status.UNREGISTERED, Status.PENDING


def validated(values: dict[str, Any]) -> Assessment:
    """An assessment of values that were checked on their way in, every field given.

    Its constructor would check them once more, for a third of the cost of a verdict; `model_construct` takes longer
    still. A test holds the result equal to what the constructor makes.
    """
    made = _new(Assessment)
    _set(made, "__dict__", values)
    _set_fields(made, _FIELDS)
    _set_extra(made, {})
    _set_private(made, None)
    return made


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
    if score >= case.policy.terms.review_threshold:
        return _FLAGGED
    if case.match.covering:
        return _MATCHED
    if not case.in_scope:
        return _OUT_OF_SCOPE
    if case.match.late or case.absence_confirmed:
        return _UNREGISTERED
    return _PENDING


def scores_of(case: Case, found: Candidate) -> MatchScores:
    """How near the matched registration is, for the explanation."""
    crossing, departure = case.crossing, found.registration.latest
    return MatchScores(
        name_dice=round(found.dice, 3),
        same_sex=crossing.sex is departure.sex if crossing.sex and departure.sex else None,
        same_origin=(
            crossing.origin_region[:4] == departure.origin_region[:4]
            if crossing.origin_region and departure.origin_region
            else None
        ),
        same_birth_date=not found.registration.near_date,
    )


def missing_of(case: Case) -> tuple[str, ...]:
    """What the verdict had to do without."""
    crossing, match = case.crossing, case.match
    missing = []
    if not crossing.foreign and crossing.nik == NOTHING:
        missing.append("nik")
    if crossing.document == NOTHING:
        missing.append("document")
    if not crossing.named:
        missing.append("name")
    if crossing.birth_year is None:
        missing.append("birth_date")
    if case.in_scope and not case.absence_confirmed and not match.covering and not match.late:
        missing.append("watermark")
    return tuple(missing) if missing else ()
