"""Splits UN/EDIFACT interchanges (ISO 9735) into segments, in bounded memory and whatever the bytes are.

It asks for nothing but separators: envelopes around an interchange, line breaks inside it, a second interchange with
other separators and a cut end are all read; who understands segments decides what they are worth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO, Final, NamedTuple

from producers.rows import UnreadableFile

CHUNK_BYTES: Final = 256 * 1024
MAX_SEGMENT_BYTES: Final = 64 * 1024
"""A longer one has lost its end: no element of a passenger list has more than some hundred characters."""
CHARACTER_SETS: Final = {
    b"UNOA": "ascii", b"UNOB": "ascii", b"UNOC": "iso8859-1", b"UNOD": "iso8859-2", b"UNOE": "iso8859-5",
    b"UNOF": "iso8859-7", b"UNOG": "iso8859-3", b"UNOH": "iso8859-4", b"UNOI": "iso8859-6", b"UNOJ": "iso8859-8",
    b"UNOK": "iso8859-9", b"UNOL": "iso8859-15", b"UNOW": "utf-8", b"UNOX": "iso2022_jp_2", b"UNOY": "utf-8",
}  # fmt: skip
"""By the syntax identifier of UNB (ISO 9735-1 annex and its later levels)."""
INTERCHANGE: Final = re.compile(rb"UNA[^\w\s].{5}\s*UNB|UN[BH]\s?[^\w\s][^\r\n]{0,40}?(?:UNO[A-Y]\b|PAXLST)", re.DOTALL)
"""What an interchange, or a message without one, begins with."""

_START = re.compile(rb"(UNA(?=[^\w\s].{5}\s*UN[BGH]))|UNB(?=\s?[^\w\s])|UNH(?=\s?[^\w\s])", re.DOTALL)
_LETTERS_OF_1252 = frozenset(b"\x8a\x8c\x8e\x9a\x9c\x9e\x9f")
_CONTROLS = frozenset(range(0x80, 0xA0))

_BLANKS = b" \t\0\x01\x02\x03\x04\x1a"
_UNIT = "\x1f"
"""Between the components of a segment that had release characters, once they are taken out."""


class Segment(NamedTuple):
    """One segment; no dataclass, since a long list has a million of them and a tuple is made in a third of the time."""

    number: int
    """From 1, counted through the whole file."""
    tag: str
    parts: Sequence[str] = ("",)
    """The tag as written, then the elements, their components not yet split: few of them are ever asked for."""
    mark: str = ":"
    """What stands between components."""
    cut: bool = False
    """Its end was not found: the file ends, or it is longer than any segment."""
    foreign: bool = False
    """It holds bytes that its character set does not have."""

    def get(self, element: int, component: int = 0) -> str:
        """A component without blanks around it; empty where there is none."""
        if element + 1 >= len(self.parts):
            return ""
        found = self.parts[element + 1]
        if self.mark not in found:
            return "" if component else found.strip()
        several = found.split(self.mark)
        return several[component].strip() if component < len(several) else ""

    def components(self, element: int) -> list[str]:
        """All components of an element; none where there is no such element."""
        return self.parts[element + 1].split(self.mark) if element + 1 < len(self.parts) else []


@dataclass(frozen=True, slots=True)
class _Marks:
    """The service characters."""

    component: str = ":"
    element: str = "+"
    release: str = "?"
    end: bytes = b"'"

    @classmethod
    def of(cls, una: bytes) -> _Marks:
        """Those that a UNA names in its six characters."""
        component, element, _, release, _, end = (una[i : i + 1] for i in range(6))
        text = release.decode("latin-1")
        return cls(component.decode("latin-1"), element.decode("latin-1"), "" if text == " " else text, end)


def segments(file: BinaryIO) -> Iterator[Segment]:
    """Every segment of every interchange of a file; what stands before, between and behind them is passed over.

    Raises:
        UnreadableFile: the disk fails.
    """
    return _Splitter(file).segments()


class _Splitter:
    """Where the reading stands."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._buffer = b""
        self._ended = False
        self._number = 0
        self._marks = _Marks()
        self._set = "ascii"
        self._plain = True
        """Whether bytes of ASCII mean what they do in ASCII."""
        self._dos = "cp850"

    def segments(self) -> Iterator[Segment]:
        while self._find_start():
            yield from self._interchange()

    def _more(self) -> bool:
        if self._ended:
            return False
        try:
            chunk = self._file.read(CHUNK_BYTES)
        except OSError as error:
            msg = f"the file cannot be read to its end: {error.strerror or type(error).__name__}"
            raise UnreadableFile(msg) from None
        self._buffer += chunk
        self._ended = not chunk
        return bool(chunk)

    def _find_start(self) -> bool:
        """Go to where an interchange begins, and take its separators."""
        while True:
            found = _START.search(self._buffer)
            # a UNA needs what follows it; the end of a chunk may cut it
            if found and (len(self._buffer) - found.start() > 64 or self._ended):
                break
            if not self._more():
                found = _START.search(self._buffer)
                break
            if not found:
                self._buffer = self._buffer[-CHUNK_BYTES:]
        if not found:
            self._buffer = b""
            return False
        self._buffer = self._buffer[found.start() :]
        self._marks = _Marks()
        if found[1]:
            self._marks = _Marks.of(self._buffer[3:9])
            self._buffer = self._buffer[9:]
        # a Macintosh ended its lines so, and wrote its own letters
        head = self._buffer[:4096]
        self._dos = "mac_roman" if b"\r" in head and b"\n" not in head else "cp850"
        return True

    def _interchange(self) -> Iterator[Segment]:
        """The segments up to the UNZ, or to the end."""
        while True:
            may_begin = b"UNA" in self._buffer
            pieces = self._buffer.split(self._marks.end)
            self._buffer = pieces.pop()
            whole = self._joined(pieces)
            for place, piece in enumerate(whole):
                if may_begin and piece.lstrip().startswith(b"UNA") and self._begins_anew(whole[place:]):
                    return
                segment = self._segment(piece)
                if segment is None:
                    continue
                yield segment
                if segment.tag == "UNZ":
                    self._put_back(whole[place + 1 :])
                    return
            if self._buffer.lstrip().startswith(b"UNA") and self._begins_anew([]):
                return
            if len(self._buffer) > MAX_SEGMENT_BYTES:
                yield self._cut(self._buffer[:MAX_SEGMENT_BYTES])
                if not self._skip_to_end():
                    return
            if not self._more():
                rest, self._buffer = self._buffer, b""
                if rest.strip():
                    yield self._cut(rest)
                return

    def _joined(self, pieces: list[bytes]) -> list[bytes]:
        """Put together again what was split at a released terminator; the last may belong to the rest."""
        release = self._marks.release.encode("latin-1")
        if not release or not any(piece.endswith(release) for piece in pieces):
            return pieces
        joined: list[bytes] = []
        open_ = b""
        for piece in pieces:
            piece = open_ + piece
            if _releases(piece, release):
                open_ = piece + self._marks.end
            else:
                joined.append(piece)
                open_ = b""
        self._buffer = open_ + self._buffer
        return joined

    def _begins_anew(self, pieces: list[bytes]) -> bool:
        """Whether another interchange begins here, with other separators perhaps; then it is put back."""
        rest = b"".join(piece + self._marks.end for piece in pieces) + self._buffer
        found = _START.match(rest.lstrip()[:CHUNK_BYTES])
        if found and found[1]:
            self._buffer = rest
            return True
        return False

    def _put_back(self, pieces: list[bytes]) -> None:
        self._buffer = b"".join(piece + self._marks.end for piece in pieces) + self._buffer

    def _skip_to_end(self) -> bool:
        while (place := self._buffer.find(self._marks.end)) < 0:
            self._buffer = b""
            if not self._more():
                return False
        self._buffer = self._buffer[place + 1 :]
        return True

    def _cut(self, piece: bytes) -> Segment:
        self._number += 1
        tag = piece.lstrip()[:3].decode("latin-1")
        return Segment(self._number, tag if _is_tag(tag) else "", cut=True)

    def _segment(self, piece: bytes) -> Segment | None:
        if b"\n" in piece or b"\r" in piece:
            # teletypes and mail break lines anywhere, inside names too
            piece = piece.replace(b"\r", b"").replace(b"\n", b"")
        piece = piece.strip(_BLANKS)
        if not piece:
            return None
        self._number += 1
        if piece.startswith(b"UNB"):
            self._set = _character_set(piece)
            self._plain = self._set != "iso2022_jp_2"
        text, foreign = (piece.decode("ascii"), False) if piece.isascii() and self._plain else self._text(piece)
        marks = self._marks
        mark, release = marks.component, marks.release
        if release and release in text:
            parts = [
                _UNIT.join(_plain(one, release) for one in _split(part, mark, release))
                for part in _split(text, marks.element, release)
            ]
            mark = _UNIT
        else:
            parts = text.split(marks.element)
        tag = parts[0]
        if not _is_tag(tag):
            tag = tag.partition(mark)[0].strip().upper()
            tag = tag if _is_tag(tag) else ""
        return Segment(self._number, tag, parts, mark, False, foreign)

    def _text(self, piece: bytes) -> tuple[str, bool]:
        try:
            text = piece.decode(self._set)
        except UnicodeDecodeError:
            return self._guessed(piece), True
        # the control characters of ISO 8859 stand in no list: their bytes are letters of another set
        if not self._set.startswith("iso8859") or _CONTROLS.isdisjoint(piece):
            return text, False
        return self._guessed(piece), True

    def _guessed(self, piece: bytes) -> str:
        try:
            return piece.decode()
        except UnicodeDecodeError:
            controls = _CONTROLS.intersection(piece)
            name = "latin-1" if not controls else "cp1252" if controls <= _LETTERS_OF_1252 else self._dos
            return piece.decode(name, "replace")


def _character_set(unb: bytes) -> str:
    found = re.search(rb"UNO[A-Z]", unb)
    return CHARACTER_SETS.get(found[0], "ascii") if found else "ascii"


@lru_cache(maxsize=1024)
def _is_tag(text: str) -> bool:
    return len(text) == 3 and text.isascii() and text.isupper() and text.isalpha()


def _releases(piece: bytes, release: bytes) -> bool:
    """Whether what follows is released: an odd number of release characters stands at the end."""
    return (len(piece) - len(piece.rstrip(release))) % 2 == 1


def _split(text: str, mark: str, release: str) -> list[str]:
    """Split where the mark is not released; release characters stay."""
    parts = text.split(mark)
    if len(parts) == 1:
        return parts
    found: list[str] = []
    open_ = ""
    for part in parts:
        part = open_ + part
        if (len(part) - len(part.rstrip(release))) % 2:
            open_ = part + mark
        else:
            found.append(part)
            open_ = ""
    return [*found, open_[: -len(mark)]] if open_ else found


def _plain(text: str, release: str) -> str:
    """A component without its release characters; a doubled one stands for itself."""
    if release not in text:
        return text
    return re.sub(re.escape(release) + "(.?)", r"\1", text, flags=re.DOTALL)
