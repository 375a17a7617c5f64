"""What makes the producer cheaper changes nothing of what it sends."""

from __future__ import annotations

import random

import pytest
from kafka.partitioner import DefaultPartitioner
from kafka.record import _crc32c, default_records

from producers.quickening import BlockPartitioner, use_native_checksums


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
