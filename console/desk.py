"""What the roof hands the console: the clock, the store, the log's pen, and its own users, sessions and audit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, LifoQueue

from clickhouse_driver import Client

from console.audit import Audit
from console.pacing import Paces
from console.sessions import LoginTokens, Sessions
from console.users import Users
from schemas.verdicts import Review
from sinks.absences import Terms


class WriteRefused(Exception):
    """The log did not take a review; the text says why, without what the review says."""


class Clients:
    """Connections to ClickHouse, each used by one thread at a time and kept for the next."""

    def __init__(self, make: Callable[[], Client]) -> None:
        self._make = make
        self._idle: LifoQueue[Client] = LifoQueue()

    @contextmanager
    def one(self) -> Iterator[Client]:
        """A connection for the length of a block; one that failed is not kept."""
        try:
            client = self._idle.get_nowait()
        except Empty:
            client = self._make()
        try:
            yield client
        except BaseException:
            client.disconnect()
            raise
        self._idle.put(client)

    def close(self) -> None:
        """Disconnect what is idle."""
        while not self._idle.empty():
            self._idle.get_nowait().disconnect()


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything that a page may need."""

    clock: Callable[[], datetime]
    clients: Clients
    users: Users
    sessions: Sessions
    audit: Audit
    login_tokens: LoginTokens
    paces: Paces
    write: Callable[[Review], None]
    """Puts a review into the log; raises `WriteRefused`."""
    reveals: Callable[[str], bool]
    """Whether a text reads as somebody's number, phone or address."""
    terms: Terms
    thresholds: Mapping[str, int]
    """Review threshold by digest of the policies that are at hand."""
    https: bool = False
    """Reached over TLS: cookies are for it only."""
    refresh_seconds: int = 10
    load_seconds: float = 5.0
    """How long a page waits until its own review is loaded."""
