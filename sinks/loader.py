"""The loop from Kafka to ClickHouse: poll → decode → insert → commit; what comes twice is stored once."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import structlog
from clickhouse_driver.errors import Error
from kafka.errors import KafkaError

from sinks.batch import Batch, Line
from sinks.consuming import Delivery, Feed, NotYet, Positions
from sinks.failures import Failure, classify, name_of
from sinks.metrics import Meters
from sinks.settings import Settings
from sinks.store import Store
from sinks.tables import Place
from sinks.vitals import Vitals
from sinks.waiting import Waiting

IDLE_MS = 1_000
PAGE_RECORDS = 5_000
FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 5.0
SLOW_ANSWER_SECONDS = 5.0
"""A commit or an insert that takes longer shows in the status; it has not failed yet."""
LAST_CHANCE_SECONDS = 5.0
"""How long a loader that was told to stop waits for a store that is away; then the batch is left to the next one."""

log = structlog.get_logger("sinks")
T = TypeVar("T")


class Abandoned(Exception):
    """The loader was told to stop before the store was back: nothing is committed."""


class Loader:
    """One consumer and one client, in one thread."""

    def __init__(self, settings: Settings, feed: Feed, store: Store) -> None:
        self._settings, self._feed, self._store = settings, feed, store
        self._carried: list[Delivery] = []
        self._kafka_waits = waits()
        self._last_insert = 0.0
        self._told_to_stop: float | None = None
        self._asked: tuple[str, float] | None = None
        self.waiting = Waiting(settings.kafka_name)
        self.meters = Meters()
        self.vitals = Vitals(self.meters)
        self.rows: Counter[str] = Counter()
        self.refused = 0
        self.batches = 0
        self.lag = 0
        self.partitions = 0

    def stop(self) -> None:
        """End after the batch at hand; may be called from a signal handler."""
        self._told_to_stop = time.monotonic()

    @property
    def stopping(self) -> bool:
        """Was it told to stop?"""
        return self._told_to_stop is not None

    @property
    def waiting_for(self) -> str:
        """What it waits for, with its address; empty = nothing."""
        asked = self._asked
        if asked is not None and time.monotonic() - asked[1] > SLOW_ANSWER_SECONDS:
            return asked[0]
        return self.waiting.what

    def run(self) -> None:
        """Load until told to stop.

        Raises:
            FatalStoreError: the tables do not fit.
            FeedError: reading is not allowed.
        """
        try:
            while not self.stopping:
                self.step()
        except Abandoned:
            log.warning("stopped while the store was away: the records will come again")
        finally:
            self._feed.close()
            self._store.close()

    def step(self) -> None:
        """One batch, or a second without one."""
        try:
            if not self._feed.is_open:
                self._open()
            batch = self._gather()
            positions = self._feed.positions()
            self._insert(batch)
            self._commit(positions)
            self._look(moved=batch.records > 0)
        except (KafkaError, OSError, NotYet) as error:
            self._reopen_later(error)

    def _commit(self, positions: Positions) -> None:
        self._asked = (self._settings.kafka_name, time.monotonic())
        try:
            if self._feed.commit(positions):
                self.waiting.over()
            else:
                self.meters.uncommitted.inc()
                self.waiting.begin(self._settings.kafka_name, "the offsets were not committed")
        finally:
            self._asked = None

    def _look(self, *, moved: bool = False) -> None:
        lags = self._feed.lags()
        self.lag, self.partitions = sum(lags.values()), self._feed.partitions
        self.vitals.turn(self.waiting_for)
        self.vitals.look(lags, moved=moved)

    def _open(self) -> None:
        self._carried.clear()  # a new consumer begins at the committed offsets
        self._feed.open()
        self._kafka_waits = waits()
        self.waiting.over()

    def _reopen_later(self, error: Exception) -> None:
        why = str(error) if isinstance(error, NotYet) else type(error).__name__
        self.waiting.begin(self._settings.kafka_name, why)
        self.meters.again("kafka", type(error).__name__)
        self._feed.close()
        self._look()
        time.sleep(next(self._kafka_waits))

    def _gather(self) -> Batch:
        """Poll and decode until the pace is kept, the log is exhausted or the batch is full."""
        batch = Batch()
        records = self._carried + self._feed.poll(IDLE_MS, PAGE_RECORDS)
        self._carried = []
        first = time.monotonic()
        while True:
            for record in records:
                place = Place(
                    topic=record.topic,
                    partition=record.partition,
                    offset=record.offset,
                    timestamp_ms=record.timestamp,
                )
                batch.add(record.key, record.value, place)
            left_seconds = self._seconds_left(first, full_page=len(records) >= PAGE_RECORDS)
            full = batch.records >= self._settings.batch_records or batch.payload_bytes >= self._settings.batch_bytes
            if not batch.records or self.stopping or full or left_seconds <= 0:
                return batch
            records = self._feed.poll(max(int(left_seconds * 1000), 1), PAGE_RECORDS)

    def _seconds_left(self, first: float, *, full_page: bool) -> float:
        now = time.monotonic()
        if full_page:  # the log is far ahead: large inserts
            return first + self._settings.gather_ms / 1000 - now
        return self._last_insert + self._settings.pace_ms / 1000 - now

    def _insert(self, batch: Batch) -> None:
        if not batch.records:
            return
        refused: list[Line] = []
        for table, lines in batch.filled().items():
            refused += self._persist(table, lines)
        if refused:
            self._persist("rejected", refused)
            self.refused += len(refused)
            log.warning("records refused by the store", records=len(refused), table="rejected")
        self._last_insert = time.monotonic()
        self.batches += 1
        self.meters.stored(batch.records)

    def _persist(self, table: str, lines: Sequence[Line]) -> list[Line]:
        """Insert however long it takes; meanwhile the partitions are held and the polling goes on."""
        refused = self._until_there(lambda: self._timed(table, lines))
        self.rows[table] += len(lines) - len(refused)
        return refused

    def _timed(self, table: str, lines: Sequence[Line]) -> list[Line]:
        begun = time.monotonic()
        refused = self._store.insert(table, lines)
        self.meters.inserted(table, lines, len(refused), time.monotonic() - begun)
        self.vitals.turn("")
        return refused

    def _until_there(self, attempt: Callable[[], T]) -> T:
        held = False
        try:
            for wait in waits():
                self._asked = (self._settings.store.name, time.monotonic())
                try:
                    return attempt()
                except (Error, OSError, EOFError) as error:
                    if classify(error) is not Failure.BUSY:
                        raise
                    self._say_waiting(error)
                finally:
                    self._asked = None
                self._keep_membership(wait)
                held = True
        finally:
            self.waiting.over()
            if held and self._feed.is_open:
                self._feed.release()
        raise AssertionError  # the waits have no end

    def _say_waiting(self, error: BaseException) -> None:
        self.waiting.begin(self._settings.store.name, name_of(error))
        self.meters.again("clickhouse", name_of(error))
        if self._told_to_stop is not None and time.monotonic() - self._told_to_stop > LAST_CHANCE_SECONDS:
            raise Abandoned

    def _keep_membership(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._feed.hold()  # each time: a rebalance may have brought partitions that are not held
            self._carried += self._feed.poll(int(min(left, 1.0) * 1000) + 1, PAGE_RECORDS)
            self._look()

    def status(self) -> dict[str, Any]:
        """What it says of itself."""
        waiting_for = self.waiting_for
        return {
            "ready": self.partitions > 0 and not waiting_for,
            "waiting_for": waiting_for,
            "partitions": self.partitions,
            "lag": self.lag,
            "batches": self.batches,
            "rows": dict(self.rows),
            "refused": self.refused,
            "metrics": self.vitals.address,
            "live": self.vitals.live(time.monotonic()).ok,
            "why": self.vitals.live(time.monotonic()).why or self.vitals.ready().why,
        }


def waits() -> Iterator[float]:
    """Seconds between attempts: doubling to a limit, with jitter so that loaders do not all come at once."""
    seconds = FIRST_WAIT_SECONDS
    while True:
        yield seconds * random.uniform(0.5, 1.0)
        seconds = min(seconds * 2, LONGEST_WAIT_SECONDS)
