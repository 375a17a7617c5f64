"""Hands on as UTF-8 what partners' programs write in UTF-16 or Windows-1252."""

from __future__ import annotations

import codecs
import io
import re
from typing import BinaryIO, Final

from producers.rows import UnreadableFile

CHUNK_BYTES: Final = 256 * 1024
SAMPLE_BYTES: Final = 400
WINDOWS: Final = "windows-1252"
_BOMS: Final = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""The longer ones first: that of UTF-32 begins as that of UTF-16 does."""
_WHOLE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]+")
_LETTERS = frozenset(
    [*b"\x8a\x8c\x8e\x91\x92\x93\x94\x96\x97\x9a\x9c\x9e\x9f\xa0\xaa\xb0\xb4\xba"]
    + [b for b in range(0xC0, 0xFE) if b not in b"\xd7\xde\xf0\xf7"]
)
"""What stands in names and places of Windows-1252 files: letters, typographic marks, ordinals."""
_LONGEST_RUN = 2
"""Letters with accents stand alone or in pairs; longer runs are something else."""


def encoding_of(file: BinaryIO) -> str:
    """The encoding of a text file that is not plain UTF-8; empty = UTF-8, or what no encoding explains.

    Raises:
        UnreadableFile: the disk fails.
    """
    start = _read(file, SAMPLE_BYTES)
    for mark, name in _BOMS.items():
        if start.startswith(mark):
            return name
    # text in UTF-16 has a zero in every second byte
    if len(start) >= 20:
        half = len(start) // 2
        even, odd = start[::2].count(0), start[1::2].count(0)
        if max(even, odd) > 0.8 * half and min(even, odd) < 0.2 * half:
            return "utf-16-be" if even > odd else "utf-16-le"
    return WINDOWS if _is_windows(file, start) else ""


def _is_windows(file: BinaryIO, data: bytes) -> bool:
    """Whether there are bytes that UTF-8 does not explain and Windows-1252 does, and none the other way round."""
    found = False
    while data:
        more = _read(file, CHUNK_BYTES)
        if not data.isascii():
            # a character that the end of the piece cuts is looked at with the next piece
            keep = 3 if more else 0
            if _WHOLE.search(data):
                return False
            for run in _HIGH.findall(data[: len(data) - keep]):
                if len(run) > _LONGEST_RUN or not _LETTERS.issuperset(run):
                    return False
                found = True
            more = data[len(data) - keep :] + more if more else b""
        data = more
    return found


_BROKEN: Final = "lintas-broken"
codecs.register_error(_BROKEN, lambda error: ("\udcff", error.end if isinstance(error, UnicodeDecodeError) else 0))


class Recoded(io.RawIOBase):
    """A file of another encoding, read as UTF-8; what cannot be decoded stays no UTF-8, so that its row is refused."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        super().__init__()
        self._file = file
        self._encoding = encoding
        self._ready, self._ended, self._told = b"", False, 0
        self._rewind()

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """Forward and back, by reading again."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a place of the UTF-8 text."""
        if whence != io.SEEK_SET:
            msg = "only from the start"
            raise io.UnsupportedOperation(msg)
        self._rewind()
        while self._told < offset and self.read(min(CHUNK_BYTES, offset - self._told)):
            pass
        return self._told

    def tell(self) -> int:
        """Bytes of UTF-8 that were read."""
        return self._told

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """The next bytes."""
        while not self._ready and not self._ended:
            chunk = _read(self._file, CHUNK_BYTES)
            self._ended = not chunk
            self._ready = self._decoder.decode(chunk, final=self._ended).encode("utf-8", "surrogateescape")
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        self._told += size
        return size

    def _rewind(self) -> None:
        self._file.seek(0)
        # what cannot be decoded becomes a byte that is no UTF-8
        self._decoder = codecs.getincrementaldecoder(self._encoding)(_BROKEN)
        self._ready, self._ended, self._told = b"", False, 0


def as_utf8(file: BinaryIO) -> tuple[BinaryIO, str]:
    """The file as UTF-8, and the encoding that it has; empty = it was read as it is.

    Raises:
        UnreadableFile: the disk fails.
    """
    name = encoding_of(file)
    file.seek(0)
    if not name:
        return file, ""
    return Recoded(file, name), name  # type: ignore[return-value]


def _read(file: BinaryIO, size: int) -> bytes:
    try:
        return file.read(size)
    except OSError as error:
        msg = f"the file cannot be read to its end: {error.strerror or type(error).__name__}"
        raise UnreadableFile(msg) from None
