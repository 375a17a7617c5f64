"""What a batch says, as Kafka records that fit: assessments and refusals with CloudEvents headers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from zlib import crc32

from schemas.codec import MAX_RECORD_BYTES, Headers, encode, headers_of
from schemas.topics import ASSESSMENTS, CLUSTER_MEMBERS, CLUSTERS
from schemas.verdicts import Assessment, Cluster
from streams.admission import Refused
from streams.clusters.membership import Membership
from streams.topology import DEFAULT_LIMIT_BYTES

SOURCE = "lintas/matcher"
ENVELOPE_BYTES = 2_048
"""More than the headers, lengths and the batch's own head take."""
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
    partition: int | None = None
    """None = the lane's own."""


def outputs_of(
    verdicts: Iterable[Assessment | Cluster],
    refusals: Iterable[Refused],
    *,
    position: str,
    limits: Mapping[str, int],
    topic: str = ASSESSMENTS,
    members: Iterable[Membership] = (),
    partitions: int = 1,
) -> list[Output]:
    """All records of one transaction.

    `position` names the transaction (lane and input offsets): the same verdict may be said again later, and its
    CloudEvents id must then be another one. `limits` has the greatest record by topic, bytes; the members of groups
    are spread over `partitions`.
    """
    room = min(limits.get(topic, DEFAULT_LIMIT_BYTES), MAX_RECORD_BYTES)  # more, no reader would take
    said = [
        assessment_output(v, position, room, topic) if isinstance(v, Assessment) else cluster_output(v, position)
        for v in verdicts
    ]
    for membership in members:
        said += member_outputs(membership, partitions)
    return said + [refusal_output(r, limits.get(r.topic, DEFAULT_LIMIT_BYTES)) for r in refusals]


def assessment_output(assessment: Assessment, position: str, limit_bytes: int, topic: str = ASSESSMENTS) -> Output:
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
    return Output(topic, assessment.block.encode(), value, headers)


def member_outputs(membership: Membership, partitions: int) -> list[Output]:
    """The record once under each key. Without headers: only our own lanes read it."""
    value = encode(membership.member)
    places = [key.encode() for key in membership.keys]
    # not Kafka's own hash, which takes ten times as long: one program writes and reads this topic
    return [Output(CLUSTER_MEMBERS, key, value, [], crc32(key) % partitions) for key in places]


def cluster_output(cluster: Cluster, position: str) -> Output:
    """The state of a group as a record; its lists are capped, so it fits."""
    return Output(
        topic=CLUSTERS,
        key=cluster.cluster_id.encode(),
        value=encode(cluster),
        headers=headers_of(cluster, identifier=f"{cluster.cluster_id}/{position}", source=SOURCE),
    )


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
