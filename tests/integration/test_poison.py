"""Another program writes what it likes into the topics: no lane stops, all of it is accounted for and can be mended."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from kafka import KafkaProducer

from lintas.keys import read_key
from producers.crossings import read_crossing
from producers.rows import Row as FileRow
from schemas.codec import encode
from schemas.topics import ASSESSMENTS, CLUSTERS, DEPARTURES, REJECTED, REPORTS, REVIEWS, TRANSIT
from streams.admission import partition_of
from tests.integration.known import BATAM, ENTIKONG, NUNUKAN, Traveller, crossing
from tests.integration.stacked import Stack, assert_balanced, difference

pytestmark = pytest.mark.stack
PARTITIONS = 4
PLACES = dict(zip(TRANSIT, (BATAM, ENTIKONG, NUNUKAN), strict=True))
LARGE = bytes(range(256)) * 3_600
JUNK = (
    None,
    b"",
    b"   ",
    b"\x00\xff\xfe binary \x80",
    LARGE,
    b"not json",
    b"[1, 2]",
    b"[" * 200_000,
    b'{"event_id": NaN}',
    b'{"schema_version": 99}',
    b'{"record": "heartbeat", "complete_up_to": 1}',
)


@pytest.fixture
def producer(stack: Stack) -> Iterator[KafkaProducer]:
    made = KafkaProducer(bootstrap_servers=stack.kafka, max_request_size=2 << 20, linger_ms=5)
    yield made
    made.close()


def message(stack: Stack, event_id: str, topic: str, lane: int, nth: int) -> tuple[bytes, bytes]:
    """Key and value of a good crossing of a traveller whose lane it is."""
    key = read_key(stack.directory / "keys" / "linkage.key")
    for day in range(1_000):
        born = date(1970, 1, 1) + timedelta(days=day * 10 + nth)
        who = Traveller(number=nth, world=0, name="APOLONIA TEFA", born=born)
        cells = {k: str(v) for k, v in crossing(event_id, who, place=PLACES[topic]).items()}
        found, _ = read_crossing(FileRow(line=1, cells=cells, original=()), key=key, province=None)
        assert found.topic == topic
        if partition_of(found.key or b"", PARTITIONS) == lane:
            return found.key or b"", encode(found.record)
    raise AssertionError("no birth date for the lane")


def send(producer: KafkaProducer, topic: str, lane: int, key: bytes | None, value: bytes | None) -> None:
    producer.send(topic, key=key, value=value, partition=lane).get(timeout=20)


@pytest.mark.twice
def test_poison_in_every_lane_stops_none_is_accounted_for_and_what_can_be_mended_is_sent_again(
    stack: Stack, producer: KafkaProducer
) -> None:
    accounts = stack.accounting()
    listed = len(stack.run("rejected", "--format", "json", "--stage", "matcher").rows)
    mendable, lost = [], 0
    for lane in range(PARTITIONS):
        for topic in (*TRANSIT, DEPARTURES, REPORTS):
            for junk in JUNK:
                send(producer, topic, lane, b"key", junk)
                lost += 1
        for nth, topic in enumerate(TRANSIT):
            name = f"poison-{topic}-{lane}"
            key, value = message(stack, f"{name}-key", topic, lane, nth)
            send(producer, topic, lane, b"another key", value)
            key, value = message(stack, f"{name}-lane", topic, (lane + 1) % PARTITIONS, nth)
            send(producer, topic, lane, key, value)
            mendable += [f"{name}-key", f"{name}-lane"]
            other = TRANSIT[(nth + 1) % 3]
            key, value = message(stack, f"{name}-place", topic, lane, nth)
            send(producer, other, lane, key, value)
            lost += 1
    good = []
    for lane in range(PARTITIONS):
        for nth, topic in enumerate(TRANSIT):
            key, value = message(stack, f"poison-{topic}-{lane}-good", topic, lane, nth)
            send(producer, topic, lane, key, value)
            good.append(f"poison-{topic}-{lane}-good")
    stack.wait()
    assert stack.flags("poison-").keys() == set(good), "a lane stands still"
    refused = stack.run("rejected", "--format", "json", "--stage", "matcher").rows[: lost + len(mendable)]
    assert len(stack.run("rejected", "--format", "json", "--stage", "matcher").rows) == listed + lost + len(mendable)
    assert {row["reason"] for row in refused} >= {
        *("empty", "too_large", "not_utf8", "not_json", "not_an_object", "key_mismatch", "wrong_partition"),
        "wrong_province",
    }
    spoilt = PARTITIONS * (len(JUNK) + 1)
    after = stack.accounting()
    assert_balanced(after)
    each = {"assessed": PARTITIONS, "rejected": spoilt + 2 * PARTITIONS, "duplicate": 0}
    each["published"] = each["assessed"] + each["rejected"]
    assert difference(accounts, after) == dict.fromkeys(("kepri", "kalbar", "kaltara"), each)

    told = stack.run("replay-rejected").out
    assert re.match(r"(\d+) sent again", told), told
    stack.wait()
    assert stack.flags("poison-").keys() == {*good, *mendable}
    mended = stack.accounting()
    assert_balanced(mended)
    for gain in difference(after, mended).values():
        assert gain["assessed"] == 2 * PARTITIONS
        assert gain["rejected"] == 0
    stack.run("replay-rejected")
    stack.wait()
    again = stack.accounting()
    assert_balanced(again)
    assert all(gain["assessed"] == gain["rejected"] == 0 for gain in difference(mended, again).values())


def test_poison_in_the_topics_that_the_loader_reads_does_not_stop_it(stack: Stack, producer: KafkaProducer) -> None:
    for topic in (ASSESSMENTS, CLUSTERS, REVIEWS, *REJECTED):
        for junk in JUNK:
            for lane in range(PARTITIONS):
                send(producer, topic, lane, b"key", junk)
    for lane in range(PARTITIONS):
        key, value = message(stack, f"after-poison-{lane}", TRANSIT[0], lane, 4)
        send(producer, TRANSIT[0], lane, key, value)
    stack.wait()
    assert len(stack.flags("after-poison-")) == PARTITIONS
    assert_balanced(stack.accounting())
    assert stack.parts()["loader"]["restarts"] == 0
    assert stack.parts()["matcher"]["restarts"] == 0


def test_a_refused_record_is_kept_whole_in_the_topic(stack: Stack, producer: KafkaProducer) -> None:
    value = json.dumps({"poison": "whole"}).encode()
    sent = producer.send(TRANSIT[2], key=b"odd", value=value, partition=1).get(timeout=20)
    stack.wait()
    exported = stack.run("rejected", "--with-payload", "--format", "json").rows
    mine = [row for row in exported if (row["topic"], row["partition"], row["offset"]) == (TRANSIT[2], 1, sent.offset)]
    assert [row["record"] for row in mine] == [{"poison": "whole"}]
