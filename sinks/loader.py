"""The loop from Kafka to ClickHouse: poll → decode → insert → commit; what comes twice is stored once."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import structlog
from kafka.errors import KafkaError

from sinks.batch import Batch
from sinks.consuming import Delivery, Feed, NotYet, Positions
from sinks.inserting import Abandoned, Inserter
from sinks.metrics import Meters
from sinks.settings import Settings
from sinks.store import Store
from sinks.tables import Place
from sinks.vitals import Vitals
from sinks.waiting import Waiting, alarm, waits

IDLE_MS = 1_000
PAGE_RECORDS = 5_000
AHEAD_RECORDS = 5_000
"""A log that has so much more is read in large batches; a loader that keeps up inserts what there is at once."""
HOLD_MS = 25
"""How the group is polled while a batch is awaited: no records are taken then."""
PATIENCE_SECONDS = 0.5
"""An insert that takes longer is awaited with the partitions held."""
SLOW_ANSWER_SECONDS = 5.0
"""A commit or an insert that takes longer shows in the status; it has not failed yet."""
LAST_CHANCE_SECONDS = 5.0
"""How long a loader that was told to stop waits for a store that is away; then the batch is left to the next one."""

log = structlog.get_logger("sinks")


class Loader:
    """Reads in the caller's thread and inserts in another; offsets are committed when their rows are stored.

    While the log is far ahead one batch is inserted and the next one gathered at once: two are held, never more.
    """

    def __init__(self, settings: Settings, feed: Feed, store: Store) -> None:
        self.meters = Meters()
        self.vitals = Vitals(self.meters)
        self._settings, self._feed = settings, feed
        self._inserter = Inserter(store, settings.store.name, self.meters)
        self._seen_batches = 0
        self._carried: list[Delivery] = []
        self._on_the_way: Positions | None = None
        self._kafka_waits = waits()
        self._last_insert = 0.0
        self._told_to_stop: float | None = None
        self._asked: float | None = None
        self.waiting = Waiting(settings.kafka_name)
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
    def rows(self) -> Counter[str]:
        """Rows stored since the start, by table."""
        return self._inserter.rows

    @property
    def refused(self) -> int:
        """Records that the store refused since the start."""
        return self._inserter.refused

    @property
    def batches(self) -> int:
        """Batches stored since the start."""
        return self._inserter.batches

    def waits_for(self) -> tuple[str, str, float]:
        """What it waits for, with its address, why, and for how many seconds; the store before Kafka."""
        store, kafka, now = self._inserter, self._settings.kafka_name, time.monotonic()
        if store.waiting.what:
            return store.waiting.what, store.waiting.why, store.waiting.seconds
        if (silent := store.silent_seconds) > SLOW_ANSWER_SECONDS:
            return self._settings.store.name, "no answer to an insert yet", silent
        asked = self._asked
        if asked is not None and now - asked > SLOW_ANSWER_SECONDS:
            return kafka, "no answer to a commit yet", now - asked
        return self.waiting.what, self.waiting.why, self.waiting.seconds

    @property
    def waiting_for(self) -> str:
        """What it waits for, with its address; empty = nothing."""
        return self.waits_for()[0]

    def run(self) -> None:
        """Load until told to stop.

        Raises:
            FatalStoreError: the tables do not fit.
            FeedError: reading is not allowed.
        """
        try:
            while not self.stopping:
                self.step()
            self._settle()
        except Abandoned:
            log.warning("stopped while the store was away: the records will come again")
        except (KafkaError, OSError) as error:
            log.warning("stopped while Kafka was away: the records will come again", error=type(error).__name__)
        finally:
            self._inserter.close()
            self._feed.close()

    def step(self) -> None:
        """One batch, or a second without one."""
        try:
            if not self._feed.is_open:
                self._open()
            batch, ahead = self._gather()
            positions = self._feed.positions()
            self._settle()
            self._begin(batch, positions)
            if not ahead:
                self._settle()
            self._look()
        except (KafkaError, OSError, NotYet) as error:
            self._reopen_later(error)

    def _look(self) -> None:
        lags, stored = self._feed.lags(), self.batches
        self.lag, self.partitions = sum(lags.values()), self._feed.partitions
        self.vitals.turn(self.waiting_for)
        self.vitals.look(lags, moved=stored != self._seen_batches)
        self._seen_batches = stored

    def _open(self) -> None:
        self._carried.clear()  # a new consumer begins at the committed offsets
        self._feed.open()
        self._kafka_waits = waits()
        self.waiting.over()

    def _reopen_later(self, error: Exception) -> None:
        why = str(error) if isinstance(error, NotYet) else type(error).__name__
        self.waiting.begin(self._settings.kafka_name, why)
        self.meters.again("kafka", type(error).__name__)
        self._on_the_way = None  # its rows come again: another loader may have its partitions by now
        self._feed.close()
        self._look()
        time.sleep(next(self._kafka_waits))

    def _gather(self) -> tuple[Batch, bool]:
        """Poll and decode until the pace is kept, the log is exhausted or the batch is full; is the log far ahead?"""
        batch = Batch()
        records = self._carried + self._feed.poll(IDLE_MS, PAGE_RECORDS)
        self._carried = []
        first = time.monotonic()
        while True:
            for record in records:
                place = Place(record.topic, record.partition, record.offset, record.timestamp)
                batch.add(record.key, record.value, place)
            ahead = sum(self._feed.lags().values()) >= AHEAD_RECORDS
            left_seconds = self._seconds_left(first, ahead=ahead)
            full = batch.records >= self._settings.batch_records or batch.payload_bytes >= self._settings.batch_bytes
            if not batch.records or self.stopping or full or left_seconds <= 0:
                return batch, full or ahead
            records = self._feed.poll(max(int(left_seconds * 1000), 1), PAGE_RECORDS)

    def _seconds_left(self, first: float, *, ahead: bool) -> float:
        now = time.monotonic()
        if ahead:  # large inserts
            return first + self._settings.gather_ms / 1000 - now
        return self._last_insert + self._settings.pace_ms / 1000 - now

    def _begin(self, batch: Batch, positions: Positions) -> None:
        if batch.records:
            self._inserter.begin(batch)
            self._on_the_way = positions
        else:
            self._commit(positions)

    def _settle(self) -> None:
        """See the batch that is on its way into the store, then commit its offsets."""
        if not self._inserter.busy:
            return
        if not self._inserter.arrived(PATIENCE_SECONDS):
            self._keep_membership()
        self._inserter.finish()
        self._last_insert = time.monotonic()
        positions, self._on_the_way = self._on_the_way, None
        if positions is not None:
            self._commit(positions)

    def _commit(self, positions: Positions) -> None:
        self._asked = time.monotonic()
        try:
            if self._feed.commit(positions):
                self.waiting.over()
            else:
                self.meters.uncommitted.inc()
                self.waiting.begin(self._settings.kafka_name, "the offsets were not committed")
        finally:
            self._asked = None

    def _keep_membership(self) -> None:
        """Poll without taking records until the batch is there: a loader that does not poll loses its partitions."""
        try:
            while not self._inserter.arrived(0 if self._feed.is_open else HOLD_MS / 1000):
                if self._told_to_stop is not None and time.monotonic() - self._told_to_stop > LAST_CHANCE_SECONDS:
                    raise Abandoned
                if self._feed.is_open:
                    self._feed.hold()  # each time: a rebalance may have brought partitions that are not held
                    self._carried += self._feed.poll(HOLD_MS, PAGE_RECORDS)
                self._look()
        finally:
            if self._feed.is_open:
                self._feed.release()

    def status(self) -> dict[str, Any]:
        """What it says of itself."""
        now = time.monotonic()
        what, why, seconds = self.waits_for()
        return {
            "ready": self.partitions > 0 and not what,
            "waiting_for": what,
            "waiting_seconds": round(seconds, 1),
            "alarm": alarm(what, why, seconds) if what else "",
            "partitions": self.partitions,
            "lag": self.lag,
            "batches": self.batches,
            "rows": dict(self.rows),
            "refused": self.refused,
            "metrics": self.vitals.address,
            "live": self.vitals.live(now).ok,
            "why": self.vitals.live(now).why or self.vitals.ready().why,
        }
