"""Sends messages to Kafka and knows of each whether it arrived: what was not acknowledged is sent again or named."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, NoReturn

from kafka import errors as kafka_errors

from producers.connecting import (
    NOT_ALLOWED,
    STALL_SECONDS,
    Link,
    PublishingFailed,
    check_topics,
    connect,
    drop,
    why_not,
)
from producers.messages import Message
from producers.outcome import LARGER_THAN_TAKEN, NOT_ACKNOWLEDGED, Undelivered
from schemas.codec import encode, headers_of

MAX_IN_FLIGHT: Final = 5_000
"""Records that may wait for their acknowledgement; about 10 MB."""
SAID_AFTER_SECONDS: Final = 5.0
"""So long without an acknowledgement before whoever waits is told."""

_TOO_LARGE = (kafka_errors.MessageSizeTooLargeError, kafka_errors.RecordListTooLargeError)


@dataclass(slots=True)
class _Sent:
    """One record on its way."""

    line: int
    topic: str
    partition: int | None
    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]]
    future: Any = None


class Publisher:
    """An idempotent producer that loses nothing silently; use it as a context manager."""

    def __init__(
        self,
        bootstrap: str,
        *,
        security: Mapping[str, object] | None = None,
        client_id: str = "lintas-publisher",
        deadline_seconds: float = 120.0,
        bootstrap_timeout_seconds: float = 10.0,
        max_in_flight: int = MAX_IN_FLIGHT,
        on_wait: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Connect.

        Args:
            bootstrap: brokers as `host:port`, separated by commas.
            security: settings of kafka-python for TLS and SASL, such as `security_protocol`.
            client_id: names this client to the brokers.
            deadline_seconds: with nothing acknowledged for so long, publishing ends.
            bootstrap_timeout_seconds: how long to wait for the first broker; a wrong password shows as a time-out.
            max_in_flight: records that may wait for their acknowledgement.
            on_wait: hears one line when Kafka stays silent, and one when it answers again.

        Raises:
            PublishingFailed: no broker answers, or it lets nobody in.
        """
        self._bootstrap, self._deadline_seconds = bootstrap, deadline_seconds
        self._link = Link(
            bootstrap=bootstrap,
            security=dict(security or {}),
            client_id=client_id,
            deadline_seconds=deadline_seconds,
            bootstrap_timeout_seconds=bootstrap_timeout_seconds,
        )
        self._max_in_flight = max_in_flight
        self._in_flight: deque[_Sent] = deque()
        self._lost: dict[int, Undelivered] = {}
        self._partitions: dict[str, tuple[int, ...]] = {}
        self._acknowledged = 0
        self._broker_time_ms: int | None = None
        self.on_wait = on_wait
        self._said_waiting = False
        self._last_sign = time.monotonic()
        self._producer = connect(self._link)

    def __enter__(self) -> Publisher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(flush=kind is None)

    @property
    def link(self) -> Link:
        """Where it sends to, and how."""
        return self._link

    @property
    def oldest_line(self) -> int | None:
        """The first line that waits for its acknowledgement."""
        return self._in_flight[0].line if self._in_flight else None

    @property
    def acknowledged(self) -> int:
        """Records that Kafka has taken, copies included."""
        return self._acknowledged

    @property
    def broker_time_ms(self) -> int | None:
        """The time that the broker stamped on the last record it took; None before the first."""
        return self._broker_time_ms

    def take_undelivered(self) -> dict[int, Undelivered]:
        """What is not known to have arrived, by line; complete after `flush` or `PublishingFailed`, then forgotten."""
        lost, self._lost = self._lost, {}
        return lost

    def check_topics(self, names: Iterable[str]) -> None:
        """Make sure that the topics exist and may be seen.

        Raises:
            PublishingFailed: names the missing ones.
        """
        check_topics(self._link, names)

    def publish(self, message: Message, line: int) -> None:
        """Hand over one message; it is on its way when this returns.

        Raises:
            PublishingFailed: nothing more can be sent.
        """
        value = encode(message.record)
        headers = headers_of(message.record, identifier=message.identifier, source=message.source)
        if not self._in_flight:
            self._last_sign = time.monotonic()  # nothing was owed until now
        targets = (None,) if message.key is not None else self._all_partitions(message.topic)
        for partition in targets:
            sent = _Sent(line, message.topic, partition, message.key, value, headers)
            try:
                if self._hand_over(sent):
                    self._in_flight.append(sent)
            except PublishingFailed:
                self._lose(sent, NOT_ACKNOWLEDGED)
                raise
        self._reap()
        while len(self._in_flight) >= self._max_in_flight:
            self._wait()

    def settle(self) -> None:
        """Take note of what was acknowledged meanwhile.

        Raises:
            PublishingFailed: nothing more can be sent.
        """
        self._reap()

    def flush(self) -> None:
        """Wait until every message is acknowledged.

        Raises:
            PublishingFailed: the deadline passed; `take_undelivered` names the lines.
        """
        while self._in_flight:
            with suppress(kafka_errors.KafkaError, OSError):  # `_reap` looks at what it is
                self._producer.flush(timeout=1.0)  # sends at once what waits for company
            self._look()

    def close(self, *, flush: bool = True) -> None:
        """Flush and disconnect."""
        try:
            if flush:
                self.flush()
        finally:
            self._abandon()
            drop(self._producer, 5)

    def _all_partitions(self, topic: str) -> tuple[int, ...]:
        if topic not in self._partitions:
            try:
                self._partitions[topic] = tuple(sorted(self._producer.partitions_for(topic)))
            except (kafka_errors.KafkaError, OSError) as error:
                self._fail(error, topic)
        return self._partitions[topic]

    def _hand_over(self, sent: _Sent) -> bool:
        """Give one record to the client; False = it never can be sent."""
        while True:
            try:
                return self._hand_over_once(sent)
            except (kafka_errors.KafkaError, OSError) as error:
                self._say_waiting()
                self._may_go_on(error, sent.topic)
                self._renew()

    def _reap(self) -> None:
        """Take off what is acknowledged; send again what failed."""
        while self._in_flight and self._in_flight[0].future.is_done:
            sent = self._in_flight[0]
            if not sent.future.failed():
                self._in_flight.popleft()
                self._acknowledged += 1
                self._broker_time_ms = sent.future.value.timestamp
                self._last_sign = time.monotonic()
                self._say_answers()
                continue
            error = sent.future.exception
            if isinstance(error, _TOO_LARGE):
                self._in_flight.popleft()
                self._lose(sent, LARGER_THAN_TAKEN)
                continue
            self._may_go_on(error, sent.topic)
            self._renew()

    def _wait(self) -> None:
        """Wait for the oldest record, for a while."""
        with suppress(kafka_errors.KafkaError, OSError):  # `_reap` looks at what it is
            self._in_flight[0].future.get(timeout=1.0)
        self._look()

    def _look(self) -> None:
        """Take note of what came of a wait."""
        before = self._acknowledged
        self._reap()
        self._say_waiting()
        silent = time.monotonic() - self._last_sign
        if self._in_flight and self._acknowledged == before and silent > min(STALL_SECONDS, self._deadline_seconds):
            self._may_go_on(kafka_errors.KafkaTimeoutError("nothing is acknowledged"), self._in_flight[0].topic)
            self._renew()

    def _say_waiting(self) -> None:
        if self._said_waiting or time.monotonic() - self._last_sign < min(SAID_AFTER_SECONDS, self._deadline_seconds):
            return
        self._said_waiting = True
        self.on_wait(
            f"Kafka at {self._bootstrap} acknowledges nothing: waiting for it, {self._deadline_seconds:.0f} s at most "
            f"({self._acknowledged} records are acknowledged)"
        )

    def _say_answers(self) -> None:
        if self._said_waiting:
            self._said_waiting = False
            self.on_wait(f"Kafka at {self._bootstrap} answers again")

    def _may_go_on(self, error: BaseException, topic: str) -> None:
        lasting = isinstance(error, (*NOT_ALLOWED, kafka_errors.InvalidTopicError))
        if lasting or time.monotonic() - self._last_sign > self._deadline_seconds:
            self._fail(error, topic)

    def _renew(self) -> None:
        """A new client, and everything that was not acknowledged once more; event ids make copies harmless."""
        drop(self._producer, 0)
        while True:
            try:
                self._producer = connect(self._link)
                break
            except PublishingFailed:
                self._say_waiting()
                if time.monotonic() - self._last_sign > self._deadline_seconds:
                    self._abandon()
                    raise
                time.sleep(0.5)
        waiting, self._in_flight = self._in_flight, deque()
        while waiting:
            sent = waiting.popleft()
            try:
                if self._hand_over_once(sent):
                    self._in_flight.append(sent)
            except (kafka_errors.KafkaError, OSError) as error:
                self._in_flight.extend([sent, *waiting])
                self._may_go_on(error, sent.topic)
                time.sleep(0.5)
                return self._renew()
        return None

    def _hand_over_once(self, sent: _Sent) -> bool:
        try:
            sent.future = self._producer.send(
                sent.topic, value=sent.value, key=sent.key, headers=sent.headers, partition=sent.partition
            )
        except _TOO_LARGE:
            self._lose(sent, LARGER_THAN_TAKEN)
            return False
        return True

    def _abandon(self) -> None:
        for sent in self._in_flight:
            if not (sent.future is not None and sent.future.is_done and not sent.future.failed()):
                self._lose(sent, NOT_ACKNOWLEDGED)
        self._in_flight.clear()

    def _lose(self, sent: _Sent, why: str) -> None:
        self._lost.setdefault(sent.line, Undelivered(topic=sent.topic, why=why))

    def _fail(self, error: BaseException, topic: str = "") -> NoReturn:
        self._abandon()
        raise PublishingFailed(why_not(error, self._bootstrap, topic)) from None
