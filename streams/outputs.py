"""What a batch says, as Kafka records that fit: assessments and refusals with CloudEvents headers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from schemas.codec import MAX_RECORD_BYTES, Headers, encode, headers_of
from schemas.topics import ASSESSMENTS
from schemas.verdicts import Assessment
from streams.admission import Refused

SOURCE = "lintas/matcher"
ENVELOPE_BYTES = 2_048
"""More than the headers, lengths and the batch's own head take."""
DEFAULT_LIMIT_BYTES = 1_048_588
"""Kafka's own default of `max.message.bytes`."""
KEPT_EVIDENCE = 20
LONGEST_KEY_BYTES = 1_024
SHORTENED = "evidence:shortened"


class Output(NamedTuple):
    """One record to write."""

    # a frozen dataclass takes 0.7 µs to make, this 0.4, and there is one a verdict
    topic: str
    key: bytes | None
    value: bytes
    headers: Headers


def outputs_of(
    assessments: Iterable[Assessment], refusals: Iterable[Refused], *, position: str, limits: Mapping[str, int]
) -> list[Output]:
    """All records of one transaction.

    `position` names the transaction (lane and input offsets): the same verdict may be said again later, and its
    CloudEvents id must then be another one. `limits` has the greatest record by topic, bytes.
    """
    room = min(limits.get(ASSESSMENTS, DEFAULT_LIMIT_BYTES), MAX_RECORD_BYTES)  # more, no reader would take
    said = [assessment_output(assessment, position, room) for assessment in assessments]
    return said + [refusal_output(r, limits.get(r.topic, DEFAULT_LIMIT_BYTES)) for r in refusals]


def assessment_output(assessment: Assessment, position: str, limit_bytes: int) -> Output:
    """The verdict as a record; findings that name so much that it would not fit name the first few facts only."""
    value = encode(assessment)
    if len(value) + ENVELOPE_BYTES > limit_bytes:
        findings = tuple(f.model_copy(update={"evidence": f.evidence[:KEPT_EVIDENCE]}) for f in assessment.findings)
        value = encode(
            assessment.model_copy(update={"findings": findings, "missing": (*assessment.missing, SHORTENED)})
        )
    # joined, not formatted: to format a member of an enum takes as long as all the rest
    identifier = "/".join((assessment.province, assessment.event_id, position))
    headers = headers_of(assessment, identifier=identifier, source=SOURCE)
    return Output(ASSESSMENTS, assessment.block.encode(), value, headers)


def refusal_output(refused: Refused, limit_bytes: int) -> Output:
    """The refusal as a record; one that would not fit says where its bytes stand in place of carrying them."""
    record, key = refused.record, refused.key
    value = encode(record)
    if len(value) + len(key or b"") + ENVELOPE_BYTES > limit_bytes:
        place = f"{record.topic} partition {record.partition} offset {record.offset}"
        message = f"{record.message}; too large to be carried here: its bytes stand in {place}"
        changes: dict[str, object] = {"payload_base64": None, "message": message}
        if len(key or b"") > LONGEST_KEY_BYTES:
            key = None
            changes["key_base64"] = None
        record = record.model_copy(update=changes)
        value = encode(record)
    return Output(
        topic=refused.topic,
        key=key,
        value=value,
        headers=headers_of(record, identifier=f"{record.topic}/{record.partition}/{record.offset}", source=SOURCE),
    )
