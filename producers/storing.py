"""Puts a file's records into an outbox instead of Kafka: the same reading, refusals and accounts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from producers.columns import FileKind
from producers.connecting import PublishingFailed
from producers.messages import Message
from producers.outbox import Outbox, OutboxFailed
from producers.outcome import Undelivered
from producers.publication import Clock, Publication, publish_file
from schemas.identity import LinkageKey
from schemas.vocabulary import Province

TOGETHER = 500
"""Messages of one transaction: each costs a sync of the disk."""


def store_file(
    path: Path,
    kind: FileKind,
    outbox: Outbox,
    *,
    province: Province | None,
    key: LinkageKey,
    clock: Clock,
    also: tuple[LinkageKey, ...] = (),
) -> Publication:
    """Keep the rows of a file; what is wrong with single rows or with all of it stands in the result."""
    into = _Storing(outbox, clock)
    return publish_file(path, kind, province=province, key=key, also=also, clock=clock, publisher=into)


class _Storing:
    """Takes messages as a publisher does."""

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self._outbox, self._clock = outbox, clock
        self._held: list[tuple[int, Message]] = []
        self._lost: dict[int, Undelivered] = {}
        self._stored = 0

    @property
    def acknowledged(self) -> int:
        """Messages that are on disk, those included that were there before."""
        return self._stored

    def check_topics(self, names: Iterable[str]) -> None:
        """Nobody can be asked: the line is down."""

    def publish(self, message: Message, line: int) -> None:
        """Take one message; it is on disk after `flush`."""
        self._held.append((line, message))
        if len(self._held) >= TOGETHER:
            self.flush()

    def settle(self) -> None:
        """Nothing is on its way."""

    def flush(self) -> None:
        """Bring to disk what was taken.

        Raises:
            PublishingFailed: the disk does not take it; `take_undelivered` names the lines.
        """
        held, self._held = self._held, []
        try:
            self._outbox.store((message for _, message in held), self._clock())
        except OutboxFailed as error:
            for line, message in held:
                self._lost[line] = Undelivered(topic=message.topic, why="not stored")
            raise PublishingFailed(str(error)) from None
        self._stored += len(held)

    def take_undelivered(self) -> dict[int, Undelivered]:
        """What is not on disk, by line; then forgotten."""
        lost, self._lost = self._lost, {}
        return lost
