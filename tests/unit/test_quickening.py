"""What makes the producer cheaper changes nothing of what it sends."""

from __future__ import annotations

import random
from typing import Any

import pytest
from kafka.errors import IllegalStateError, MessageSizeTooLargeError
from kafka.partitioner import DefaultPartitioner
from kafka.record import _crc32c, default_records, memory_records
from kafka.record.memory_records import MemoryRecords, MemoryRecordsBuilder

from producers.quickening import (
    RECORD_OVERHEAD_BYTES,
    BatchBuilder,
    BlockPartitioner,
    QuickProducer,
    use_compiled_batches,
    use_native_checksums,
)
from schemas.codec import headers_of
from tests.people import crossing


class Cluster:
    """As much of kafka-python's metadata as partitioners ask for."""

    def __init__(self, count: int) -> None:
        self.ids = set(range(count))

    def topics(self) -> set[str]:
        return {"t"}

    def partitions_for_topic(self, topic: str) -> set[int]:
        return self.ids

    available_partitions_for_topic = partitions_for_topic


@pytest.mark.parametrize("count", [1, 4, 12, 13])
def test_a_block_goes_where_kafka_pythons_own_partitioner_puts_it(count: int) -> None:
    chance = random.Random(count)
    cluster = Cluster(count)
    for _ in range(500):
        key = chance.randbytes(chance.randrange(1, 40))
        wanted = DefaultPartitioner().partition("t", key, key, b"", b"", cluster)
        assert BlockPartitioner().partition("t", key, key, b"", b"", cluster) == wanted


def test_a_topic_that_grows_is_seen_at_once() -> None:
    key = b"k1:abcdefghijklmnopqrstuvwxyz"
    for count in (2, 3, 7, 24):
        wanted = DefaultPartitioner().partition("t", key, key, b"", b"", Cluster(count))
        assert BlockPartitioner().partition("t", key, key, b"", b"", Cluster(count)) == wanted


def test_the_compiled_checksum_is_that_of_kafka_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default_records, "calc_crc32c", None)
    use_native_checksums()
    data = random.Random(3).randbytes(5000)
    for form in (data, bytearray(data), memoryview(data)[61:]):
        assert default_records.calc_crc32c(form) == _crc32c.crc(bytes(form))


def batch(chance: random.Random, *, codec: int, records: int) -> bytes:
    """As kafka-python's accumulator fills, signs and closes a batch."""
    builder = MemoryRecordsBuilder(2, codec, 64 << 10)
    headers = headers_of(crossing(), identifier="kepri/e1", source="lintas/kepri")
    for number in range(records):
        key, value = chance.choice((None, b"k1:block")), b"x" * chance.randrange(200) + chance.randbytes(200)
        builder.append(1_700_000_000_000 + 7 * number, key, value, headers if number % 3 else [])
    builder.set_producer_state(4711, 3, 1_000, False)
    builder.close()
    return bytes(builder.buffer())


@pytest.mark.parametrize("codec", [0, 3])
@pytest.mark.parametrize("records", [1, 2, 130])
def test_compiled_batches_hold_what_kafka_pythons_own_hold(
    monkeypatch: pytest.MonkeyPatch, codec: int, records: int
) -> None:
    monkeypatch.setattr(memory_records, "DefaultRecordBatchBuilder", default_records.DefaultRecordBatchBuilder)
    own = batch(random.Random(records), codec=codec, records=records)
    use_compiled_batches()
    assert memory_records.DefaultRecordBatchBuilder is BatchBuilder
    compiled = batch(random.Random(records), codec=codec, records=records)
    if not codec:
        assert compiled[16:] == own[16:]  # before stand the offset and the leader's epoch, which are the broker's
    (ours,), (theirs,) = MemoryRecords(compiled), MemoryRecords(own)
    assert ours.validate_crc()
    assert (ours.producer_id, ours.producer_epoch, ours.base_sequence) == (4711, 3, 1_000)
    assert [(r.offset, r.timestamp, r.key, r.value, r.headers) for r in ours] == [
        (r.offset, r.timestamp, r.key, r.value, r.headers) for r in theirs
    ]


def test_a_batch_of_a_transaction_is_not_written_as_one_without() -> None:
    builder = BatchBuilder(2, 0, False, -1, -1, -1, 1_000)
    with pytest.raises(IllegalStateError):
        builder.set_producer_state(1, 1, 1, True)


class Handed:
    """As much of kafka-python's producer as a record passes through."""

    def __init__(self) -> None:
        self.taken: list[tuple[Any, ...]] = []
        self.woken = 0

    def append(self, place: Any, *record: Any) -> tuple[str, bool, bool, bool]:
        self.taken.append((*place, *record))
        return "future", len(self.taken) > 1, len(self.taken) == 1, False

    def wakeup(self) -> None:
        self.woken += 1


def test_the_sender_is_woken_by_a_new_batch_and_not_by_each_record_of_a_full_one() -> None:
    producer, handed = QuickProducer.__new__(QuickProducer), Handed()
    producer._closed, producer._metadata = False, Cluster(4)
    producer._accumulator = producer._sender = handed
    producer.config = {"max_request_size": 1_000, "partitioner": BlockPartitioner()}
    try:
        for value in (b"a", b"b", b"c"):
            assert producer.send("t", value, b"k1:block", [("ce_id", b"1")]) == "future"
        wanted = DefaultPartitioner().partition("t", b"k1:block", b"k1:block", b"", b"", Cluster(4))
        assert handed.taken[0] == ("t", wanted, None, b"k1:block", b"a", [("ce_id", b"1")])
        assert (len(handed.taken), handed.woken) == (3, 1)
        with pytest.raises(MessageSizeTooLargeError):
            producer.send("t", b"x" * (1_001 - RECORD_OVERHEAD_BYTES), b"k")
    finally:
        producer._closed = True
