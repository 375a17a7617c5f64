"""A batch on its way into the store, in a thread of its own: Kafka is read and polled on meanwhile."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence

import structlog
from clickhouse_driver.errors import Error

from sinks.batch import Batch, Line
from sinks.failures import Failure, classify, name_of
from sinks.metrics import Meters
from sinks.store import Store
from sinks.waiting import Waiting, waits

GIVE_UP_SECONDS = 2.0

log = structlog.get_logger("sinks")


class Abandoned(Exception):
    """The loader was told to stop before the store was back: nothing is committed."""


class Inserter:
    """Inserts one batch at a time, however long the store is away; the store belongs to its thread meanwhile."""

    def __init__(self, store: Store, store_name: str, meters: Meters) -> None:
        self._store, self._name, self._meters = store, store_name, meters
        self._thread: threading.Thread | None = None
        self._done = threading.Event()
        self._quit = threading.Event()
        self._error: BaseException | None = None
        self._asked: float | None = None
        self.waiting = Waiting("")
        self.rows: Counter[str] = Counter()
        self.refused = 0
        self.batches = 0

    def begin(self, batch: Batch) -> None:
        """Set out; the batch before has to be finished."""
        if self._thread is not None:
            msg = "the batch before was not finished"
            raise RuntimeError(msg)
        self._done.clear()
        self._thread = threading.Thread(target=self._run, args=(batch,), name="inserter", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Is a batch on its way, or there and not finished?"""
        return self._thread is not None

    @property
    def silent_seconds(self) -> float:
        """How long the store has been thinking about an insert that has not failed yet."""
        asked = self._asked
        return 0.0 if asked is None else time.monotonic() - asked

    def arrived(self, seconds: float) -> bool:
        """Wait so long; is the batch there, or has it failed?"""
        return self._done.wait(seconds)

    def finish(self) -> None:
        """Take note that the batch is there.

        Raises:
            FatalStoreError: the tables do not fit.
            Abandoned: it was given up.
        """
        self._done.wait()
        self._thread = None
        error, self._error = self._error, None
        if error is not None:
            raise error

    def close(self) -> None:
        """Give up what is on its way, and disconnect; an insert that hangs ends with its connection."""
        self._quit.set()
        self._store.close()
        if self._thread is not None:
            self._done.wait(GIVE_UP_SECONDS)

    def _run(self, batch: Batch) -> None:
        try:
            self._insert(batch)
        except BaseException as error:
            self._error = error
        finally:
            self._done.set()

    def _insert(self, batch: Batch) -> None:
        refused: list[Line] = []
        for table, lines in batch.filled().items():
            refused += self._persist(table, lines)
        if refused:
            self._persist("rejected", refused)
            self.refused += len(refused)
            log.warning("records refused by the store", records=len(refused), table="rejected")
        self.batches += 1
        self._meters.stored(batch.records)

    def _persist(self, table: str, lines: Sequence[Line]) -> list[Line]:
        """Insert however long it takes."""
        for wait in waits():
            try:
                begun = self._asked = time.monotonic()
                refused = self._store.insert(table, lines)
            except (Error, OSError, EOFError) as error:
                if classify(error) is not Failure.BUSY:
                    raise
                self.waiting.begin(self._name, name_of(error))
                self._meters.again("clickhouse", name_of(error))
            else:
                self.waiting.over()
                self._meters.inserted(table, lines, len(refused), time.monotonic() - begun)
                self.rows[table] += len(lines) - len(refused)
                return refused
            finally:
                self._asked = None
            if self._quit.wait(wait):
                raise Abandoned
        raise AssertionError  # the waits have no end
