"""What the matcher refused, sent again where it can be read now: under its own key, to its own topic."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lintas.failing import Failure, Misuse
from lintas.settings import Settings
from schemas.codec import decode, decode_fact
from schemas.errors import Reason, RecordRejected
from schemas.records import CommunityReport, Departure, Fact, Heartbeat, TransitEvent
from schemas.topics import DEPARTURES, INPUTS, REJECTED, REPORTS
from schemas.verdicts import Rejected

IDLE_SECONDS = 15.0
MOST_EXAMPLES = 10
SOURCE = "lintas/replay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A refused record, or a repaired one."""

    topic: str
    """Where it belongs."""
    place: str
    """Where it was, for people."""
    reason: Reason | None
    value: bytes


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of them."""

    sent: int = 0
    unreadable: Counter[str] = field(default_factory=Counter)
    """By reason."""
    examples: list[str] = field(default_factory=list)


def read_rejected(settings: Settings) -> Iterator[Rejected]:
    """Everything in the `rejected.*` topics up to now.

    Raises:
        Failure: Kafka stops answering on the way.
    """
    from kafka import KafkaConsumer, TopicPartition

    consumer = KafkaConsumer(
        bootstrap_servers=list(settings.kafka_or_fail()),
        client_id="lintas-replay",
        group_id=None,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        bootstrap_timeout_ms=10_000,
    )
    try:
        places = [TopicPartition(t, p) for t in REJECTED for p in consumer.partitions_for_topic(t) or ()]
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        ends = consumer.end_offsets(places)
        quiet_since = time.monotonic()
        while any(consumer.position(place) < ends[place] for place in places):
            found = consumer.poll(timeout_ms=1_000)
            if found:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > IDLE_SECONDS:
                msg = f"Kafka did not deliver the refused records within {IDLE_SECONDS:g} s: see `lintas status`"
                raise Failure(msg)
            for records in found.values():
                yield from _decoded(records)
    finally:
        consumer.close()


def read_refused(settings: Settings) -> Iterator[Candidate]:
    """The matcher's refusals that carry their record."""
    for rejected in read_rejected(settings):
        if rejected.stage == "matcher" and rejected.payload_base64 and rejected.topic in INPUTS:
            yield Candidate(
                topic=rejected.topic,
                place=f"{rejected.topic} partition {rejected.partition} offset {rejected.offset}",
                reason=rejected.reason,
                value=base64.b64decode(rejected.payload_base64),
            )


def read_repaired(path: Path) -> Iterator[Candidate]:
    """The lines of a file of repaired records: `topic`, and `record` or `payload_base64`.

    Raises:
        Misuse: the file cannot be read, or a line is not of that form.
    """
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield _repaired(path, number, line)
    except OSError as error:
        msg = f"{path} cannot be read ({error.strerror})"
        raise Misuse(msg) from None
    except UnicodeDecodeError:
        msg = f"{path} is not UTF-8"
        raise Misuse(msg) from None


def exported(rejected: Rejected) -> dict[str, Any]:
    """A refusal with its bytes, as `read_repaired` reads it: as a JSON object where they are one."""
    head = {
        "topic": rejected.topic,
        "partition": rejected.partition,
        "offset": rejected.offset,
        "stage": rejected.stage,
        "reason": rejected.reason.value,
        "field": rejected.field,
        "message": rejected.message,
    }
    payload = base64.b64decode(rejected.payload_base64 or "")
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError):
        body = None
    return head | ({"record": body} if isinstance(body, dict) else {"payload_base64": rejected.payload_base64})


def readable(topic: str, value: bytes) -> tuple[bytes | None, Fact]:
    """A record under the key that it should have.

    Raises:
        RecordRejected: it still cannot be read, or does not belong to the topic.
    """
    block = _block_of(topic, value)
    key = block.encode() if block else None
    return key, decode_fact(topic, key, value)


def send_again(settings: Settings, candidates: Iterable[Candidate]) -> Outcome:
    """Publish what can be read; count what cannot.

    Raises:
        PublishingFailed: Kafka does not take it.
        Failure: some are not known to have arrived.
    """
    from producers.messages import Message
    from producers.publisher import Publisher

    outcome = Outcome()
    with Publisher(",".join(settings.kafka_or_fail()), client_id="lintas-replay") as publisher:
        for number, one in enumerate(candidates, start=1):
            try:
                key, record = readable(one.topic, one.value)
            except RecordRejected as refusal:
                outcome.unreadable[refusal.reason.value] += 1
                if len(outcome.examples) < MOST_EXAMPLES:
                    outcome.examples.append(f"{one.place}: {refusal}")
                continue
            identifier = str(getattr(record, "event_id", "") or getattr(record, "departure_id", "") or number)
            publisher.publish(
                Message(topic=one.topic, key=key, record=record, identifier=identifier, source=SOURCE), number
            )
            outcome.sent += 1
        publisher.flush()
        lost = len(publisher.take_undelivered())
    if lost:
        msg = f"{lost} of {outcome.sent} records are not known to have arrived: run it again, copies do no harm"
        raise Failure(msg)
    return outcome


def _decoded(records: Iterable[Any]) -> Iterator[Rejected]:
    for record in records:
        try:
            yield decode(Rejected, record.value)
        except RecordRejected:
            continue  # not one of ours: the loader says so in the table


def _repaired(path: Path, number: int, line: str) -> Candidate:
    try:
        body = json.loads(line)
        topic, record, payload = body["topic"], body.get("record"), body.get("payload_base64")
        value = json.dumps(record).encode() if record is not None else base64.b64decode(payload, validate=True)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        msg = f'{path} line {number}: write {{"topic": …, "partition": …, "offset": …, "record": {{…}}}}, one a line'
        raise Misuse(msg) from None
    if topic not in INPUTS:
        msg = f"{path} line {number}: the topic must be one of {', '.join(INPUTS)}"
        raise Misuse(msg)
    reason = body.get("reason")
    known = Reason(reason) if reason in {r.value for r in Reason} else None
    return Candidate(topic=topic, place=f"{path.name} line {number}", reason=known, value=value)


def _block_of(topic: str, value: bytes) -> str | None:
    """The block that stands in the record itself."""
    if topic == REPORTS:
        return decode(CommunityReport, value).block
    if topic != DEPARTURES:
        return decode(TransitEvent, value).block
    if _heartbeat(value) is not None:
        return None
    return decode(Departure, value).block


def _heartbeat(value: bytes) -> Heartbeat | None:
    try:
        return decode(Heartbeat, value)
    except RecordRejected:
        return None
