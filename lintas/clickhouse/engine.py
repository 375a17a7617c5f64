"""The ClickHouse engine in this process: one data directory, and a session of its own for each client.

This is the only place that touches `_chdb`, chDB's private API: its version is pinned for that reason.
"""

from __future__ import annotations

import errno
import fcntl
import importlib
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from lintas.clickhouse.blocks import Column
from lintas.clickhouse.errors import Code, StartError, StatementError
from lintas.clickhouse.statements import Insert, quote

_chdb: Any = importlib.import_module("chdb._chdb")  # it ships types for the rest of the package only

DEFAULT_MEMORY_BYTES = 4 << 30

# undoes habits of clickhouse-local that no server has
_SERVER_HABITS = "implicit_select=0&print_pretty_type_names=0"
_UNPASSABLE = "?&#%*{}"  # chDB takes options behind the path, as in an address, and INFILE takes patterns

# An acknowledged insert survives a power cut: rows and directory are synced, and nothing waits in an async queue.
# Times without a zone are UTC wherever the machine is.
_CONFIG = """<clickhouse>
    <timezone>UTC</timezone>
    <max_server_memory_usage>{memory_bytes}</max_server_memory_usage>
    <merge_tree>
        <fsync_after_insert>1</fsync_after_insert>
        <fsync_part_directory>1</fsync_part_directory>
    </merge_tree>
    <users_config>{users_config}</users_config>
</clickhouse>
"""

# What every session may do.  Left out on purpose: file(), url(), remote(), s3() and their like, which would read
# whatever this process can, and SYSTEM SHUTDOWN.
_USERS_CONFIG = """<clickhouse>
    <profiles><default><async_insert>0</async_insert></default></profiles>
    <quotas><default/></quotas>
    <users><default>
        <password></password>
        <networks><ip>::1</ip><ip>127.0.0.1</ip></networks>
        <profile>default</profile>
        <quota>default</quota>
        <grants>
            <query>GRANT SHOW, SELECT, INSERT, ALTER, CREATE, DROP, UNDROP TABLE, TRUNCATE, OPTIMIZE ON *.*</query>
            <query>GRANT KILL QUERY, dictGet, INTROSPECTION ON *.*</query>
            <query>GRANT CREATE TEMPORARY TABLE, CREATE ARBITRARY TEMPORARY TABLE ON *.*</query>
            <query>GRANT SYSTEM MERGES, SYSTEM TTL MERGES, SYSTEM FLUSH, SYSTEM RELOAD, SYSTEM VIEWS ON *.*</query>
            <query>GRANT SYSTEM DROP CACHE ON *.*</query>
        </grants>
    </default></users>
</clickhouse>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a statement's result in Native format, and what it took."""

    data: bytes
    rows_read: int
    bytes_read: int
    rows_written: int
    bytes_written: int


def _not_kept(error: OSError) -> StatementError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    code = Code.NOT_ENOUGH_SPACE if full else Code.CANNOT_WRITE_TO_FILE_DESCRIPTOR
    return StatementError(code, f"cannot keep the rows of an INSERT: {error.strerror} ({code.name})")


def _piece(result: Any) -> Piece:
    return Piece(
        data=result.bytes(),
        rows_read=result.storage_rows_read(),
        bytes_read=result.storage_bytes_read(),
        rows_written=result.rows_written(),
        bytes_written=result.bytes_written(),
    )


class Engine:
    """The one engine of this process; several would need several processes."""

    def __init__(self, folder: Path, *, database: str, memory_bytes: int = DEFAULT_MEMORY_BYTES) -> None:
        self.database = database
        self._folder = folder.absolute()
        if any(mark in str(self._folder) for mark in _UNPASSABLE):
            message = f"the data directory {folder} has one of {_UNPASSABLE} in its path: choose another"
            raise StartError(message)
        self._lock_file = self._lock()
        config = self._write_config(memory_bytes)
        self.inserts_folder = self._folder / "lintas-inserts"
        shutil.rmtree(self.inserts_folder, ignore_errors=True)  # what a crash left: never acknowledged
        self.inserts_folder.mkdir(mode=0o700)
        self._base = f"{self._folder}?config-file={config}&{_SERVER_HABITS}"
        self._admin_lock = threading.Lock()
        try:
            self._admin = _chdb.connect(self._base)  # the first session boots the engine
            self._admin.query(f"CREATE DATABASE IF NOT EXISTS {quote(database, '`')}", "Null", params={})
            line = self._admin.query("SELECT version(), timezone()", "JSONCompactEachRow", params={}).bytes()
        except RuntimeError as error:
            message = f"the ClickHouse engine does not start on {folder}: {' '.join(str(error).split())}"
            raise StartError(message) from None
        version, self.timezone = json.loads(line)
        self.version = tuple(int(number) for number in version.split("."))

    def _lock(self) -> int:
        # The engine locks the directory too, but tells a second one so in a way that nobody understands.
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock_file = os.open(self._folder / "lintas.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            message = f"cannot use the data directory {self._folder}: {error.strerror}"
            raise StartError(message) from None
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock_file)
            message = f"another server runs on {self._folder}: stop it, or choose another directory"
            raise StartError(message) from None
        return lock_file

    def _write_config(self, memory_bytes: int) -> Path:
        config, users_config = self._folder / "lintas-engine.xml", self._folder / "lintas-users.xml"
        users_config.write_text(_USERS_CONFIG, encoding="utf-8")
        text = _CONFIG.format(memory_bytes=memory_bytes, users_config=escape(str(users_config)))
        config.write_text(text, encoding="utf-8")
        return config

    def session(self, tag: str, readonly: int) -> EngineSession:
        """Open a session: a database, settings and temporary tables of its own, beside all others."""
        return EngineSession(self, _chdb.connect(f"{self._base}&log_comment={tag}&readonly={readonly}"), tag)

    def kill(self, tag: str) -> None:
        """End what a session runs; chDB's own cancellation would wait for the statement."""
        with self._admin_lock, suppress(RuntimeError):
            self._admin.query(f"KILL QUERY WHERE Settings['log_comment'] = {quote(tag)} ASYNC", "Null", params={})

    def close(self) -> None:
        """Close the engine; its sessions have to be closed before."""
        self._admin.close()
        os.close(self._lock_file)


class EngineSession:
    """One client's session; it runs one statement at a time. Errors are StatementErrors with the engine's code."""

    def __init__(self, engine: Engine, connection: Any, tag: str) -> None:
        self._engine, self._connection, self._tag = engine, connection, tag

    def query(self, sql: str, parameters: Mapping[str, str] | None = None, output: str = "Native") -> Piece:
        """Run any one statement to its end."""
        try:
            return _piece(self._connection.query(sql, output, params=dict(parameters or {})))
        except RuntimeError as error:
            raise StatementError.from_engine(error) from None

    def columns(self, select: str, parameters: Mapping[str, str] | None = None) -> list[Column]:
        """Learn the columns of a SELECT without running it, under the names of types that a server uses."""
        described = self.query(f"DESCRIBE ({select}\n)", parameters, "JSONCompact").data
        return [Column(name=row[0].encode(), type=row[1]) for row in json.loads(described)["data"]]

    def result_columns(self, sql: str, parameters: Mapping[str, str] | None = None) -> list[Column]:
        """Learn the columns of a statement that cannot be described (SHOW, EXPLAIN), by running it."""
        meta = json.loads(self.query(sql, parameters, "JSONCompact").data)["meta"]
        return [Column(name=column["name"].encode(), type=column["type"]) for column in meta]

    def only_reads(self, sql: str) -> bool:
        """Tell reading statements from others.

        Raises:
            StatementError: if there are several statements.
        """
        what = self._connection.classify_query(sql)
        if what["statement_count"] > 1:
            raise StatementError(Code.SYNTAX_ERROR, "Syntax error: Multi-statements are not allowed (SYNTAX_ERROR)")
        return bool(what["query_class"] == _chdb.query_class.READ_ONLY)

    def stream(self, select: str, parameters: Mapping[str, str]) -> Generator[Piece, None, None]:
        """Run a SELECT and yield its result in pieces as it comes; nothing at all comes for no rows."""
        ended = True
        try:
            stream = self._connection.send_query(select, "Native", params=dict(parameters))
            ended = False
            while (result := self._connection.streaming_fetch_result(stream)).rows_read():
                yield _piece(result)
            ended = True
        except RuntimeError as error:
            ended = True
            raise StatementError.from_engine(error) from None
        finally:
            if not ended:
                self._drain(stream)

    def _drain(self, stream: Any) -> None:
        """End a stream whose reader went away: killed, it fails at the next piece or the one after."""
        with suppress(RuntimeError):
            self._engine.kill(self._tag)
            while self._connection.streaming_fetch_result(stream).rows_read():
                self._engine.kill(self._tag)

    def insert(self, insert: Insert) -> EngineInsert:
        """Begin an INSERT whose rows come in Native blocks."""
        return EngineInsert(self, insert, self._engine.inserts_folder)

    def close(self) -> None:
        """Close the session."""
        self._connection.close()


class EngineInsert:
    """A running INSERT, used in a `with`: its blocks are gathered in a file until `finish` stores them all.

    chDB has an INSERT of its own that takes blocks as they come, but 26.9 loses errors there: a violated constraint,
    too many partitions or a failing view drop the rows, and the INSERT reports success.
    """

    def __init__(self, session: EngineSession, insert: Insert, folder: Path) -> None:
        self._session, self._insert = session, insert
        try:
            self._file = tempfile.NamedTemporaryFile(dir=folder, suffix=".native", buffering=0)  # noqa: SIM115
        except OSError as error:
            raise _not_kept(error) from None

    def __enter__(self) -> EngineInsert:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def append(self, block: bytes) -> None:
        """Add a block.

        Raises:
            StatementError: if the disk is full, or takes no writes.
        """
        try:
            self._file.write(block)
        except OSError as error:
            raise _not_kept(error) from None

    def finish(self) -> Piece:
        """Store the rows; when this returns they are on disk."""
        return self._session.query(self._insert.from_file(self._file.name))
