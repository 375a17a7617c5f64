"""Reads CSV as partners write it: one bad row is one refusal, whatever its quotes do to the lines after it."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from producers.columns import FileKind
from producers.physical_lines import PhysicalLine, physical_lines
from producers.rows import (
    MAX_ROW_BYTES,
    Header,
    Row,
    Table,
    Unreadable,
    UnreadableFile,
    column_name,
    read_header,
    shown,
    too_large,
)
from schemas.errors import Reason, RecordRejected

HEADER_LINES = 20
"""The header is looked for in this many lines."""
DELIMITERS = (",", ";", "\t", "|")
MAX_LINES_OF_A_CELL = 20
"""How far a quoted cell may reach; a quote that closes later was never meant to open."""
MAX_BYTES_OF_A_CELL = 64 * 1024


def csv_table(file: BinaryIO, kind: FileKind) -> Table:
    """The rows of a CSV file with a header.

    Raises:
        UnreadableFile: there is no usable header.
    """
    lines = _Lines(physical_lines(file))
    delimiter, names = _first_row(lines, kind)
    header = read_header(names, kind)
    reader = _CsvReader(lines=lines, header=header, delimiter=delimiter)
    return Table(header=header.names, rows=reader.rows(), unknown=set(header.unknown))


class _Lines:
    """Physical lines with a look ahead."""

    def __init__(self, lines: Iterator[PhysicalLine]) -> None:
        self._lines = lines
        self._ahead: deque[PhysicalLine] = deque()

    def take(self) -> PhysicalLine | None:
        return self._ahead.popleft() if self._ahead else next(self._lines, None)

    def peek(self, distance: int) -> PhysicalLine | None:
        while len(self._ahead) <= distance:
            line = next(self._lines, None)
            if line is None:
                return None
            self._ahead.append(line)
        return self._ahead[distance]

    def drop(self, count: int) -> None:
        for _ in range(count):
            self._ahead.popleft()


def _first_row(lines: _Lines, kind: FileKind) -> tuple[str, list[str]]:
    """Delimiter and names of the header, which may stand below lines of a title."""
    _skip_titles(lines, kind)
    while (line := lines.take()) is not None:
        if not line.data.strip():
            continue
        if line.cut:
            msg = "the first line is too long for a header: the file is not CSV with a row of column names"
            raise UnreadableFile(msg)
        try:
            text = line.data.decode()
        except UnicodeDecodeError:
            msg = "the first line is not UTF-8 text: save the file as UTF-8 (in Excel: `CSV UTF-8`)"
            raise UnreadableFile(msg) from None
        if text.strip().lower().startswith("sep="):
            continue  # Excel's hint for itself
        _, delimiter, names = _sniff(text, kind)
        return delimiter, names
    msg = f"the file is empty: the first row must name the columns of a {kind.name} file"
    raise UnreadableFile(msg)


def _skip_titles(lines: _Lines, kind: FileKind) -> None:
    for distance in range(HEADER_LINES):
        line = lines.peek(distance)
        if line is None or line.cut:
            return
        known, _, _ = _sniff(line.data.decode(errors="replace"), kind)
        if known > len(kind.columns) // 8:
            lines.drop(distance)
            return


def _sniff(text: str, kind: FileKind) -> tuple[int, str, list[str]]:
    """How many columns a line names when it is split as it names most, that delimiter, and the names."""
    best, names = ",", [text]
    known = -1
    for delimiter in DELIMITERS:
        cells = split(text, delimiter)
        if cells is None:
            continue
        count = sum(column_name(cell) in kind.column_set for cell in cells)
        if count > known:
            best, names, known = delimiter, cells, count
    return known, best, names


def split(text: str, delimiter: str) -> list[str] | None:
    """The cells of one record, which may hold line breaks inside quotes; None = its quotes do not add up."""
    if '"' not in text:
        return text.split(delimiter)
    try:
        found = list(csv.reader([text], delimiter=delimiter, strict=True, skipinitialspace=True))
    except csv.Error:
        return None
    return found[0] if len(found) == 1 else None


def _stays_open(text: str, delimiter: str) -> bool:
    """Whether a quoted cell has not closed by the end: one more quote would make the record whole."""
    return split(text + '"', delimiter) is not None


class _CsvReader:
    """Turns lines into rows of the header's width."""

    def __init__(self, *, lines: _Lines, header: Header, delimiter: str) -> None:
        self._lines = lines
        self._header = header
        self._delimiter = delimiter
        self._width = len(header.names)

    def rows(self) -> Iterator[Row | Unreadable]:
        """Every line that is not blank, as a row or as a refusal."""
        while (line := self._lines.take()) is not None:
            if line.cut:
                yield too_large(line.number, shown(line.data))
            elif line.data.strip():
                found = self._row(line)
                if found is not None:
                    yield found

    def _row(self, line: PhysicalLine) -> Row | Unreadable | None:
        text = self._text(line)
        if isinstance(text, Unreadable):
            return text
        values = split(text, self._delimiter)
        if values is None and _stays_open(text, self._delimiter):
            values = self._over_lines(text)
        if values is None:
            refusal = RecordRejected(Reason.UNREADABLE_ROW, "a quote does not close, or stands inside a cell")
            return Unreadable(line=line.number, refusal=refusal, raw=text)
        return self._of_width(line.number, values)

    def _of_width(self, number: int, values: list[str]) -> Row | Unreadable | None:
        filled = len(values)
        while filled and not values[filled - 1].strip():
            filled -= 1
        if not filled:
            return None  # spreadsheets leave rows of delimiters behind
        if filled > self._width or (len(values) < self._width and filled == len(values)):
            message = f"the row has {len(values)} cells and the header {self._width}"
            refusal = RecordRejected(Reason.WRONG_CELL_COUNT, message)
            return Unreadable(line=number, refusal=refusal, raw=self._delimiter.join(values))
        values = (values + [""] * (self._width - len(values)))[: self._width]
        return Row(line=number, cells=self._header.cells(values), original=tuple(values))

    def _text(self, line: PhysicalLine) -> str | Unreadable:
        try:
            text = line.data.decode()
        except UnicodeDecodeError as error:
            refusal = RecordRejected(Reason.NOT_UTF8, f"not UTF-8 at byte {error.start + 1} of the line")
            return Unreadable(line=line.number, refusal=refusal, raw=shown(line.data))
        if "\0" in text:
            refusal = RecordRejected(Reason.CONTROL_CHARACTER, "the line holds a zero character: it is not text")
            return Unreadable(line=line.number, refusal=refusal, raw=text)
        return text

    def _over_lines(self, text: str) -> list[str] | None:
        """Close an open quote on one of the next lines, if the whole is then a row; else those lines are rows."""
        size = len(text)
        for distance in range(MAX_LINES_OF_A_CELL - 1):
            line = self._lines.peek(distance)
            if line is None or line.cut or size + len(line.data) > min(MAX_BYTES_OF_A_CELL, MAX_ROW_BYTES):
                return None
            more = self._text(line)
            if isinstance(more, Unreadable) or self._is_row(more):
                return None
            size += len(line.data)
            text = f"{text}\n{more}"
            values = split(text, self._delimiter)
            if values is not None:
                if len(values) != self._width:
                    return None
                self._lines.drop(distance + 1)
                return values
            if not _stays_open(text, self._delimiter):
                return None
        return None

    def _is_row(self, text: str) -> bool:
        """Whether a line is a whole row by itself, so that it cannot be the rest of the row before."""
        values = split(text, self._delimiter)
        return values is not None and len(values) == self._width > 1 and not any('"' in value for value in values)
