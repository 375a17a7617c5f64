"""The console's own small database: users, sessions and the audit chain; nothing in it comes from the log."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BUSY_SECONDS = 10.0
_TABLES = """
CREATE TABLE IF NOT EXISTS users (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    province TEXT NOT NULL DEFAULT '',
    password_hash TEXT NOT NULL,
    totp_secret TEXT NOT NULL,
    totp_step INTEGER NOT NULL DEFAULT 0,
    disabled INTEGER NOT NULL DEFAULT 0,
    made_at TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS sessions (
    digest TEXT PRIMARY KEY,
    user TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    csrf TEXT NOT NULL,
    made_at TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    purpose TEXT NOT NULL DEFAULT '',
    purpose_at TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE IF NOT EXISTS audit (
    number INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    purpose TEXT NOT NULL,
    detail TEXT NOT NULL,
    before TEXT NOT NULL,
    seal TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS audit_head (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    number INTEGER NOT NULL,
    seal TEXT NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is only appended to'); END;
CREATE TRIGGER IF NOT EXISTS audit_is_not_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is only appended to'); END;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One SQLite file; every use opens and closes it, so that threads and processes may share it."""

    file: Path

    @classmethod
    def at(cls, file: Path) -> Database:
        """Make it where there is none, for its owner's eyes only.

        Raises:
            OSError: the directory cannot be written.
        """
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600))
        database = cls(file=file)
        with database.open() as link:
            link.execute("PRAGMA journal_mode = WAL")
            link.executescript(_TABLES)
        return database

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """A connection that commits at the end of the block, and undoes everything where it fails."""
        link = sqlite3.connect(self.file, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            link.row_factory = sqlite3.Row
            link.execute("PRAGMA foreign_keys = ON")
            yield link
        finally:
            link.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection that nobody else writes beside; all of the block is kept, or nothing."""
        with self.open() as link:
            link.execute("BEGIN IMMEDIATE")
            try:
                yield link
            except BaseException:
                link.execute("ROLLBACK")
                raise
            link.execute("COMMIT")
