"""The audit: who read or did what, when and to what end, as a sealed chain in which nothing can be changed unseen.

Every row's seal is keyed and covers the row and the seal before it; a head says how many there are. Whoever changes,
inserts or removes a row without the key breaks the chain. An old copy of the whole file put back is found only by
comparing the head with one that was noted elsewhere: `lintas audit verify` prints it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from console.database import Database

KEY_BYTES = 32
HEAD_DIGITS = 32
START = "0" * 64
"""What the first row follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row."""

    number: int
    at: str
    who: str
    action: str
    subject: str
    purpose: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a check of the whole chain came to."""

    rows: int
    head: str
    faults: tuple[str, ...]
    """Empty = nothing was changed and nothing is missing."""


def ensure_key(file: Path) -> bytes:
    """The key of the seals; made at the first use, for its owner's eyes only.

    Raises:
        OSError: it cannot be read or written.
    """
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return bytes.fromhex(file.read_text(encoding="ascii"))
    key = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(descriptor, "w", encoding="ascii") as target:
        target.write(key.hex())
        target.flush()
        os.fsync(target.fileno())
    return key


class Audit:
    """The chain in a database; may be written by several threads and processes."""

    def __init__(self, database: Database, key: bytes) -> None:
        self._database = database
        self._key = key

    def add(
        self, *, at: datetime, who: str, action: str, subject: str = "", purpose: str = "", detail: str = ""
    ) -> None:
        """Append a row; it is on disk when this returns."""
        with self._database.writing() as link:
            head = link.execute("SELECT number, seal FROM audit_head").fetchone()
            number, before = (head["number"], head["seal"]) if head else (0, START)
            entry = Entry(
                number=number + 1,
                at=at.isoformat(timespec="milliseconds"),
                who=who,
                action=action,
                subject=subject,
                purpose=purpose,
                detail=detail,
            )
            seal = self._seal(entry, before)
            link.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*_values(entry), before, seal))
            link.execute("INSERT OR REPLACE INTO audit_head VALUES (1, ?, ?)", (entry.number, seal))

    def entries(self, *, who: str = "", action: str = "", before: int | None = None, limit: int = 50) -> list[Entry]:
        """The newest rows, from `before` on backwards."""
        sql = "SELECT * FROM audit WHERE (? = '' OR who = ?) AND (? = '' OR action = ?) AND number < ?"
        beyond = before if before is not None else 1 << 62
        with self._database.open() as link:
            rows = link.execute(
                f"{sql} ORDER BY number DESC LIMIT ?", (who, who, action, action, beyond, limit)
            ).fetchall()
        return [_entry(row) for row in rows]

    def verify(self) -> Verdict:
        """Walk the whole chain; names every row that was changed and every gap."""
        faults: list[str] = []
        number, before = 0, START
        with self._database.open() as link:
            head = link.execute("SELECT number, seal FROM audit_head").fetchone()
            for row in _rows(link):
                entry = _entry(row)
                if entry.number != number + 1:
                    faults.append(f"rows {number + 1} to {entry.number - 1} are missing")
                elif row["before"] != before:
                    faults.append(f"row {entry.number} does not follow the row before it")
                if not hmac.compare_digest(row["seal"], self._seal(entry, row["before"])):
                    faults.append(f"row {entry.number} was changed")
                number, before = entry.number, row["seal"]
        last, seal = (head["number"], head["seal"]) if head else (0, START)
        if number < last:
            faults.append(f"rows {number + 1} to {last} are missing")
        elif (number, before) != (last, seal):
            faults.append(f"the head names row {last}, and the last row is {number}")
        return Verdict(rows=number, head=f"{last}:{seal[:HEAD_DIGITS]}", faults=tuple(faults))

    def holds(self, head: str) -> bool:
        """Whether a head that was noted earlier is still in the chain."""
        number, _, seal = head.partition(":")
        if not number.isdigit() or len(seal) != HEAD_DIGITS:
            return False
        with self._database.open() as link:
            row = link.execute("SELECT seal FROM audit WHERE number = ?", (int(number),)).fetchone()
        return row is not None and row["seal"][:HEAD_DIGITS] == seal

    def _seal(self, entry: Entry, before: str) -> str:
        told = json.dumps([*_values(entry), before], ensure_ascii=True, separators=(",", ":"))
        return hmac.new(self._key, told.encode(), hashlib.sha256).hexdigest()


def _rows(link: sqlite3.Connection) -> Iterator[sqlite3.Row]:
    yield from link.execute("SELECT * FROM audit ORDER BY number")


def _values(entry: Entry) -> tuple[int | str, ...]:
    return (entry.number, entry.at, entry.who, entry.action, entry.subject, entry.purpose, entry.detail)


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(**{name: row[name] for name in Entry.__dataclass_fields__})
