"""Kafka as the loader sees it: records of all its topics, and positions that are committed by hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import AuthorizationError, KafkaConnectionError, KafkaError
from kafka.net.compat import KafkaNetClient

from schemas.brokers import BrokerKind
from sinks.compiled import use_compiled_records
from sinks.settings import GROUP, Settings

BOOTSTRAP_MS = 5_000
ASSIGNMENT_POLL_MS = 1_000
"""kafka-python polled with less than this can stay in its group without partitions."""
EMPTY_ASSIGNMENT_SECONDS = 30.0
"""So long without partitions before the consumer is made anew; doubled each time: a spare loader has none in peace."""
SILENCE_SECONDS, ANSWER_MS = 3.0, 3_000
"""So long without a record before the broker is asked whether it is there, and how long it may think: kafka-python's
poll gives nothing, and says nothing, while no broker answers."""
GLANCE_MS, PAUSE_SECONDS = 2, 0.06
"""How the embedded broker is polled, which answers an empty fetch at once."""
FETCH_BYTES = 4 << 20
"""Of one partition at once: with the usual megabyte a loader that is far behind waits for its next answer."""
COMMIT_MS = 5_000
REFUSED_SECONDS = 10.0
"""So long may the group refuse commits; then the consumer is made anew, for some never join again by themselves."""
CLOSE_MS = 5_000
POLL_MS = 60_000
"""Longest time between two polls, and so the longest that a loader which hangs can hold up its group's rebalance."""

log = structlog.get_logger("sinks")


class FeedError(Exception):
    """Kafka does not let the loader read; the text says what to change."""


class NotYet(Exception):
    """Kafka answers but is not ready for the loader; the text says what is missing. Open it again later."""


class Delivery(Protocol):
    """A record as the client hands it over."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


Positions = Mapping[Any, Any]
"""kafka-python's TopicPartition → OffsetAndMetadata: how far a reader is, transaction markers included."""


class Feed:
    """A consumer that survives what happens to brokers and to its group."""

    def __init__(self, settings: Settings, topics: Sequence[str], *, group: str = GROUP) -> None:
        self._settings, self._topics, self._group = settings, tuple(topics), group
        self._consumer: Any = None
        self._committed: dict[Any, int] = {}
        self._empty_since = 0.0
        self._heard = 0.0
        self._refused_since: float | None = None
        self._patience_seconds = EMPTY_ASSIGNMENT_SECONDS

    def open(self) -> None:
        """Connect and ask for the partitions.

        Raises:
            KafkaError, OSError, NotYet: no broker answers, or a topic is missing; try again.
            FeedError: reading is not allowed.
        """
        self.close()
        consumer = self._connect()
        try:
            missing = [topic for topic in self._topics if not consumer.partitions_for_topic(topic)]
            if missing:
                msg = f"the topics {', '.join(missing)} do not exist, or may not be described"
                raise NotYet(msg)
            if self._settings.broker_kind is BrokerKind.EMBEDDED:
                consumer.assign([TopicPartition(t, p) for t in self._topics for p in consumer.partitions_for_topic(t)])
            else:
                consumer.subscribe(self._topics)
        except BaseException:
            dismiss(consumer)
            raise
        self._consumer, self._committed, self._refused_since = consumer, {}, None
        self._empty_since = self._heard = time.monotonic()

    def _connect(self) -> Any:
        use_compiled_records()
        made: list[Any] = []

        def client(**configs: Any) -> Any:
            made.append(KafkaNetClient(**configs))
            return made[-1]

        try:
            return self._consumer_over(client)
        except BaseException:
            for one in made:  # a consumer that finds no broker leaves its thread and its sockets behind
                one.close()
            raise

    def _consumer_over(self, client: Callable[..., Any]) -> Any:
        consumer = KafkaConsumer(
            kafka_client=client,
            bootstrap_servers=list(self._settings.kafka),
            client_id=self._group,
            group_id=self._group,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            max_poll_records=self._settings.batch_records,
            max_partition_fetch_bytes=FETCH_BYTES,
            session_timeout_ms=self._settings.session_timeout_ms,
            heartbeat_interval_ms=self._settings.session_timeout_ms // 4,
            max_poll_interval_ms=POLL_MS,
            bootstrap_timeout_ms=BOOTSTRAP_MS,
            reconnect_backoff_max_ms=2_000,
            metrics_enabled=False,
        )
        outlive_lost_connections(consumer)
        return consumer

    def close(self) -> None:
        """Leave the group; what was not committed is delivered again."""
        consumer, self._consumer = self._consumer, None
        if consumer is None:
            return
        dismiss(consumer)

    @property
    def is_open(self) -> bool:
        """Is there a consumer?"""
        return self._consumer is not None

    @property
    def partitions(self) -> int:
        """How many partitions it has."""
        return 0 if self._consumer is None else len(self._consumer.assignment())

    def poll(self, timeout_ms: int, most: int) -> list[Delivery]:
        """Take what has come; waits so long for a first record.

        Raises:
            KafkaError, OSError, NotYet: open it again.
            FeedError: reading is not allowed.
        """
        try:
            if self._settings.broker_kind is BrokerKind.EMBEDDED:
                found = self._look_now_and_then(timeout_ms, most)
            else:
                wait_ms = timeout_ms if self._consumer.assignment() else max(timeout_ms, ASSIGNMENT_POLL_MS)
                found = self._consumer.poll(timeout_ms=wait_ms, max_records=most)
        except AuthorizationError as error:
            msg = f"Kafka does not let the loader read as group {self._group}: {type(error).__name__}"
            raise FeedError(msg) from error
        self._watch_assignment()
        self._watch_broker(bool(found))
        return [record for records in found.values() for record in records]

    def _look_now_and_then(self, timeout_ms: int, most: int) -> Any:
        """Poll with pauses: without them the answers to empty fetches would take a whole core."""
        until = time.monotonic() + timeout_ms / 1000
        while True:
            found = self._consumer.poll(timeout_ms=GLANCE_MS, max_records=most)
            left = until - time.monotonic()
            if found or left <= 0:
                return found
            time.sleep(min(left, PAUSE_SECONDS))

    def _watch_assignment(self) -> None:
        now = time.monotonic()
        if self._consumer.assignment():
            self._empty_since, self._patience_seconds = now, EMPTY_ASSIGNMENT_SECONDS
        elif now - self._empty_since > self._patience_seconds:
            self._patience_seconds *= 2
            msg = "the group gave this loader no partitions"
            raise NotYet(msg)

    def _watch_broker(self, heard: bool) -> None:
        """Ask a silent broker for a sign of life; a time-out is a KafkaError, after which a new consumer is made."""
        if not heard and time.monotonic() - self._heard > SILENCE_SECONDS:
            asked = list(self._consumer.assignment()) or [TopicPartition(self._topics[0], 0)]
            self._consumer.end_offsets(asked, timeout_ms=ANSWER_MS)
            heard = True
        if heard:
            self._heard = time.monotonic()

    def hold(self) -> None:
        """Stop taking records while the polling that keeps the membership goes on."""
        self._consumer.pause(*self._consumer.assignment())

    def release(self) -> None:
        """Take records again."""
        self._consumer.resume(*self._consumer.paused())

    def positions(self) -> Positions:
        """Where it will read on, for all its partitions: all before was given out by `poll`."""
        # `consumer.position()` says the same one partition at a time and may ask the broker each time
        return dict(self._consumer._subscription.all_consumed_offsets())

    def commit(self, positions: Positions) -> bool:
        """Commit what is new in these positions; False if the group refused or no broker answers.

        Nothing is lost then: what is not committed is delivered again.

        Raises:
            NotYet: the group has refused for long; open it again.
        """
        held = self._consumer.assignment()
        fresh = {
            partition: position
            for partition, position in positions.items()
            if partition in held and self._committed.get(partition) != position.offset
        }
        if not fresh:
            return True
        try:
            self._consumer.commit(fresh, timeout_ms=COMMIT_MS)
        except (KafkaError, OSError) as error:
            log.warning("offsets not committed, records will come again", error=type(error).__name__)
            self._committed.clear()
            self._heard = 0.0  # then ask soon whether the broker is there
            self._watch_refusals(error)
            return False
        self._refused_since = None
        self._committed.update({partition: position.offset for partition, position in fresh.items()})
        return True

    def _watch_refusals(self, error: Exception) -> None:
        now = time.monotonic()
        if self._refused_since is None:
            self._refused_since = now
        elif now - self._refused_since > REFUSED_SECONDS:
            msg = f"the group takes no offsets ({type(error).__name__})"
            raise NotYet(msg)

    def lags(self) -> dict[tuple[str, int], int]:
        """Records between the position and the end of the log, by topic and partition, as the broker told it."""
        if self._consumer is None:
            return {}
        return {
            (place.topic, place.partition): max((self._consumer.highwater(place) or 0) - position.offset, 0)
            for place, position in self.positions().items()
        }


def dismiss(consumer: Any) -> None:
    """Leave the group, and let go of thread and sockets even if the group does not answer: its own close keeps them."""
    try:
        consumer.close(autocommit=False, timeout_ms=CLOSE_MS)
    except (KafkaError, OSError) as error:
        log.warning("consumer could not leave its group", error=type(error).__name__)
    finally:
        consumer._client.close()


def outlive_lost_connections(consumer: Any) -> None:
    """Keep kafka-python's refresh of metadata alive: a raw OSError ends its loop, and then it asks a dead leader."""
    cluster = consumer._client.cluster
    refresh = cluster.refresh_metadata

    async def refresh_or_say(node_id: Any = None) -> None:
        try:
            await refresh(node_id)
        except OSError as error:
            raise KafkaConnectionError(type(error).__name__) from error

    cluster.refresh_metadata = refresh_or_say
