"""One client of the local ClickHouse server: let in, then one statement after the other."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import replace
from typing import Protocol

from lintas.clickhouse.blocks import Block, Column, header, read_block, skimmer, write_block
from lintas.clickhouse.engine import Engine, EngineInsert, EngineSession, Piece
from lintas.clickhouse.errors import Code, StatementError
from lintas.clickhouse.protocol import Connection, FromClient, Query, Setting, unexpected
from lintas.clickhouse.statements import (
    Insert,
    is_kill,
    is_select,
    missing_feature,
    parse_insert,
    quote,
    without_comments,
    without_format,
)
from lintas.clickhouse.users import User, authenticate
from lintas.clickhouse.wire import Reader

# Settings that no client sets: the tag a session is killed by, and logs, which the engine keeps to itself.
_SERVER_SETTINGS = ("log_comment", "send_logs_level")
_HANDSHAKE_SECONDS = 10


class Statement(Protocol):
    """A running statement, as the watcher sees it."""

    cancelled: bool


class Host(Protocol):
    """What a session needs of the server that it belongs to."""

    engine: Engine
    users: Mapping[str, User]

    def admit(self) -> bool:
        """Take a place for a session, if there is one."""

    def watching(self, sock: socket.socket, tag: str) -> AbstractContextManager[Statement]:
        """Kill what runs inside as soon as the client asks for it or goes away."""


class Session:
    """Serves one client until it goes away."""

    def __init__(self, host: Host, sock: socket.socket, tag: str) -> None:
        self._host, self._socket, self._tag = host, sock, tag
        self._connection = Connection(sock)
        self._user = User(name="", sha256="", readonly=1)
        self._applied: dict[str, str] = {}
        self._header_sent = False
        self._followable = True

    def serve(self) -> None:
        """Answer packets; returns when the client is gone or cannot be followed any further."""
        try:
            engine = self._log_in()
            try:
                while True:
                    self._answer(engine, self._connection.next_packet())
            finally:
                engine.close()
        except StatementError as error:
            with suppress(OSError):
                self._connection.send_error(error)
        except (EOFError, OSError):
            pass

    def _log_in(self) -> EngineSession:
        self._socket.settimeout(_HANDSHAKE_SECONDS)
        hello = self._connection.read_hello()
        user = authenticate(self._host.users, hello.user, hello.password)
        if user is None:
            raise StatementError(
                Code.AUTHENTICATION_FAILED,
                f"{hello.user}: Authentication failed: password is incorrect, or there is no user with such name."
                " (AUTHENTICATION_FAILED)",
            )
        if not self._host.admit():
            message = "Too many connections: close some, or start the server with a higher --max-connections"
            raise StatementError(Code.TOO_MANY_CONNECTIONS, message)
        self._user = user
        engine = self._host.engine.session(self._tag, user.readonly)
        try:
            engine.query(f"USE {quote(hello.database or self._host.engine.database, '`')}")
            self._connection.send_hello(self._host.engine.version, self._host.engine.timezone)
        except BaseException:
            engine.close()
            raise
        self._socket.settimeout(None)
        return engine

    def _answer(self, engine: EngineSession, packet: int) -> None:
        if packet == FromClient.PING:
            self._connection.send_pong()
        elif packet == FromClient.QUERY:
            self._query(engine)
        elif packet != FromClient.CANCEL:  # a Cancel may come when there is nothing left to cancel
            raise unexpected(packet)

    def _query(self, engine: EngineSession) -> None:
        query = self._connection.read_query()
        external = False
        while self._connection.read_data().columns:  # external tables, until an empty block
            external = True
        self._header_sent, self._followable = False, True
        try:
            if external:
                raise StatementError(Code.NOT_IMPLEMENTED, "external tables are not supported by the local server")
            if query.query_id:
                raise StatementError(Code.NOT_IMPLEMENTED, "query_id is not supported by the local server")
            self._apply(engine, query.settings)
            self._execute(engine, replace(query, sql=without_comments(query.sql)))
        except StatementError as error:
            if not self._followable:
                raise
            self._connection.send_error(error)
        else:
            self._connection.send_end()

    def _apply(self, engine: EngineSession, settings: Mapping[str, Setting]) -> None:
        """Make the session's settings those of the statement: they travel with each, but in chDB they stay."""
        wanted = {name: setting for name, setting in settings.items() if name not in _SERVER_SETTINGS}
        for name in [name for name in self._applied if name not in wanted]:
            engine.query(f"SET {name} = DEFAULT")
            del self._applied[name]
        for name, setting in wanted.items():
            if self._applied.get(name) == setting.value:
                continue
            _check_setting(name, setting.value)
            try:
                engine.query(f"SET {name} = {quote(setting.value)}")
                self._applied[name] = setting.value
            except StatementError as error:
                if error.code != Code.UNKNOWN_SETTING or setting.important:
                    raise

    def _execute(self, engine: EngineSession, query: Query) -> None:
        if missing := missing_feature(query.sql):
            raise StatementError(Code.NOT_IMPLEMENTED, f"{missing} not supported by the local server")
        if insert := parse_insert(query.sql):
            self._insert(engine, insert)
            return
        if self._user.readonly and is_kill(query.sql):  # the engine lets readers end other people's statements
            raise StatementError(Code.ACCESS_DENIED, f"{self._user.name}: Not enough privileges to KILL")
        reads = engine.only_reads(query.sql)
        if reads:
            query = replace(query, sql=without_format(query.sql))
        with self._host.watching(self._socket, self._tag) as statement:
            try:
                if reads and is_select(query.sql):
                    self._select(engine, query, statement)
                else:
                    self._run(engine, query, reads=reads)
            except StatementError:
                if not statement.cancelled:
                    raise

    def _run(self, engine: EngineSession, query: Query, *, reads: bool) -> None:
        self._send_result(engine.query(query.sql, query.parameters), ())
        if reads and not self._header_sent:
            self._connection.send_block(header(engine.result_columns(query.sql, query.parameters)))

    def _select(self, engine: EngineSession, query: Query, statement: Statement) -> None:
        try:  # chDB sends nothing at all for no rows, so the columns are asked for first
            columns = engine.columns(query.sql, query.parameters)
        except StatementError:
            columns = []  # the statement itself says better what is wrong
        for column in columns:
            skimmer(column.type)  # a type that is not known has to be told before the stream is open
        if statement.cancelled:
            return
        types = [column.type for column in columns]
        with closing(engine.stream(query.sql, query.parameters)) as pieces:
            for piece in pieces:
                self._send_result(piece, types)
        if not self._header_sent:
            self._connection.send_block(header(columns))

    def _send_result(self, piece: Piece, types: Sequence[str]) -> None:
        """Send the blocks of one piece; `types` are what the columns are really called, where that is known."""
        reader = Reader(buffer=memoryview(piece.data))
        while reader.position < len(piece.data):
            block = read_block(reader, serialization_byte=False)
            if len(types) == len(block.columns):
                columns = [_with_zone(column, real) for column, real in zip(block.columns, types, strict=True)]
                block = Block(columns=tuple(columns), rows=block.rows)
            if not self._header_sent:  # the driver learns names and types from a block without rows only
                self._connection.send_block(header(block.columns))
                self._header_sent = True
            self._connection.send_block(block)
        self._connection.send_progress(piece)

    def _insert(self, engine: EngineSession, insert: Insert) -> None:
        if self._user.readonly:
            text = f"{self._user.name}: Cannot execute query in readonly mode. (READONLY)"
            raise StatementError(Code.READONLY, text)
        sample = engine.columns(insert.sample)
        for column in sample:
            skimmer(column.type)
        with engine.insert(insert) as running:
            self._followable = False  # until the client has sent all, where its data ends is not known
            self._connection.send_block(header(sample))
            refused = self._receive(running, [column.name for column in sample])
            self._followable = True
            if refused:
                raise refused
            self._connection.send_progress(running.finish())

    def _receive(self, running: EngineInsert, names: Sequence[bytes]) -> StatementError | None:
        """Pass on the client's blocks; what is wrong with them is told once it has sent all."""
        refused: StatementError | None = None
        while True:
            block = self._connection.read_data()
            self._connection.confirm_block()
            if not block.columns:
                return refused
            if [column.name for column in block.columns] != names:
                # the engine would skip unknown columns and fill in missing ones
                text = "Block structure mismatch: the columns are not those of the sample block"
                refused = refused or StatementError(Code.BLOCK_STRUCTURE_MISMATCH, text)
            if block.rows and not refused:
                try:
                    running.append(write_block(block, serialization_byte=False))
                except StatementError as error:
                    refused = error


def _check_setting(name: str, value: str) -> None:
    if not re.fullmatch(r"\w+", name):
        raise StatementError(Code.UNKNOWN_SETTING, "a setting with an impossible name (UNKNOWN_SETTING)")
    if name == "extremes" and value not in ("0", "false"):  # the engine's Native output would drop them silently
        raise StatementError(Code.NOT_IMPLEMENTED, "extremes are not supported by the local server")
    if name == "readonly":  # it could not be taken back for the next statement
        text = "readonly as a setting is not supported by the local server: log in as a user who may only read"
        raise StatementError(Code.NOT_IMPLEMENTED, text)


def _with_zone(column: Column, real_type: str) -> Column:
    """Give a DateTime its time zone back: the engine's Native output loses it."""
    if column.type == "DateTime" and real_type.startswith("DateTime("):
        return replace(column, type=real_type)
    return column
