"""Cancellation: one thread sees that a client wants its running statement to end, or is gone, and kills it."""

from __future__ import annotations

import select
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from lintas.clickhouse.engine import Engine

# A kill between two steps of a statement hits nothing, so it is repeated until the statement has ended.
_REPEAT_SECONDS = 0.05


@dataclass(slots=True, eq=False)
class RunningStatement:
    """A statement that runs; its client is silent, so a readable socket means a Cancel packet or the end of it."""

    sock: socket.socket
    tag: str
    cancelled: bool = False


class Watcher:
    """Kills what clients no longer want; without a running statement it sleeps."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._running: set[RunningStatement] = set()
        self._paused = False
        threading.Thread(target=self._watch, name="watcher", daemon=True).start()

    @contextmanager
    def watching(self, sock: socket.socket, tag: str) -> Iterator[RunningStatement]:
        """Kill what runs inside as soon as the client asks for it or goes away."""
        statement = RunningStatement(sock=sock, tag=tag)
        with self._lock:
            self._running.add(statement)
            self._selector.register(sock, selectors.EVENT_READ)
        try:
            yield statement
        finally:
            with self._lock:  # not while it is being killed: the next statement bears the same tag
                self._running.discard(statement)
                self._unregister(sock)

    def pause(self) -> None:
        """Let statements run to their end whatever their sockets say: the server itself closes them now."""
        with self._lock:
            self._paused = True

    def kill_all(self) -> None:
        """Kill all that runs, even while paused."""
        with self._lock:
            for statement in self._running:
                statement.cancelled = True
                self._engine.kill(statement.tag)

    def _unregister(self, sock: socket.socket) -> None:
        with suppress(KeyError, ValueError):
            self._selector.unregister(sock)

    def _watch(self) -> None:
        doomed = False
        while True:
            self._selector.select(_REPEAT_SECONDS if doomed else None)
            with self._lock:
                for statement in self._running:
                    if not statement.cancelled and _is_readable(statement.sock):
                        self._unregister(statement.sock)  # else it would wake this thread for ever
                        statement.cancelled = not self._paused
                victims = [statement for statement in self._running if statement.cancelled]
                for statement in victims:
                    self._engine.kill(statement.tag)
                doomed = bool(victims)


def _is_readable(sock: socket.socket) -> bool:
    """Ask once more, under the lock: what the selector saw may have been for a statement that has ended."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
