"""What the benchmarks do with Kafka: topics, a backlog, and how far a group has come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from bench.backlog import Message
from schemas.topics import TOPICS

PARTITIONS = 4
STARTING = {
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
}
"""What a new broker answers about a group until the offsets' topic is there."""


def create_topics(bootstrap: str, extra: Iterable[str] = ()) -> None:
    """Create every topic of the treaty, and others."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    names = [t.name for t in TOPICS] + list(extra)
    for future in admin.create_topics([NewTopic(n, PARTITIONS, 1) for n in names]).values():
        future.result()
    time.sleep(0.5)


def producer(bootstrap: str, linger_ms: int = 20) -> Producer:
    """A producer that partitions like kafka-python."""
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "partitioner": "murmur2_random",
            "linger.ms": linger_ms,
            "enable.idempotence": True,
            "queue.buffering.max.messages": 200_000,
        }
    )


def publish(bootstrap: str, messages: Iterable[Message]) -> dict[str, int]:
    """Write a backlog; gives back the number of records by topic."""
    sender, counts = producer(bootstrap), dict[str, int]()
    for number, message in enumerate(messages):
        sender.produce(message.topic, message.value, message.key)
        counts[message.topic] = counts.get(message.topic, 0) + 1
        if number % 10_000 == 0:
            sender.poll(0)
            while len(sender) > 100_000:
                sender.poll(0.1)
    sender.flush()
    return counts


class Progress:
    """How many input records a group has committed."""

    def __init__(self, bootstrap: str, group: str, topics: Iterable[str]) -> None:
        self._consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False})
        self._places = [TopicPartition(t, p) for t in topics for p in range(PARTITIONS)]

    def committed(self) -> int:
        """Records read and committed so far."""
        try:
            places = self._consumer.committed(self._places, timeout=10)
        except KafkaException as error:
            if error.args[0].code() not in STARTING:
                raise
            return 0
        return sum(max(0, place.offset) for place in places)

    def close(self) -> None:
        """End the connection."""
        self._consumer.close()


def rate(
    progress: Progress, total: int, *, spent: Callable[[], float] = lambda: 0.0, timeout_seconds: float = 600
) -> tuple[float, float, float]:
    """Wait until all is committed: records a second, the seconds that took, and what was `spent` meanwhile.

    Measured between the first commit that is seen and the last, so that neither the start of the process nor its
    first fetch counts.
    """
    first: tuple[float, int, float] | None = None
    until = time.monotonic() + timeout_seconds
    while time.monotonic() < until:
        done, now = progress.committed(), time.monotonic()
        if first is None and done > 0:
            first = (now, done, spent())
        if first is not None and done >= total:
            seconds = max(now - first[0], 1e-9)
            return (done - first[1]) / seconds, seconds, spent() - first[2]
        time.sleep(0.05)
    message = f"only {progress.committed()} of {total} records were committed in {timeout_seconds} s"
    raise TimeoutError(message)
