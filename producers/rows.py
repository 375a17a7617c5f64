"""What a reader of partners' files hands on: rows by physical line, and lines that are no rows.

UnreadableFile      raised for the whole file: nothing of it can be published
RecordRejected      carried by `Unreadable` for one line; the reader goes on with the next
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from producers.columns import FileKind
from schemas.codec import MAX_RECORD_BYTES
from schemas.errors import Reason, RecordRejected

MAX_ROW_BYTES = MAX_RECORD_BYTES
"""A row that is larger than a record may be is not kept, let alone read."""
SHOWN_CHARACTERS = 1000
"""How much of a line that is too large goes to the refused file."""


_SHOWABLE = re.compile(r"[A-Za-z_][A-Za-z_ -]{0,39}\d?")


class UnreadableFile(Exception):
    """The file as a whole cannot be read; the text says how to mend it and holds none of its values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row, split but not yet understood."""

    line: int
    """Physical line where the row starts, from 1; the sheet's row in XLSX."""
    cells: Mapping[str, str]
    """Text without surrounding blanks by documented column; empty cells are absent."""
    original: tuple[str, ...]
    """The cells as they came, in the order of the table's header."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A line that is no row."""

    line: int
    refusal: RecordRejected
    original: tuple[str, ...] = ()
    """The cells as they came, where the line could be split."""
    raw: str = ""
    """The line as it came, where it could not."""


@dataclass(slots=True, kw_only=True)
class Table:
    """A file being read; `unknown` of a JSONL file grows while its rows are read."""

    header: tuple[str, ...]
    rows: Iterator[Row | Unreadable]
    unknown: set[str] = field(default_factory=set)
    """Column names that are not documented and are ignored."""
    notes: Counter[str] = field(default_factory=Counter)
    """What is worth a warning about the file as a whole, by `kind:place`; grows while its rows are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Where the documented columns stand in a row of cells."""

    names: tuple[str, ...]
    """As written, without unnamed columns at the end."""
    places: tuple[tuple[int, str], ...]
    unknown: frozenset[str]

    def cells(self, values: Sequence[str]) -> dict[str, str]:
        """The filled cells of a row by documented column."""
        found: dict[str, str] = {}
        for place, name in self.places:
            value = values[place].strip()
            if value:
                found[name] = value
        return found


def read_header(names: Iterable[str], kind: FileKind) -> Header:
    """Find the documented columns of a header row.

    Raises:
        UnreadableFile: a name occurs twice, a required column is missing, or a column may not stand in this file.
    """
    written = [name.strip() for name in names]
    while written and not written[-1]:
        written.pop()
    plain = [column_name(name) for name in written]
    check_required(plain, kind)
    twice = sorted({name for name in plain if name and plain.count(name) > 1})
    if twice:
        msg = f"the header names {_listed(presentable(twice))} more than once: keep one column of each name"
        raise UnreadableFile(msg)
    unknown = [name for name in plain if not kind.knows(name)]
    check_closed(unknown, kind)
    return Header(
        names=tuple(written),
        places=tuple((i, name) for i, name in enumerate(plain) if name in kind.column_set),
        unknown=frozenset(name for name in unknown if name),
    )


def check_required(names: Iterable[str], kind: FileKind) -> None:
    """Refuse a file that lacks a column without which no row can be read.

    Raises:
        UnreadableFile: names the missing columns.
    """
    present = set(names)
    missing = [" or ".join(choice) for choice in kind.required if not present.intersection(choice)]
    if missing:
        msg = f"the file has no column {_listed(missing)}: the first row must name the columns of a {kind.name} file"
        raise UnreadableFile(msg)


def check_closed(unknown: Iterable[str], kind: FileKind) -> None:
    """Refuse a file of a kind that may carry nothing beyond its documented columns.

    Raises:
        UnreadableFile: says which columns to remove.
    """
    extra = presentable(unknown)
    if kind.closed and extra:
        msg = (
            f"a {kind.name} file carries nothing beyond its documented columns, so that nothing about "
            f"a reporter can enter: remove {_listed(extra)}"
        )
        raise UnreadableFile(msg)


def presentable(names: Iterable[str]) -> list[str]:
    """Column names as they may be shown: a file without a header has identities where names should be."""
    shown_names = {name if _SHOWABLE.fullmatch(name) else ("(unusual name)" if name else "(no name)") for name in names}
    return sorted(shown_names)[:10]


def column_name(written: str) -> str:
    """A header name as it is documented: letter case and blanks do not matter."""
    return "_".join(written.strip().lower().split())


def too_large(line: int, shown: str) -> Unreadable:
    """The refusal of a row that is larger than a record may be."""
    return Unreadable(
        line=line,
        refusal=RecordRejected(Reason.TOO_LARGE, f"the row has more than {MAX_ROW_BYTES // 1024} KiB"),
        raw=shown[:SHOWN_CHARACTERS] + "…",
    )


def shown(data: bytes) -> str:
    """Bytes as text for the refused file; what is no UTF-8 is spelled out."""
    return data.decode("utf-8", "backslashreplace")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
