"""Keeps pseudonymised records on disk until Kafka has them: for checkpoints whose line is down for hours or days.

An outbox is one SQLite file. What `store` has returned of survives a kill and a power cut at any instruction: the log
is written ahead and synced at every commit (WAL, synchronous=FULL). A record is marked as sent only after Kafka has
acknowledged it, so a crash in between sends it again; it has the same id and the pipeline counts it once.

OutboxFailed        the file cannot be used; the text says why and how to mend it
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from producers.messages import Message
from schemas.codec import RECORDS, decode, encode
from schemas.records import TransitEvent
from schemas.verdicts import Rejected

KEPT_AFTER_SENT: Final = timedelta(days=7)
"""So long a record that is handed in twice is known again."""
BUSY_SECONDS: Final = 15.0
VERSION: Final = 1
_CREATE = """
CREATE TABLE IF NOT EXISTS records
(
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name BLOB NOT NULL UNIQUE,
    topic TEXT NOT NULL,
    key BLOB,
    kind TEXT NOT NULL,
    value BLOB NOT NULL,
    identifier TEXT NOT NULL,
    source TEXT NOT NULL,
    device TEXT,
    sequence INTEGER,
    stored_ms INTEGER NOT NULL,
    sent_ms INTEGER,
    trouble TEXT
);
CREATE INDEX IF NOT EXISTS waiting ON records (number) WHERE sent_ms IS NULL;
CREATE INDEX IF NOT EXISTS long_sent ON records (sent_ms) WHERE sent_ms IS NOT NULL;
CREATE INDEX IF NOT EXISTS of_device ON records (device, sequence) WHERE sequence IS NOT NULL;
CREATE TABLE IF NOT EXISTS devices (device TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
"""
_INSERT = """
INSERT INTO records (name, topic, key, kind, value, identifier, source, device, sequence, stored_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_WAITING = """
SELECT number, topic, key, kind, value, identifier, source FROM records WHERE sent_ms IS NULL ORDER BY number LIMIT ?
"""
_DEVICES = """
SELECT device, min(sequence), max(sequence), count(DISTINCT sequence) FROM records
WHERE sequence IS NOT NULL GROUP BY device ORDER BY device
"""
_GAPS = """
SELECT device, previous + 1, sequence - 1 FROM
(
    SELECT device, sequence, lag(sequence) OVER (PARTITION BY device ORDER BY sequence) AS previous
    FROM (SELECT DISTINCT device, sequence FROM records WHERE sequence IS NOT NULL)
)
WHERE sequence > previous + 1 ORDER BY device, sequence LIMIT ?
"""
_STANDING = """
SELECT count(*), count(sent_ms), count(trouble), min(CASE WHEN sent_ms IS NULL THEN stored_ms END) FROM records
"""


class OutboxFailed(Exception):
    """The outbox cannot be used; nothing was stored by the call that raised it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A record that Kafka does not have yet."""

    number: int
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """The numbers that one device has counted."""

    name: str
    first: int
    last: int
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Skew:
    """How far this machine's clock is ahead of the broker's; negative = behind."""

    seconds: float
    within_seconds: float
    measured_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an outbox holds."""

    stored: int
    sent: int
    refused: int
    """Records that the broker never takes."""
    oldest_at: datetime | None
    """When the oldest record that waits was stored, by this machine's clock."""
    devices: tuple[Device, ...]
    skew: Skew | None

    @property
    def waiting(self) -> int:
        """Records that Kafka does not have yet."""
        return self.stored - self.sent


class Outbox:
    """One file; several threads and processes may use it at once.

    Args:
        path: is made where it is not there.
        device: names what counts the crossings of rows that bring no number of their own; None = a name of its own.

    Raises:
        OutboxFailed: the file cannot be opened, or is no sound outbox.
    """

    def __init__(self, path: Path, device: str | None = None) -> None:
        self._path = path
        self._lock = threading.RLock()
        with self._failing():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._base = sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None)
            self._open()
            self.device = self._own_name(device)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._base.close()

    def store(self, messages: Iterable[Message], at: datetime) -> int:
        """Keep messages, all or none; how many were new. When it returns, a power cut loses none of them.

        A crossing without a number of its device gets the next one, in the same transaction: what is stored has no gap
        and no number twice.

        Raises:
            OutboxFailed: nothing is stored.
        """
        new = 0
        with self._failing(), self._transaction():
            for message in messages:
                new += self._store_one(message, round(at.timestamp() * 1000))
        return new

    def waiting(self, most: int) -> Sequence[Waiting]:
        """The oldest records that Kafka does not have, in the order in which they were stored."""
        with self._failing(), self._lock:
            rows = self._base.execute(_WAITING, (most,)).fetchall()
        return [
            Waiting(
                number=number,
                message=Message(
                    topic=topic, key=key, record=decode(RECORDS[kind], value), identifier=identifier, source=source
                ),
            )
            for number, topic, key, kind, value, identifier, source in rows
        ]

    def mark_sent(self, numbers: Iterable[int], at: datetime) -> None:
        """Note what Kafka has acknowledged, and forget what was sent long ago."""
        moment = round(at.timestamp() * 1000)
        old = moment - round(KEPT_AFTER_SENT.total_seconds() * 1000)
        with self._failing(), self._transaction():
            self._base.executemany("UPDATE records SET sent_ms = ? WHERE number = ?", [(moment, n) for n in numbers])
            self._base.execute("DELETE FROM records WHERE sent_ms < ? AND trouble IS NULL", (old,))

    def mark_refused(self, number: int, why: str, at: datetime) -> None:
        """Note a record that the broker never takes, so that it does not hold the others up."""
        with self._failing(), self._transaction():
            sql = "UPDATE records SET sent_ms = ?, trouble = ? WHERE number = ?"
            self._base.execute(sql, (round(at.timestamp() * 1000), why, number))

    def note_skew(self, skew: Skew) -> None:
        """Keep the newest measurement."""
        values = (skew.seconds, skew.within_seconds, skew.measured_at.timestamp())
        names = ("skew_seconds", "skew_within_seconds", "skew_measured")
        with self._failing(), self._transaction():
            self._base.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", list(zip(names, values, strict=True)))

    def standing(self) -> Standing:
        """What it holds."""
        with self._failing(), self._lock:
            stored, sent, refused, oldest = self._base.execute(_STANDING).fetchone()
            devices = self._base.execute(_DEVICES).fetchall()
        return Standing(
            stored=stored,
            sent=sent,
            refused=refused,
            oldest_at=None if oldest is None else _moment(oldest / 1000),
            devices=tuple(
                Device(name=name, first=first, last=last, missing=last - first + 1 - count)
                for name, first, last, count in devices
            ),
            skew=self.skew(),
        )

    def skew(self) -> Skew | None:
        """The newest measurement of the clock."""
        with self._failing(), self._lock:
            facts = dict(self._base.execute("SELECT name, value FROM facts"))
        if "skew_seconds" not in facts:
            return None
        return Skew(
            seconds=facts["skew_seconds"],
            within_seconds=facts["skew_within_seconds"],
            measured_at=_moment(facts["skew_measured"]),
        )

    def gaps(self, most: int = 1000) -> list[tuple[str, int, int]]:
        """Ranges of numbers that no record has, between the first and the last of a device."""
        with self._failing(), self._lock:
            return self._base.execute(_GAPS, (most,)).fetchall()

    def _open(self) -> None:
        (mode,) = self._base.execute("PRAGMA journal_mode=WAL").fetchone()
        if mode != "wal":
            msg = f"the outbox {self._path} lies on a file system without shared memory: put it on a local disk"
            raise OutboxFailed(msg)
        self._base.execute("PRAGMA synchronous=FULL")
        (sound,) = self._base.execute("PRAGMA quick_check(1)").fetchone()
        if sound != "ok":
            msg = f"the outbox {self._path} is damaged: keep it for its records, and go on with another file"
            raise OutboxFailed(msg)
        (version,) = self._base.execute("PRAGMA user_version").fetchone()
        if version not in (0, VERSION):
            msg = f"the outbox {self._path} was made by a newer version of Lintas: update Lintas"
            raise OutboxFailed(msg)
        if version == 0:
            self._base.executescript(f"BEGIN IMMEDIATE; {_CREATE} PRAGMA user_version={VERSION}; COMMIT;")

    def _own_name(self, wanted: str | None) -> str:
        with self._transaction():
            found = self._base.execute("SELECT value FROM facts WHERE name = 'device'").fetchone()
            name = wanted or (found[0] if found else f"outbox-{secrets.token_hex(4)}")
            self._base.execute("INSERT OR REPLACE INTO facts VALUES ('device', ?)", (name,))
        return name

    def _store_one(self, message: Message, stored_ms: int) -> int:
        name = _name_of(message)
        if self._base.execute("SELECT 1 FROM records WHERE name = ?", (name,)).fetchone():
            return 0
        numbered = self._numbered(message)
        record = numbered.record
        device, sequence = (record.device_id, record.sequence) if isinstance(record, TransitEvent) else (None, None)
        kind = next(word for word, model in RECORDS.items() if type(record) is model)
        self._base.execute(
            _INSERT,
            (name, message.topic, message.key, kind, encode(record), message.identifier, message.source, device,
             sequence if device is not None else None, stored_ms),
        )  # fmt: skip
        return 1

    def _numbered(self, message: Message) -> Message:
        """The message with a number of its device, the next one where it brings none."""
        event = message.record
        if not isinstance(event, TransitEvent):
            return message
        if event.sequence is not None and event.device_id is None:
            return message  # the number of nobody
        device = event.device_id or self.device
        found = self._base.execute("SELECT next FROM devices WHERE device = ?", (device,)).fetchone()
        following: int = found[0] if found else 1
        number = following if event.sequence is None else event.sequence
        following = max(following, number + 1)
        self._base.execute("INSERT OR REPLACE INTO devices VALUES (?, ?)", (device, following))
        if event.sequence is not None:
            return message
        return replace(message, record=event.model_copy(update={"device_id": device, "sequence": number}))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._base.execute("COMMIT")
            except BaseException:
                if self._base.in_transaction:  # a full disk has ended it already
                    self._base.execute("ROLLBACK")
                raise

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            code = getattr(error, "sqlite_errorname", "") or type(error).__name__
            msg = f"the outbox {self._path} cannot be used ({code}): check its disk, its rights and free space"
            raise OutboxFailed(msg) from None


def _name_of(message: Message) -> bytes:
    """Names a message by what it says, before it is numbered; a refusal by the row, whenever it was refused."""
    content = b"" if isinstance(message.record, Rejected) else encode(message.record)
    head = "|".join((message.topic, message.identifier)).encode()
    return hashlib.sha256(b"|".join((head, message.key or b"", content))).digest()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
