"""JSON bytes to record and back, with CloudEvents headers; what cannot be read is refused with a stable reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError

from schemas import reference
from schemas.errors import Reason, RecordRejected
from schemas.records import (
    CommunityReport,
    Departure,
    Fact,
    Heartbeat,
    PolicyVersion,
    Record,
    Suppression,
    TransitEvent,
)
from schemas.topics import DEPARTURES, POLICIES, REPORTS, SUPPRESSIONS, TRANSIT
from schemas.verdicts import Assessment, Cluster, ClusterMember, Rejected, Review

MAX_RECORD_BYTES = 256 * 1024
"""Larger records are refused: a crossing has about 1 kB."""
MAX_REFUSAL_BYTES = 4 * 1024 * 1024
"""A refusal carries a record that was too large, whole and in base64."""

Headers = list[tuple[str, bytes]]

R = TypeVar("R", bound=Record)

_BEFORE_ID: tuple[tuple[str, bytes], ...] = (
    ("content-type", b"application/json; charset=utf-8"),
    ("ce_specversion", b"1.0"),
)

RECORDS: Mapping[str, type[Record]] = {
    "transit_event": TransitEvent,
    "departure": Departure,
    "heartbeat": Heartbeat,
    "community_report": CommunityReport,
    "policy": PolicyVersion,
    "suppression": Suppression,
    "assessment": Assessment,
    "cluster_member": ClusterMember,
    "cluster": Cluster,
    "rejected": Rejected,
    "review": Review,
}

_REASONS: Mapping[str, Reason] = {
    "missing": Reason.MISSING_FIELD,
    "enum": Reason.UNKNOWN_VALUE,
    "literal_error": Reason.UNKNOWN_VALUE,
    "timezone_aware": Reason.NAIVE_TIME,
    "datetime_parsing": Reason.BAD_TIME,
    "datetime_from_date_parsing": Reason.BAD_TIME,
    "datetime_type": Reason.BAD_TIME,
    "date_parsing": Reason.BAD_DATE,
    "date_type": Reason.BAD_DATE,
    "date_from_datetime_parsing": Reason.BAD_DATE,
    "date_from_datetime_inexact": Reason.BAD_DATE,
    "string_too_long": Reason.TOO_LONG,
    "string_too_short": Reason.MISSING_FIELD,
    "greater_than_equal": Reason.OUT_OF_RANGE,
    "less_than_equal": Reason.OUT_OF_RANGE,
    "less_than": Reason.OUT_OF_RANGE,
    "value_error": Reason.OUT_OF_RANGE,
    "string_pattern_mismatch": Reason.WRONG_TYPE,
    "json_invalid": Reason.NOT_JSON,
    "model_type": Reason.NOT_AN_OBJECT,
    "model_attributes_type": Reason.NOT_AN_OBJECT,
    "recursion_loop": Reason.NOT_JSON,
}
_TOKEN_FIELDS = frozenset({"token", "block", "previous_passport_tokens"})


def encode(record: Record) -> bytes:
    """The record as UTF-8 JSON; fields that are unknown (None) are left out."""
    # pydantic's own serializer: `model_dump_json` would make a text of its bytes, which had to be encoded again
    return record.__pydantic_serializer__.to_json(record, exclude_none=True)


def headers_of(record: Record, *, identifier: str, source: str) -> Headers:
    """CloudEvents 1.0 attributes in Kafka's binary mode."""
    kind = getattr(record, "record", type(record).__name__)
    headers = [*_BEFORE_ID, ("ce_id", identifier.encode())]
    headers += _after_id(kind, record.schema_version, source)
    return headers


@lru_cache(maxsize=256)
def _after_id(kind: str, version: int, source: str) -> tuple[tuple[str, bytes], ...]:
    return ("ce_source", source.encode()), ("ce_type", f"id.lintas.{kind}.v{version}".encode())


def decode(model: type[R], value: bytes | None) -> R:
    """Read one record of a known kind.

    Raises:
        RecordRejected: with the first reason found; its text holds no value of the record.
    """
    data = _checked_bytes(value, MAX_REFUSAL_BYTES if model is Rejected else MAX_RECORD_BYTES)
    try:
        # what `model_validate_json` calls after checks of its arguments that are of no use here
        read: R = model.__pydantic_validator__.validate_json(data, strict=True)
        return read
    except ValidationError as error:
        refuse(error, data)


def decode_fact(topic: str, key: bytes | None, value: bytes | None) -> Fact:
    """Read what stands in an input topic and check that it may stand there under that key.

    Raises:
        RecordRejected: see `decode`; also for another province's checkpoint and for a key that is not the block.
    """
    if topic in TRANSIT:
        event = decode(TransitEvent, value)
        check_place(event, topic)
        check_key(event.block, key)
        return event
    if topic == REPORTS:
        report = decode(CommunityReport, value)
        check_key(report.block, key)
        return report
    if topic == SUPPRESSIONS:
        suppression = decode(Suppression, value)
        check_key(suppression.block, key)
        return suppression
    if topic == POLICIES:
        version = decode(PolicyVersion, value)
        check_key(None, key)
        return version
    if topic == DEPARTURES:
        if _kind_of(value) == "heartbeat":
            return decode(Heartbeat, value)
        departure = decode(Departure, value)
        check_key(departure.block, key)
        return departure
    msg = f"{topic} is not an input topic"
    raise ValueError(msg)


def check_place(event: TransitEvent, topic: str) -> None:
    """Refuse a crossing that stands in another province's topic, or whose checkpoint is not that province's."""
    province = topic.removeprefix("transit.")
    known = reference.province_of(event.checkpoint_id)
    if known is event.province and known == province:
        return
    if event.checkpoint_id not in reference.checkpoints():
        raise RecordRejected(Reason.UNKNOWN_CHECKPOINT, "not in the reference list", field="checkpoint_id")
    raise RecordRejected(Reason.WRONG_PROVINCE, f"does not belong to {topic}", field="checkpoint_id")


def check_key(block: str | None, key: bytes | None) -> None:
    """Refuse a record whose Kafka key is not its block: it would be matched in the wrong lane."""
    if (key or b"") != (block or "").encode():
        raise RecordRejected(Reason.KEY_MISMATCH, "the Kafka key is not the block of the record", field="block")


def refuse(error: ValidationError, data: bytes = b"") -> NoReturn:
    """Turn pydantic's error into a refusal; only names of fields and expected forms pass, never a value.

    Raises:
        RecordRejected: always.
    """
    first = error.errors(include_input=False, include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    kind = first["type"]
    reason = _REASONS.get(kind, Reason.WRONG_TYPE)
    message = str(first["msg"])
    leaf = field.rsplit(".", 1)[-1]
    if kind == "json_invalid":
        reason, message = _why_not_json(data)
    elif kind == "string_pattern_mismatch":
        reason, message = _why_no_match(leaf)
    elif field == "schema_version":
        reason = Reason.UNSUPPORTED_VERSION
    raise RecordRejected(reason, message, field=field) from None


def _why_no_match(leaf: str) -> tuple[Reason, str]:
    if leaf.endswith("_token") or leaf in _TOKEN_FIELDS or leaf.isdigit():
        return Reason.BAD_TOKEN, "not a token of the form key-id:base32"
    return Reason.WRONG_TYPE, "not of the documented form"


def _checked_bytes(value: bytes | None, limit_bytes: int) -> bytes:
    if not value or not value.strip():
        raise RecordRejected(Reason.EMPTY, "the record is empty")
    if len(value) > limit_bytes:
        raise RecordRejected(Reason.TOO_LARGE, f"the record has {len(value)} bytes")
    return value


def _why_not_json(data: bytes) -> tuple[Reason, str]:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return Reason.NOT_UTF8, f"not UTF-8 at byte {error.start}"
    return Reason.NOT_JSON, "not a complete JSON document"


def _kind_of(value: bytes | None) -> str:
    """Departures and heartbeats share a topic; a record that does not name its kind is known by its fields."""
    if value is None or b"complete_up_to" not in value[:MAX_RECORD_BYTES]:
        return "departure"
    try:
        body: Any = json.loads(value)
    except (ValueError, RecursionError):
        return "departure"
    if not isinstance(body, dict):
        return "departure"
    named = body.get("record")
    if isinstance(named, str):
        return named
    return "heartbeat" if "departure_id" not in body else "departure"
