"""Sends an outbox to Kafka, oldest first, and measures how far this machine's clock is from the broker's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Final

from producers.connecting import PublishingFailed
from producers.messages import Message
from producers.outbox import Outbox, OutboxFailed, Skew
from producers.publisher import Publisher
from schemas.vitals import Health

BATCH: Final = 500
AGAIN_SECONDS: Final = 5.0
"""Between two tries while Kafka is away."""
TELLING_SKEW: Final = timedelta(seconds=60)
"""A clock that is further off than this is said to whoever runs the outbox: crossings carry its times."""

Clock = Callable[[], datetime]
Say = Callable[[str], object]


def forward(outbox: Outbox, publisher: Publisher, clock: Clock, *, most: int = BATCH) -> int:
    """Send the oldest records and wait until Kafka has them; how many left the outbox, 0 = nothing waits.

    Raises:
        PublishingFailed: Kafka is away; what it has acknowledged is marked, the rest stays.
        OutboxFailed: the file cannot be used.
    """
    some = outbox.waiting(most)
    if not some:
        return 0
    begun = clock()
    handed: list[int] = []
    try:
        for one in some:
            handed.append(one.number)
            publisher.publish(one.message, one.number)
        publisher.flush()
    except PublishingFailed:
        gone = publisher.take_undelivered()
        outbox.mark_sent((number for number in handed if number not in gone), clock())
        raise
    ended = clock()
    refused = publisher.take_undelivered()
    for number, lost in refused.items():
        outbox.mark_refused(number, lost.why, ended)
    outbox.mark_sent((number for number in handed if number not in refused), ended)
    if publisher.broker_time_ms is not None:
        outbox.note_skew(skew_of(begun, ended, publisher.broker_time_ms))
    return len(some)


def skew_of(begun: datetime, ended: datetime, broker_time_ms: int) -> Skew:
    """The broker's stamp lies between two looks at this machine's clock: so far, and so well, are they apart."""
    there = datetime.fromtimestamp(broker_time_ms / 1000, UTC)
    half = (ended - begun) / 2
    return Skew(
        seconds=(begun + half - there).total_seconds(), within_seconds=abs(half.total_seconds()), measured_at=ended
    )


def told_skew(skew: Skew) -> str:
    """One line for people."""
    word = "ahead of" if skew.seconds > 0 else "behind"
    return f"this machine's clock is {abs(skew.seconds):.1f} s {word} the broker's (within {skew.within_seconds:.1f} s)"


class Forwarder:
    """A carrier that stores first and sends when the line is there; owns one thread.

    Args:
        outbox: where messages are kept.
        connect: makes a publisher, or raises PublishingFailed.
        clock: says when a message was stored.
        say: hears one line when Kafka goes away, is back, or its clock is far from ours.
    """

    durable = True

    def __init__(self, outbox: Outbox, connect: Callable[[], Publisher], clock: Clock, say: Say) -> None:
        self.outbox = outbox
        self._connect, self._clock, self._say = connect, clock, say
        self._stored, self._ending = threading.Event(), threading.Event()
        self._why = ""
        self._told_away = self._told_skew = False
        self._turned_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="forwarder", daemon=True)
        self._thread.start()

    def send(self, messages: Sequence[Message]) -> Future[Mapping[int, str]]:
        """Store messages; the future has ended when this returns.

        Raises:
            OutboxFailed: nothing is stored.
        """
        self.outbox.store(messages, self._clock())
        self._stored.set()
        done: Future[Mapping[int, str]] = Future()
        done.set_result({})
        return done

    def ready(self) -> Health:
        """Whether it can store, whatever the line does."""
        return Health(ok=not self._why, why=self._why)

    def live(self, now: float, limit_seconds: float) -> Health:
        """Whether the thread turns."""
        stood = now - self._turned_at
        return Health(ok=stood < limit_seconds, why="" if stood < limit_seconds else f"no turn for {stood:.0f} s")

    def close(self) -> None:
        """Stop sending; what waits stays in the file."""
        self._ending.set()
        self._stored.set()
        self._thread.join()
        self.outbox.close()

    def _run(self) -> None:
        publisher: Publisher | None = None
        while not self._ending.is_set():
            self._turned_at = time.monotonic()
            self._stored.clear()
            try:
                publisher = publisher or self._connect()
                while not self._ending.is_set() and forward(self.outbox, publisher, self._clock):
                    self._turned_at = time.monotonic()
                    self._well()
                self._stored.wait(AGAIN_SECONDS)
            except PublishingFailed as error:
                self._away(publisher, str(error))
                publisher = None
            except OutboxFailed as error:
                self._why = str(error)
                self._ending.wait(AGAIN_SECONDS)
            except Exception as error:  # its text may hold a value; a thread that ends would let records wait for ever
                self._why = f"a record of the outbox cannot be sent: unexpected {type(error).__name__}"
                self._say(self._why)
                self._ending.wait(AGAIN_SECONDS)
        if publisher is not None:
            publisher.close(flush=False)

    def _away(self, publisher: Publisher | None, why: str) -> None:
        if publisher is not None:
            publisher.close(flush=False)
        if not self._told_away:
            self._say(f"Kafka is away, records wait in the outbox: {why}")
        self._told_away = True
        self._ending.wait(AGAIN_SECONDS)

    def _well(self) -> None:
        self._why = ""
        if self._told_away:
            self._say("Kafka is back, the outbox is being sent")
        self._told_away = False
        skew = self.outbox.skew()
        far = skew is not None and abs(skew.seconds) > TELLING_SKEW.total_seconds()
        if far and skew is not None and not self._told_skew:
            self._say(f"{told_skew(skew)}: set it, crossings carry its times")
        self._told_skew = far
