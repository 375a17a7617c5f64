"""Opens a partner's file as the kind that its name or its first bytes say."""

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
from producers.rows import Table, UnreadableFile
from producers.xlsx_rows import xlsx_table

SNIFFED_BYTES = 16 * 1024
_Reader = Callable[[BinaryIO, FileKind], Table]
READERS: Mapping[str, _Reader] = {
    ".csv": csv_table,
    ".tsv": csv_table,
    ".jsonl": jsonl_table,
    ".ndjson": jsonl_table,
    ".xlsx": xlsx_table,
}
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
    with file:
        start = file.read(SNIFFED_BYTES)
        file.seek(0)
        if INTERCHANGE.search(start):
            yield paxlst_table(file, kind, hints)
        else:
            yield _reader(path, start)(file, kind)


def _reader(path: Path, start: bytes) -> _Reader:
    if start.startswith(OLD_OFFICE):
        msg = "the file is an old or password-protected Excel file: save it as .xlsx without a password"
        raise UnreadableFile(msg)
    if not start:
        msg = "the file is empty"
        raise UnreadableFile(msg)
    return READERS.get(path.suffix.lower()) or _sniffed(start)


def _sniffed(start: bytes) -> _Reader:
    if start.startswith(b"PK\x03\x04"):
        return xlsx_table
    return jsonl_table if start.removeprefix(BOM).lstrip().startswith(b"{") else csv_table
