"""The bytes of the native protocol: numbers, strings and compressed frames, read from a socket or a buffer."""

from __future__ import annotations

import struct
from collections.abc import Callable

import lz4.block
from clickhouse_cityhash.cityhash import CityHash128

from lintas.clickhouse.errors import Code, StatementError

PACKET_LIMIT_BYTES = 1 << 30  # most that is held of one client packet
_RECEIVE_BYTES = 1 << 18
_FRAME_BYTES = 1 << 20
_LZ4, _PLAIN = 0x82, 0x02

Bytes = bytes | bytearray | memoryview


class Reader:
    """Bytes that are read, or skipped, from `position` on; more are received as they are needed.

    Running out of them raises EOFError.
    """

    def __init__(self, receive: Callable[[int], bytes] | None = None, buffer: memoryview | None = None) -> None:
        self._receive = receive
        self.buffer: bytearray | memoryview = bytearray() if buffer is None else buffer
        self.position = 0
        self.limit_bytes = PACKET_LIMIT_BYTES

    def forget(self) -> None:
        """Drop what was read: a new packet begins."""
        del self.buffer[: self.position]  # type: ignore[union-attr]  # a memoryview is read once, from its beginning
        self.position = 0

    def _more(self) -> bytes:
        return self._receive(_RECEIVE_BYTES) if self._receive else b""

    def _fill(self) -> None:
        if len(self.buffer) > self.limit_bytes:
            raise StatementError(
                Code.TOO_LARGE_PACKET, f"a packet of more than {self.limit_bytes} bytes: send smaller blocks"
            )
        more = self._more()
        if not more or isinstance(self.buffer, memoryview):
            raise EOFError
        self.buffer += more

    def skip(self, count: int) -> int:
        """Move over bytes; returns where they begin in `buffer`."""
        start = self.position
        self.position += count
        while len(self.buffer) < self.position:
            self._fill()
        return start

    def take(self, count: int) -> bytes:
        """Read bytes."""
        start = self.skip(count)
        return bytes(self.buffer[start : self.position])

    def uint64(self) -> int:
        """Read a fixed-width number."""
        return int.from_bytes(self.take(8), "little")

    def varint(self) -> int:
        """Read a number of 7 bits a byte, the low ones first."""
        number = shift = 0
        while (byte := self.buffer[self.skip(1)]) > 127:
            number |= (byte & 127) << shift
            shift += 7
        return number | byte << shift

    def raw(self) -> bytes:
        """Read a string as bytes."""
        return self.take(self.varint())

    def text(self) -> str:
        """Read a string; bytes that are not UTF-8 survive the way back."""
        return self.raw().decode("utf-8", "surrogateescape")

    def skip_strings(self, count: int) -> None:
        """Move over strings: the innermost loop of an insert, hence without a call per string."""
        while count:
            buffer, position = self.buffer, self.position
            try:
                while count:
                    size, position = buffer[position], position + 1
                    if size > 127:
                        size, shift = size & 127, 7
                        while (byte := buffer[position]) > 127:
                            size, shift, position = size | (byte & 127) << shift, shift + 7, position + 1
                        size, position = size | byte << shift, position + 1
                    position += size
                    count, self.position = count - 1, position
            except IndexError:
                self._fill()
        self.skip(0)


class FrameReader(Reader):
    """The same over compressed frames (checksum, method, sizes, payload) that another reader holds."""

    def __init__(self, outer: Reader) -> None:
        super().__init__()
        self._outer = outer

    def _more(self) -> bytes:
        head = self._outer.take(25)
        size, plain_size = struct.unpack("<II", head[17:])
        if size < 9 or max(size, plain_size) > PACKET_LIMIT_BYTES:
            raise StatementError(Code.TOO_LARGE_PACKET, "a compressed frame with impossible sizes")
        body = self._outer.take(size - 9)
        if _checksum(head[16:] + body) != head[:16]:
            raise StatementError(Code.CHECKSUM_DOESNT_MATCH, "Checksum doesn't match: corrupted data")
        if head[16] == _PLAIN:
            return body
        if head[16] != _LZ4:
            raise StatementError(
                Code.UNKNOWN_COMPRESSION_METHOD, "compression other than LZ4 is not supported by the local server"
            )
        plain: bytes = lz4.block.decompress(body, uncompressed_size=plain_size)
        return plain


def _checksum(data: bytes) -> bytes:
    high, low = divmod(CityHash128(data), 1 << 64)
    return struct.pack("<QQ", high, low)


def compress(data: bytes) -> bytes:
    """Make LZ4 frames of bytes."""
    frames = []
    for start in range(0, len(data), _FRAME_BYTES):
        plain = data[start : start + _FRAME_BYTES]
        body = lz4.block.compress(plain, store_size=False)
        frame = bytes((_LZ4,)) + struct.pack("<II", len(body) + 9, len(plain)) + body
        frames += [_checksum(frame), frame]
    return b"".join(frames)


def varint(number: int) -> bytes:
    """Write a number of 7 bits a byte, the low ones first."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def string(value: str | bytes) -> bytes:
    """Write a string with its length before it."""
    data = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    return varint(len(data)) + data
