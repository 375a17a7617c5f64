"""Physical lines of a file in bounded memory, whatever ends them and however long they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from producers.rows import MAX_ROW_BYTES, UnreadableFile

CHUNK_BYTES = 64 * 1024
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class PhysicalLine:
    """One line without its end."""

    number: int
    data: bytes
    cut: bool = False
    """The line was longer than a row may be; `data` is its beginning."""


def physical_lines(file: BinaryIO) -> Iterator[PhysicalLine]:
    """The lines of a file that end in LF, CRLF or CR; a byte order mark is dropped.

    Raises:
        UnreadableFile: the disk fails.
    """
    number, tail, cut = 0, b"", False
    for chunk in _chunks(file):
        pieces = (tail + chunk).splitlines(keepends=True)
        # a CR at the end may be the first half of a CRLF
        tail = pieces.pop() if pieces and not pieces[-1].endswith(b"\n") else b""
        for piece in pieces:
            number += 1
            yield _line(number, piece, cut)
            cut = False
        if len(tail) > MAX_ROW_BYTES or cut:
            # the beginning stays for the refused file; the rest only has to be looked at for its end
            cut, tail = True, tail[:CHUNK_BYTES].rstrip(b"\r") + (b"\r" if tail.endswith(b"\r") else b"")
    if tail or cut:
        yield _line(number + 1, tail, cut)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    """The file piece by piece; the first is long enough to know its mark, however the disk hands it out."""
    start = b""
    while len(start) < len(BOM) and (more := _read(file)):
        start += more
    if text := start.removeprefix(BOM):
        yield text
    while chunk := _read(file):
        yield chunk


def _read(file: BinaryIO) -> bytes:
    try:
        return file.read(CHUNK_BYTES)
    except OSError as error:
        msg = f"the file cannot be read to its end: {error.strerror or type(error).__name__}"
        raise UnreadableFile(msg) from None


def _line(number: int, piece: bytes, cut: bool) -> PhysicalLine:
    data = piece.rstrip(b"\r\n")
    return PhysicalLine(number, data, cut or len(data) > MAX_ROW_BYTES)
