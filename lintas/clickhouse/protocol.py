"""The packets of the native protocol: one connection, seen from the server's side."""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from lintas.clickhouse.blocks import Block, read_block, write_block
from lintas.clickhouse.engine import Piece
from lintas.clickhouse.errors import Code, StatementError
from lintas.clickhouse.statements import parameter
from lintas.clickhouse.wire import PACKET_LIMIT_BYTES, FrameReader, Reader, compress, string, varint

REVISION = 54459  # what is offered: the first revision with server-side parameters
OLDEST_REVISION = 54406
_HELLO_LIMIT_BYTES = 1 << 16  # nobody is known yet
_IMPORTANT = 1  # the flag of a setting that must not be ignored if unknown


class FromClient(IntEnum):
    """The packets that a client sends."""

    HELLO, QUERY, DATA, CANCEL, PING = range(5)


class FromServer(IntEnum):
    """The packets that a server sends."""

    HELLO, DATA, EXCEPTION, PROGRESS, PONG, END_OF_STREAM = range(6)
    PROFILE_EVENTS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """Who knocks."""

    database: str
    user: str
    password: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A setting that travels with a statement."""

    value: str
    important: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A statement and what travels with it."""

    sql: str
    query_id: str
    settings: Mapping[str, Setting]
    parameters: Mapping[str, str]
    compressed: bool


def unexpected(packet: int) -> StatementError:
    """Say that the stream can no longer be followed."""
    return StatementError(Code.UNEXPECTED_PACKET_FROM_CLIENT, f"Unexpected packet {packet} received from client")


class Connection:
    """Packets of one client; EOFError or OSError when it is gone."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._reader = Reader(sock.recv)
        self._revision = 0
        self._compressed = False

    def next_packet(self) -> int:
        """Wait for a packet and return its kind."""
        self._reader.forget()
        return self._reader.varint()

    def read_hello(self) -> Hello:
        """Read the first packet of a connection."""
        reader = self._reader
        reader.limit_bytes = _HELLO_LIMIT_BYTES
        if (packet := reader.varint()) != FromClient.HELLO:
            raise unexpected(packet)
        reader.text()  # the client's name and version
        reader.varint(), reader.varint()
        revision = reader.varint()
        hello = Hello(database=reader.text(), user=reader.text(), password=reader.raw())
        if revision < OLDEST_REVISION:
            raise StatementError(Code.UNEXPECTED_PACKET_FROM_CLIENT, f"client revision {revision} is too old")
        self._revision = min(revision, REVISION)
        return hello

    def send_hello(self, version: tuple[int, ...], timezone: str) -> None:
        """Answer the first packet: the client is let in."""
        major, minor, patch = version[:3]
        self._send(
            varint(FromServer.HELLO),
            string("ClickHouse"),
            *map(varint, (major, minor, REVISION)),
            string(timezone),
            string("lintas-local"),
            varint(patch),
        )
        if self._revision >= 54458:
            self._reader.text()  # the addendum: a quota key
        self._reader.limit_bytes = PACKET_LIMIT_BYTES

    def read_query(self) -> Query:
        """Read the rest of a Query packet."""
        reader, revision = self._reader, self._revision
        query_id = reader.text()
        if reader.take(1) != b"\0":
            self._skip_client_info()
        settings = self._read_settings()
        if revision >= 54441:
            reader.text()  # the secret among servers
        reader.varint()  # the stage: always complete
        self._compressed = bool(reader.varint())
        sql = reader.text()
        parameters = self._read_settings() if revision >= 54459 else {}
        return Query(
            sql=sql,
            query_id=query_id,
            settings=settings,
            parameters={name: parameter(setting.value) for name, setting in parameters.items()},
            compressed=self._compressed,
        )

    def _skip_client_info(self) -> None:
        reader, revision = self._reader, self._revision
        reader.skip_strings(3)  # initial user, query id, address
        reader.skip(8 if revision >= 54449 else 0)  # start time
        reader.skip(1)  # interface
        reader.skip_strings(3)  # OS user, host, client name
        reader.varint(), reader.varint(), reader.varint()  # version, revision
        reader.text()  # quota key
        if revision >= 54448:
            reader.varint()  # distributed depth
        reader.varint()  # patch
        if revision >= 54442 and reader.take(1) != b"\0":  # OpenTelemetry
            reader.skip(24)
            reader.text()
            reader.skip(1)
        if revision >= 54453:
            reader.varint(), reader.varint(), reader.varint()  # parallel replicas

    def _read_settings(self) -> dict[str, Setting]:
        settings = {}
        while name := self._reader.text():
            if self._revision < 54429:  # typed values
                raise StatementError(
                    Code.NOT_IMPLEMENTED,
                    "settings of a client before revision 54429 are not supported by the local server",
                )
            flags = self._reader.varint()
            settings[name] = Setting(value=self._reader.text(), important=bool(flags & _IMPORTANT))
        return settings

    def read_data(self) -> Block:
        """Read a Data packet; a block without columns ends the data."""
        packet = self.next_packet()
        if packet == FromClient.CANCEL:
            raise EOFError
        if packet != FromClient.DATA:
            raise unexpected(packet)
        self._reader.text()  # the name of an external table
        reader = FrameReader(self._reader) if self._compressed else self._reader
        while field := reader.varint():  # block info
            reader.skip(1 if field == 1 else 4)
        return read_block(reader, serialization_byte=self._revision >= 54454)

    def send_block(self, block: Block) -> None:
        """Send a part of a result; the first one tells names and types and has no rows."""
        data = self._framed(block)
        self._send(varint(FromServer.DATA), b"\0", compress(data) if self._compressed else data)

    def confirm_block(self) -> None:
        """Tell that a block was received: later clients await one packet of profile events for each."""
        if self._revision >= 54456:
            self._send(varint(FromServer.PROFILE_EVENTS), b"\0", self._framed(Block()))

    def _framed(self, block: Block) -> bytes:
        block_info = b"\1\0\2\xff\xff\xff\xff\0"
        return block_info + write_block(block, serialization_byte=self._revision >= 54454)

    def send_progress(self, piece: Piece) -> None:
        """Tell what a statement took."""
        numbers = [piece.rows_read, piece.bytes_read, 0]
        if self._revision >= 54420:
            numbers += [piece.rows_written, piece.bytes_written]
        self._send(varint(FromServer.PROGRESS), *map(varint, numbers))

    def send_error(self, error: StatementError) -> None:
        """Tell that a statement, or the connection, failed."""
        code = struct.pack("<i", error.code)
        no_trace, not_nested = b"\0", b"\0"
        self._send(
            varint(FromServer.EXCEPTION), code, string("DB::Exception"), string(error.text), no_trace, not_nested
        )

    def send_end(self) -> None:
        """Tell that a statement is done."""
        self._send(varint(FromServer.END_OF_STREAM))

    def send_pong(self) -> None:
        """Answer a ping."""
        self._send(varint(FromServer.PONG))

    def _send(self, *parts: bytes) -> None:
        self._socket.sendall(b"".join(parts))
