"""Opens a partner's file as the kind that it is, whatever it is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from producers.columns import FileKind
from producers.csv_rows import csv_table
from producers.edifact import INTERCHANGE
from producers.hints import NO_HINTS, Hints
from producers.jsonl_rows import jsonl_table
from producers.paxlst_rows import paxlst_table
from producers.physical_lines import BOM
from producers.recoding import as_utf8
from producers.rows import Table, UnreadableFile
from producers.xlsx_rows import xlsx_table

SNIFFED_BYTES = 16 * 1024
_Reader = Callable[[BinaryIO, FileKind], Table]
TEXT_READERS: Mapping[str, _Reader] = {".jsonl": jsonl_table, ".ndjson": jsonl_table}
ZIP = b"PK\x03\x04"
OLD_OFFICE = b"\xd0\xcf\x11\xe0"


@contextmanager
def open_table(path: Path, kind: FileKind, hints: Hints = NO_HINTS) -> Iterator[Table]:
    """The rows of a file while it is open.

    Raises:
        UnreadableFile: it cannot be opened, or nothing of it can be read.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        msg = f"the file cannot be opened: {error.strerror or type(error).__name__}"
        raise UnreadableFile(msg) from None
    mapping = hints.mapping
    with file:
        if mapping is None:
            yield _table(file, path, kind, hints)
        else:
            yield mapping.apply(_table(file, path, mapping.source_kind(kind), hints))


def _table(file: BinaryIO, path: Path, kind: FileKind, hints: Hints) -> Table:
    """The rows under the names that the file gives its columns."""
    start = _start(file)
    if not start:
        msg = "the file is empty"
        raise UnreadableFile(msg)
    if start.startswith(OLD_OFFICE):
        msg = "the file is an old or password-protected Excel file: save it as .xlsx without a password"
        raise UnreadableFile(msg)
    if start.startswith(ZIP) or (path.suffix.lower() == ".xlsx" and b"\0" in start):
        return xlsx_table(file, kind, hints.sheet)
    if INTERCHANGE.search(start):
        return _list(file, kind, hints)
    text, encoding = as_utf8(file)
    start = _start(text)
    table = _list(text, kind, hints) if INTERCHANGE.search(start) else _reader(path, start)(text, kind)
    if encoding:
        table.notes[f"read_as:{encoding}"] += 1
    return table


def _list(file: BinaryIO, kind: FileKind, hints: Hints) -> Table:
    if hints.mapping is not None:
        msg = "the file is a passenger list (PAXLST), which needs no mapping: leave --mapping out"
        raise UnreadableFile(msg)
    return paxlst_table(file, kind, hints)


def _start(file: BinaryIO) -> bytes:
    try:
        start = file.read(SNIFFED_BYTES)
    except OSError as error:
        msg = f"the file cannot be read: {error.strerror or type(error).__name__}"
        raise UnreadableFile(msg) from None
    file.seek(0)
    return start


def _reader(path: Path, start: bytes) -> _Reader:
    """JSON Lines or CSV: by what stands first, and by the name where that says nothing."""
    if start.removeprefix(BOM).lstrip().startswith(b"{"):
        return jsonl_table
    return TEXT_READERS.get(path.suffix.lower(), csv_table)
