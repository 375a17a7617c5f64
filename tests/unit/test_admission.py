"""What passes the gate, what is refused, and that a refusal carries the record whole."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka.partitioner import murmur2 as aiokafka_murmur2
from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner import murmur2 as kafka_murmur2

from schemas.codec import MAX_RECORD_BYTES, decode, encode
from schemas.errors import Reason
from schemas.topics import ASSESSMENTS, INPUTS
from schemas.verdicts import Assessment, Finding, Rejected
from schemas.vocabulary import Direction, DocumentType, Province, Status
from streams.admission import Refused, admit, admit_all, murmur2, partition_of
from streams.casebook import Admitted
from streams.outputs import SHORTENED, Output, assessment_output, outputs_of, refusal_output
from tests.people import T0, crossing, departure, heartbeats, report

LANES = 4


@dataclass(frozen=True)
class Delivered:
    """A record as a client would hand it over."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int = 0
    offset: int = 7
    timestamp: int = 1_772_416_800_000


def delivered(fact: Any, topic: str = "transit.kepri", **changes: Any) -> Delivered:
    key = fact.block.encode() if getattr(fact, "block", None) else None
    place = {"key": key, "value": encode(fact), "partition": partition_of(key, LANES) if key else 0}
    return Delivered(topic=topic, **(place | changes))


def refusal(delivery: Delivered) -> Refused:
    result = admit(delivery, LANES)
    assert isinstance(result, Refused)
    return result


ODDITIES = [
    good := delivered(crossing()),
    delivered(crossing(checkpoint_id="ID-61-ETK", province=Province.KALBAR)),
    delivered(crossing(checkpoint_id="ID-61-ETK", province=Province.KEPRI)),
    delivered(crossing(checkpoint_id="ID-99-XXX")),
    delivered(crossing(), partition=(good.partition + 1) % LANES),
    delivered(departure()),
    delivered(departure(block=None)),
    delivered(report()),
    delivered(heartbeats()[0]),
    replace(good, key=None),
    replace(good, key=b""),
    *(replace(good, key=b"other %d" % number) for number in range(2 * LANES)),
    replace(good, key=(good.key or b"") + b"\xff"),
    replace(good, key=(good.key or b"") + b" "),
    replace(good, value=None),
    replace(good, value=b"{}"),
    replace(good, value=b"\xff"),
    replace(good, value=(good.value or b"").ljust(MAX_RECORD_BYTES)),
    replace(good, value=(good.value or b"").ljust(MAX_RECORD_BYTES + 1)),
]
"""One delivery of every kind that the gate tells apart."""


@given(st.binary(max_size=80))
def test_keys_fall_where_other_clients_put_them(key: bytes) -> None:
    assert murmur2(key) == kafka_murmur2(key) % 2**32 == aiokafka_murmur2(key) % 2**32


@pytest.mark.parametrize(
    ("fact", "topic"),
    [
        (crossing(), "transit.kepri"),
        (departure(), "departures"),
        (report(), "reports"),
        (heartbeats()[0], "departures"),
    ],
)
def test_a_good_record_is_admitted_with_the_digest_of_its_bytes(fact: Any, topic: str) -> None:
    delivery = delivered(fact, topic)
    assert admit(delivery, LANES) == Admitted(fact, hashlib.blake2b(delivery.value or b"", digest_size=16).digest())


@given(st.lists(st.tuples(st.sampled_from(range(len(ODDITIES))), st.sampled_from(INPUTS)), max_size=12))
def test_a_batch_is_parted_as_its_records_are_one_by_one(chosen: list[tuple[int, str]]) -> None:
    deliveries = [replace(ODDITIES[number], topic=topic, offset=at) for at, (number, topic) in enumerate(chosen)]
    one_by_one = [admit(delivery, LANES) for delivery in deliveries]
    assert admit_all(deliveries, LANES) == (
        [result for result in one_by_one if isinstance(result, Admitted)],
        [result for result in one_by_one if isinstance(result, Refused)],
    )


def test_facts_for_every_lane_are_admitted_in_every_partition() -> None:
    for fact, topic in [
        (departure(block=None), "departures"),
        (report(block=None), "reports"),
        (heartbeats()[0], "departures"),
    ]:
        for partition in range(LANES):
            assert isinstance(admit(delivered(fact, topic, partition=partition), LANES), Admitted)


def test_a_record_in_another_lane_than_its_block_is_refused() -> None:
    right = delivered(crossing()).partition
    for partition in set(range(LANES)) - {right}:
        assert refusal(delivered(crossing(), partition=partition)).record.reason is Reason.WRONG_PARTITION


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"value": None}, Reason.EMPTY),
        ({"value": b""}, Reason.EMPTY),
        ({"value": b"\xff\xfe"}, Reason.NOT_UTF8),
        ({"value": b"{"}, Reason.NOT_JSON),
        ({"value": b"[" * 100_000}, Reason.NOT_JSON),
        ({"value": b"[]"}, Reason.NOT_AN_OBJECT),
        ({"value": b"{}"}, Reason.MISSING_FIELD),
        ({"value": b" " * MAX_RECORD_BYTES + b"{}"}, Reason.TOO_LARGE),
        ({"key": b"other"}, Reason.KEY_MISMATCH),
        ({"key": None}, Reason.KEY_MISMATCH),
        ({"topic": "transit.kalbar"}, Reason.WRONG_PROVINCE),
    ],
)
def test_a_refusal_carries_the_record_whole(changes: dict[str, Any], reason: Reason) -> None:
    delivery = delivered(crossing(), **changes)
    result = refusal(delivery)
    record = result.record
    assert record.reason is reason
    assert result.topic == delivery.topic.replace("transit", "rejected")
    assert result.key == delivery.key
    assert (record.topic, record.partition, record.offset) == (delivery.topic, delivery.partition, delivery.offset)
    assert base64.b64decode(record.payload_base64 or "") == (delivery.value or b"")
    assert (record.payload_base64 is None) == (delivery.value is None)
    assert (record.key_base64 is None) == (delivery.key is None)
    assert base64.b64decode(record.key_base64 or "") == (delivery.key or b"")
    assert record.digest == hashlib.sha256(delivery.value or b"").hexdigest()
    assert record.happened_at == datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    assert refusal(delivery) == result


@pytest.mark.parametrize(("timestamp", "year"), [(-1, 1970), (-(2**63), 1970), (2**63 - 1, 9999)])
def test_no_timestamp_of_a_sender_breaks_a_refusal(timestamp: int, year: int) -> None:
    record = refusal(delivered(crossing(), value=b"?", timestamp=timestamp)).record
    assert record.happened_at.year == year
    assert decode(Rejected, encode(record)) == record


@given(
    st.sampled_from(INPUTS),
    st.none() | st.binary(max_size=40),
    st.none() | st.binary(max_size=200) | st.text(max_size=100).map(lambda t: t.encode()),
    st.integers(-(2**63), 2**63 - 1),
)
def test_no_bytes_stop_the_gate(topic: str, key: bytes | None, value: bytes | None, timestamp: int) -> None:
    result = admit(Delivered(topic=topic, key=key, value=value, timestamp=timestamp), LANES)
    assert isinstance(result, Refused)
    assert decode(Rejected, refusal_output(result, 1_000_000).value) == result.record


@given(
    st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda c: st.lists(c), max_leaves=5), st.data()
)
def test_no_field_of_a_record_stops_the_gate(value: Any, data: st.DataObject) -> None:
    body = json.loads(encode(crossing()))
    body[data.draw(st.sampled_from(sorted(body)))] = value
    result = admit(delivered(crossing(), value=json.dumps(body).encode()), LANES)
    assert isinstance(result, (Admitted, Refused))


def headers(output: Output) -> dict[str, bytes]:
    return dict(output.headers)


def test_outputs_carry_cloudevents_headers_and_their_blocks_key() -> None:
    said, refused = verdict(), refusal(delivered(crossing(), value=b"?"))
    first, second = outputs_of([said], [refused], position="2.77", limits={})
    assert (first.topic, first.key) == (ASSESSMENTS, said.block.encode())
    assert headers(first)["ce_id"] == b"kepri/e1/2.77"
    assert headers(first)["ce_type"] == b"id.lintas.assessment.v1"
    assert decode(Assessment, first.value) == said
    assert second.topic == "rejected.kepri"
    assert headers(second)["ce_id"] == f"transit.kepri/{refused.record.partition}/7".encode()


def test_a_refusal_that_would_not_fit_says_where_its_bytes_stand() -> None:
    result = refusal(delivered(crossing(), value=b"\xff" * 900_000, key=b"k" * 90_000))
    output = refusal_output(result, 1_048_588)
    assert len(output.value) + len(output.key or b"") < 10_000
    record = decode(Rejected, output.value)
    assert record.payload_base64 is None
    assert f"transit.kepri partition {result.record.partition} offset 7" in record.message
    assert record.digest == result.record.digest


def test_a_verdict_that_would_not_fit_names_the_first_facts_only() -> None:
    found = Finding(
        rule="R09",
        version=1,
        weight=50,
        evidence=tuple(f"event:kepri/{n:09}" for n in range(100_000)),
        sentence_id="a.",
        sentence_en="b.",
        clears_id="c",
        clears_en="d",
    )
    output = assessment_output(verdict(findings=(found,)), "0.0", 1_048_588)
    assert len(output.value) < 10_000
    read = decode(Assessment, output.value)
    assert read.missing == (SHORTENED,)
    assert read.findings[0].evidence == found.evidence[:20]


def verdict(**changes: Any) -> Assessment:
    event = crossing()
    fields: dict[str, Any] = {
        "event_id": event.event_id,
        "province": Province.KEPRI,
        "block": event.block,
        "checkpoint_id": event.checkpoint_id,
        "occurred_at": T0,
        "direction": Direction.OUT,
        "document_type": DocumentType.PASSPORT,
        "status": Status.PENDING,
        "score": 0,
        "policy": "0" * 16,
    }
    return Assessment(**(fields | changes))
