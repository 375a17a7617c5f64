"""Remembers answers by idempotency key, so that a request that is repeated is answered, not done, again.

What is kept says nothing of a person: keyed digests of the key and of the body, and the answer. The file outlives a
restart; a power cut may cost the last answers, and then the request is done again, which the pipeline sees as copies.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from producers.gateway.answers import Refusal
from schemas.identity import LinkageKey

KEPT = timedelta(hours=48)
MOST_CHARACTERS = 255
_CREATE = """
CREATE TABLE IF NOT EXISTS answers
(name BLOB PRIMARY KEY, body BLOB NOT NULL, status INTEGER NOT NULL, answer BLOB NOT NULL, at REAL NOT NULL)
WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """An answer as it was given."""

    status: int
    body: bytes
    again: bool = False
    """It was given before."""


@dataclass(slots=True, kw_only=True)
class Turn:
    """One request under its idempotency key."""

    before: Remembered | None
    """The answer that was given before; None = the request is to be done."""
    now: Remembered | None = field(default=None)
    """The answer to be remembered; stays None where the request was not done."""


class Memory:
    """The answers of the last two days."""

    def __init__(self, path: Path, key: LinkageKey, clock: Callable[[], datetime]) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._key, self._clock = key, clock
        self._lock = threading.Lock()
        self._working: set[bytes] = set()
        self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        path.chmod(0o600)
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", _CREATE):
            self._base.execute(statement)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._base.close()

    @contextmanager
    def turn(self, bearer: str, path: str, idempotency_key: str, body: bytes) -> Iterator[Turn]:
        """The time in which one request is done; its answer is remembered at the end.

        Raises:
            Refusal: the key came with another body, or the same request is being done at this moment.
        """
        name = self._digest("key", bearer, path, idempotency_key.encode())
        digest = self._digest("body", bearer, path, body)
        with self._lock:
            if name in self._working:
                detail = "a request with this Idempotency-Key is being done at this moment"
                mend = "wait, and repeat the request"
                raise Refusal(409, "idempotency_in_progress", detail, mend, retry_after_seconds=1)
            turn = Turn(before=self._find(name, digest))
            if turn.before is None:
                self._working.add(name)
        try:
            yield turn
            if turn.before is None and turn.now is not None:
                self._keep(name, digest, turn.now)
        finally:
            with self._lock:
                if turn.before is None:
                    self._working.discard(name)

    def _digest(self, what: str, bearer: str, path: str, content: bytes) -> bytes:
        return self._key.mac(f"idempotency|{what}|{bearer}|{path}|".encode() + content)

    def _find(self, name: bytes, digest: bytes) -> Remembered | None:
        since = (self._clock() - KEPT).timestamp()
        found = self._base.execute("SELECT body, status, answer FROM answers WHERE name = ? AND at > ?", (name, since))
        row = found.fetchone()
        if row is None:
            return None
        if row[0] != digest:
            detail = "this Idempotency-Key came before with another body"
            raise Refusal(409, "idempotency_key_reused", detail, "use a new Idempotency-Key for every new request")
        return Remembered(status=row[1], body=row[2], again=True)

    def _keep(self, name: bytes, digest: bytes, answer: Remembered) -> None:
        now = self._clock()
        with self._lock:
            self._base.execute("DELETE FROM answers WHERE at <= ?", ((now - KEPT).timestamp(),))
            self._base.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)",
                (name, digest, answer.status, answer.body, now.timestamp()),
            )
