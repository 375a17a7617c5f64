"""Brings messages to Kafka for all requests at once: one thread has the publisher, whoever waits hears what arrived."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from producers.connecting import PublishingFailed, listening
from producers.messages import Message
from producers.publisher import Publisher
from schemas.vitals import Health

Say = Callable[[str], object]
Lost = Mapping[int, str]
"""What the broker will never take, with why, by place in the parcel."""

PARCELS = 64
"""That may wait; more are told to come back."""
TOGETHER = 256
"""Parcels that are sent with one wait for their acknowledgements."""
LOOK_SECONDS = 2.0
"""How often a courier without work looks whether the broker is there."""
ASK_SECONDS = 1.0
RETRY_AFTER_SECONDS = 5


class Away(Exception):
    """Kafka did not acknowledge; it is not known what arrived, and the whole request is to be repeated."""

    def __init__(self, why: str, retry_after_seconds: int = RETRY_AFTER_SECONDS) -> None:
        super().__init__(why)
        self.retry_after_seconds = retry_after_seconds


class Carrier(Protocol):
    """Takes messages and says, later, that they are safe."""

    @property
    def durable(self) -> bool:
        """Whether safe means stored here for later, rather than acknowledged by Kafka."""

    def send(self, messages: Sequence[Message]) -> Future[Lost]:
        """Take messages; the future ends when all are safe, or with Away."""

    def ready(self) -> Health:
        """Whether it can take some."""

    def close(self) -> None:
        """Finish what it has and end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parcel:
    messages: Sequence[Message]
    done: Future[Lost] = field(default_factory=Future)


class Courier:
    """Owns the one publisher; connects again by itself when the broker was away.

    Args:
        connect: makes a publisher, or raises PublishingFailed.
        topics: gives the names of those that must exist before anything is sent.
        say: hears one line when Kafka goes away and when it is back.
    """

    durable = False

    def __init__(self, connect: Callable[[], Publisher], topics: Callable[[], Iterable[str]], say: Say) -> None:
        self._connect, self._topics, self._say = connect, topics, say
        self._parcels: queue.Queue[_Parcel | None] = queue.Queue(PARCELS)
        self._publisher: Publisher | None = None
        self._why = "not connected to Kafka yet"
        self._line = 0
        self._turned_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._thread.start()

    def send(self, messages: Sequence[Message]) -> Future[Lost]:
        """Take messages; the future ends when Kafka has acknowledged all, or with Away."""
        parcel = _Parcel(messages=messages)
        try:
            self._parcels.put_nowait(parcel)
        except queue.Full:
            parcel.done.set_exception(Away("more waits for Kafka than can be held", 1))
        return parcel.done

    def ready(self) -> Health:
        """Whether Kafka takes records."""
        return Health(ok=self._publisher is not None, why=self._why)

    def live(self, now: float, limit_seconds: float) -> Health:
        """Whether the thread turns."""
        stood = now - self._turned_at
        return Health(ok=stood < limit_seconds, why="" if stood < limit_seconds else f"no turn for {stood:.0f} s")

    def close(self) -> None:
        """Send what waits and end."""
        self._parcels.put(None)
        self._thread.join()

    def _run(self) -> None:
        self._look()
        going = True
        while going:
            self._turned_at = time.monotonic()
            together: list[_Parcel] = []
            try:
                found = self._parcels.get(timeout=LOOK_SECONDS)
                while found is not None:
                    together.append(found)
                    if len(together) == TOGETHER:
                        break
                    found = self._parcels.get_nowait()
                going = found is not None
            except queue.Empty:
                if not together:
                    self._look()
                    continue
            if together:
                self._deliver(together)
        if self._publisher:
            self._publisher.close(flush=False)

    def _look(self) -> None:
        """Nothing is to be done: see whether the broker is there, so that `ready` is true to life."""
        if self._publisher is not None and not listening(self._publisher.link.addresses, 0):
            self._lose("no broker takes connections")
        if self._publisher is None:
            try:
                self._connected()
            except PublishingFailed as error:
                self._why = str(error)

    def _connected(self) -> Publisher:
        if self._publisher is None:
            publisher = self._connect()
            try:
                publisher.check_topics(self._topics())
            except PublishingFailed:
                publisher.close(flush=False)
                raise
            self._publisher, self._why = publisher, ""
            self._say("connected to Kafka")
        return self._publisher

    def _deliver(self, parcels: Sequence[_Parcel]) -> None:
        """Send parcels and wait for all of them."""
        begins: list[int] = []
        failure = ""
        gone: dict[int, str] = {}
        try:
            publisher = self._connected()
            try:
                for parcel in parcels:
                    begins.append(self._line)
                    for message in parcel.messages:
                        line, self._line = self._line, self._line + 1
                        publisher.publish(message, line)
                publisher.flush()
            finally:
                gone = {line: lost.why for line, lost in publisher.take_undelivered().items()}
        except PublishingFailed as error:
            failure = str(error)
            self._lose(failure)
        except Exception as error:  # its text may hold a value; a thread that ends would leave all requests waiting
            failure = f"unexpected {type(error).__name__}"
            self._lose(failure)
        for place, parcel in enumerate(parcels):
            if failure:
                parcel.done.set_exception(Away(failure))
            else:
                first = begins[place]
                parcel.done.set_result({i: gone[first + i] for i in range(len(parcel.messages)) if first + i in gone})

    def _lose(self, why: str) -> None:
        if self._publisher is not None:
            self._publisher.close(flush=False)
            self._publisher = None
            self._say(f"Kafka is away: {why}")
        self._why = why
