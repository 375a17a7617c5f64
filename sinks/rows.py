"""What a record is as a row: one pure function for each kind of record, in the order of `sinks.tables.COLUMNS`."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import orjson

from schemas.records import Departure, Heartbeat, PolicyVersion, Suppression, TransitEvent
from schemas.topics import REGISTRY, refusals_of
from schemas.verdicts import Assessment, Cluster, Finding, Rejected, Review, Suppressed
from schemas.vocabulary import ReviewMove
from sinks.tables import COLUMNS, Place, Row

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def assessment_row(record: Assessment, place: Place) -> Row:
    """For both `assessment_versions` and `assessments`."""
    return (
        record.province.value,
        record.event_id,
        record.block,
        record.checkpoint_id,
        _ms(record.occurred_at),
        record.direction.value,
        record.document_type.value,
        _word(record.sex),
        record.age_years,
        record.origin_region or "",
        _word(record.purpose),
        record.destination_country or "",
        record.service_no or "",
        _word(record.officer_action),
        record.status.value,
        record.score,
        [finding.rule for finding in record.findings],
        _findings_json(record.findings),
        record.departure_id or "",
        _word(record.tier),
        "" if record.match is None else _json(record.match.model_dump(mode="json", include=_MATCH, exclude_none=True)),
        list(record.missing),
        record.policy,
        place.at_ms,
        place.partition,
        place.offset,
        place.offset,
        _suppressed_json(record.suppressed),
    )


def crossing_row(record: TransitEvent, digest: str, place: Place) -> Row:
    """A readable line of the ledger."""
    document = record.document
    return (
        record.province.value,
        record.event_id,
        record.block,
        1,
        digest,
        record.checkpoint_id,
        record.device_id or "",
        record.sequence,
        _ms(record.occurred_at),
        record.direction.value,
        _word(record.mode),
        record.carrier or "",
        record.service_no or "",
        record.from_place or "",
        record.to_place or "",
        document.type.value,
        document.token or "",
        document.issue_office or "",
        document.issued_on,
        document.expires_on,
        document.mrz_ok,
        record.nik_token or "",
        record.kk_token or "",
        record.payer_token or "",
        record.booking_token or "",
        record.party_token or "",
        record.birth_year,
        record.nik_birth_year,
        record.age_years,
        _word(record.sex),
        record.nationality or "",
        record.origin_region or "",
        _word(record.purpose),
        record.destination_country or "",
        record.destination_place or "",
        _word(record.officer_action),
        list(record.identity_quality),
        record.key_id,
        place.at_ms,
        place.topic,
        place.partition,
        place.offset,
    )


def unreadable_crossing_row(digest: str, place: Place) -> Row:
    """A line of the ledger for a record that the matcher has to refuse."""
    known: dict[str, Any] = {
        "province": owner_of(place.topic),
        "readable": 0,
        "digest": digest,
        "occurred_at": 0,
        "identity_quality": [],
        "published_at": place.at_ms,
        "topic": place.topic,
        "partition": place.partition,
        "offset": place.offset,
    }
    return tuple(known.get(name, None if name in _UNKNOWN_IS_NULL else "") for name in COLUMNS["crossings"])


def departure_row(record: Departure, place: Place) -> Row:
    """One copy of a revision."""
    readiness = record.readiness
    return (
        record.departure_id,
        record.revision,
        record.event.value,
        record.source.value,
        record.block or "",
        record.passport_token or "",
        list(record.previous_passport_tokens),
        record.nik_token or "",
        record.birth_year,
        _word(record.sex),
        record.origin_region or "",
        _word(record.scheme),
        record.p3mi_licence or "",
        record.p3mi_valid_to,
        _word(record.sector),
        _word(record.employer_type),
        record.destination_country or "",
        record.planned_date,
        record.valid_from,
        record.valid_to,
        record.checkpoint_id or "",
        _word(record.mode),
        readiness.certificate,
        readiness.opp,
        readiness.health,
        readiness.insurance,
        readiness.permission,
        readiness.visa,
        record.training_institution or "",
        record.ltsa_office or "",
        _ms(record.issued_at),
        list(record.identity_quality),
        record.key_id,
        place.at_ms,
        place.topic,
        place.partition,
        place.offset,
    )


def heartbeat_row(record: Heartbeat, place: Place) -> Row:
    """One copy of a registry's promise."""
    up_to = _ms(record.complete_up_to)
    return (record.source.value, up_to, place.at_ms, place.topic, place.partition, place.offset)


def policy_row(record: PolicyVersion, place: Place) -> Row:
    """One copy of a version of the policy."""
    return (
        record.name,
        record.digest,
        record.text,
        record.author,
        record.activated_by,
        _ms(record.effective_from),
        _ms(record.activated_at),
        place.at_ms,
        place.partition,
        place.offset,
    )


def suppression_row(record: Suppression, place: Place) -> Row:
    """One copy of an analyst's word that findings do not count."""
    return (
        record.suppression_id,
        record.event_id or "",
        record.province or "",
        record.block or "",
        record.token or "",
        list(record.rules),
        record.reason,
        record.made_by,
        _ms(record.made_at),
        _ms(record.until),
        place.at_ms,
        place.partition,
        place.offset,
    )


def rejected_row(record: Rejected, place: Place) -> Row:
    """A refusal of the publisher or the matcher, without the bytes."""
    return (
        owner_of(place.topic),
        record.reason.value,
        record.message,
        record.field,
        record.stage,
        record.topic,
        record.partition,
        record.offset,
        record.line,
        record.digest,
        _ms(record.happened_at),
        place.at_ms,
        place.topic,
        place.partition,
        place.offset,
    )


def refused_row(reason: str, message: str, field: str, digest: str, place: Place) -> Row:
    """A refusal of the loader: the record's own place says which one it was, however often it is delivered."""
    return (
        owner_of(place.topic),
        reason,
        message,
        field,
        "loader",
        place.topic,
        place.partition,
        place.offset,
        None,
        digest,
        place.at_ms,
        place.at_ms,
        place.topic,
        place.partition,
        place.offset,
    )


def review_row(record: Review, place: Place) -> Row:
    """One move of an analyst."""
    return (
        record.review_id,
        record.event_id,
        record.province.value,
        record.verdict or "",
        record.note,
        record.reviewer,
        _ms(record.reviewed_at),
        record.assessment_version,
        place.at_ms,
        place.partition,
        place.offset,
        record.move or ReviewMove.CLOSE.value,
        record.after or "",
        record.assignee or "",
        None if record.due_at is None else _ms(record.due_at),
        None if record.snoozed_until is None else _ms(record.snoozed_until),
    )


def cluster_row(record: Cluster, place: Place) -> Row:
    """The newest state of a group."""
    return (
        record.cluster_id,
        record.kind,
        record.status.value,
        record.score,
        list(record.members),
        record.member_count,
        record.left_out,
        _ms(record.first_at) if record.first_at else 0,
        _ms(record.last_at) if record.last_at else 0,
        list(record.suppressed),
        [finding.rule for finding in record.findings],
        _findings_json(record.findings),
        record.policy,
        place.at_ms,
        place.partition,
        place.offset,
        place.offset,
    )


def owner_of(topic: str) -> str:
    """The province whose record stands in a topic, `registry`, or nothing for what the pipeline says itself."""
    if topic.startswith("rejected."):
        return topic.removeprefix("rejected.")
    if topic.startswith("transit.") or topic == "departures":
        return refusals_of(topic).removeprefix("rejected.")
    return REGISTRY if topic == "reports" else ""


def digest_of(value: bytes | None) -> str:
    """SHA-256 of a record's bytes, hexadecimal."""
    return hashlib.sha256(value or b"").hexdigest()


_MATCH = {"name_dice", "same_sex", "same_origin", "same_birth_date"}
_FINDING = ("rule", "version", "weight", "evidence", "sentence_id", "sentence_en", "clears_id", "clears_en")
_UNKNOWN_IS_NULL = {
    *("sequence", "document_issued_on", "document_expires_on", "document_mrz_ok"),
    *("birth_year", "nik_birth_year", "age_years"),
}


def _findings_json(findings: tuple[Finding, ...]) -> str:
    """Only the treaty's own fields: what a foreign writer adds is not stored."""
    if not findings:
        return "[]"
    return _json([{name: getattr(finding, name) for name in _FINDING} for finding in findings])


def _word(member: StrEnum | None) -> str:
    """A member's own text: the driver looks every value up, and a member as such hashes and compares in Python."""
    return "" if member is None else member.value


def _suppressed_json(suppressed: tuple[Suppressed, ...]) -> str:
    if not suppressed:
        return "[]"
    return _json(
        [
            {name: getattr(one.finding, name) for name in _FINDING}
            | {"kind": one.kind, "by": one.by, "reason": one.reason, "until": one.until}
            for one in suppressed
        ]
    )


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _ms(moment: datetime) -> int:
    """Milliseconds since 1970: the driver sends whole numbers as they are, and datetimes four times slower."""
    return (moment - EPOCH) // _MILLISECOND
