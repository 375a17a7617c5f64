"""Numbered SQL files brought into force once each, in order, and never edited afterwards."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from clickhouse_driver import Client

_NAME = re.compile(r"^(?P<number>\d{4})_(?P<title>[a-z0-9_]+)\.sql$")
_PIECE = re.compile(r"'(?:\\.|''|[^'\\])*'|`[^`]*`|--[^\n]*|;|[^'`;-]+|-", re.DOTALL)
_TYPE = r"(\w+(?:\((?:[^()']|'[^']*'|\([^()]*\))*\))?)"
_TABLE = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?`?(?P<table>\w+)`?\s")
_COLUMN = re.compile(rf"^\s+`(\w+)` {_TYPE}", re.MULTILINE)
_ALTERED = re.compile(r"ALTER TABLE `?(?P<table>\w+)`?\s")
_ALTERED_COLUMN = re.compile(rf"(?:ADD|MODIFY) COLUMN (?:IF (?:NOT )?EXISTS )?`?(\w+)`? {_TYPE}")
_DDL_SECONDS = 120

_CREATE = """
CREATE TABLE IF NOT EXISTS schema_migrations
(
    `number` UInt32 COMMENT 'Number of the file',
    `name` String COMMENT 'Name of the file',
    `checksum` String COMMENT 'SHA-256 of the file, hexadecimal',
    `applied_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When it was applied last'
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY (number, name)
COMMENT 'Which migrations are in force'
"""
_APPLIED = "SELECT number, name, checksum FROM schema_migrations FINAL ORDER BY number"
_RECORD = "INSERT INTO schema_migrations (number, name, checksum) VALUES"
_IS_THERE = "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = 'schema_migrations'"


class MigrationError(Exception):
    """The files and the database do not belong together; the text names the file and says how to mend it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the file, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def shipped_migrations() -> tuple[Migration, ...]:
    """The files that come with Lintas, in order."""
    folder = resources.files("sinks").joinpath("migrations")
    files = ((file.name, file.read_text(encoding="utf-8")) for file in folder.iterdir())
    return read_migrations((name, text) for name, text in files if name.endswith(".sql"))


@cache
def shipped_types() -> Mapping[str, Mapping[str, str]]:
    """The type of every column after all shipped migrations, by table."""
    types: dict[str, dict[str, str]] = {}
    for migration in shipped_migrations():
        for statement in statements(migration.text):
            if made := _TABLE.match(statement):
                types.setdefault(made["table"], {}).update(_COLUMN.findall(statement))
            elif altered := _ALTERED.match(statement):
                types.setdefault(altered["table"], {}).update(_ALTERED_COLUMN.findall(statement))
    return types


def read_migrations(files: Iterable[tuple[str, str]]) -> tuple[Migration, ...]:
    """Put files (name, text) in order.

    Raises:
        MigrationError: a name is not of the form 0001_title.sql, or two files have one number.
    """
    found: dict[int, Migration] = {}
    for name, text in files:
        match = _NAME.match(name)
        if match is None:
            msg = f"{name}: a migration is called 0001_title.sql"
            raise MigrationError(msg)
        number = int(match["number"])
        if number in found:
            msg = f"{name} and {found[number].name} have the same number: give the newer one the next free number"
            raise MigrationError(msg)
        found[number] = Migration(number=number, name=name, text=text)
    return tuple(found[number] for number in sorted(found))


def statements(text: str) -> list[str]:
    """Split a file at its semicolons; comments are left out, quoted text stays whole."""
    parts = [""]
    for piece in _PIECE.findall(text):
        if piece == ";":
            parts.append("")
        elif not piece.startswith("--"):
            parts[-1] += piece
    return [part.strip() for part in parts if part.strip()]


def pending(client: Client, migrations: Sequence[Migration] | None = None) -> list[Migration]:
    """Migrations that are not in force yet; writes nothing.

    Raises:
        MigrationError: a file was edited after it was applied, or the database is newer than these files.
    """
    wanted = shipped_migrations() if migrations is None else migrations
    if not client.execute(_IS_THERE)[0][0]:
        return list(wanted)
    by_number = {migration.number: migration for migration in wanted}
    applied: set[int] = set()
    for number, name, checksum in client.execute(_APPLIED):
        migration = by_number.get(number)
        if migration is None:
            msg = f"the database has migration {name}, which this version of Lintas does not know: update Lintas"
            raise MigrationError(msg)
        if (name, checksum) != (migration.name, migration.checksum):
            msg = f"{migration.name} was edited after it was applied: undo the edit and write a new migration"
            raise MigrationError(msg)
        applied.add(number)
    return [migration for migration in wanted if migration.number not in applied]


def migrate(client: Client, migrations: Sequence[Migration] | None = None) -> list[Migration]:
    """Apply what is pending and return it; two at once do no harm, for every statement can be repeated.

    Raises:
        MigrationError: see `pending`.
    """
    client.execute(_CREATE)
    done = pending(client, migrations)
    for migration in done:
        for statement in statements(migration.text):
            client.execute(statement, settings={"max_execution_time": _DDL_SECONDS})
        client.execute(_RECORD, [(migration.number, migration.name, migration.checksum)])
    return done
