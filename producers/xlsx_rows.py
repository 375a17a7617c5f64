"""Reads the first sheet of an XLSX workbook, where dates and numbers are cells of their own types."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice
from typing import Any, BinaryIO

from openpyxl import load_workbook

from producers.columns import FileKind
from producers.rows import MAX_ROW_BYTES, Header, Row, Table, Unreadable, UnreadableFile, column_name, read_header
from producers.rows import too_large as refuse_too_large
from schemas.errors import Reason, RecordRejected

HEADER_ROWS = 20
"""The header is looked for in this many rows, below a title."""
MAX_SHEET_ROWS = 1_048_576
"""What Excel itself allows."""
MAX_UNPACKED_BYTES = 2 * 1024**3
BATCH_ROWS = 500
EXCEL_DIGITS = 15
"""Excel keeps no more digits of a number; the rest become zeros."""
LOST_DIGITS = "number_lost_digits"


def xlsx_table(file: BinaryIO, kind: FileKind) -> Table:
    """The rows of the first sheet that stand below a header.

    Raises:
        UnreadableFile: the file is no workbook, or has no usable header.
    """
    rows = _numbered(_sheet_rows(file))
    header = _find_header(rows, kind)
    return Table(header=header.names, rows=_rows(rows, header, kind), unknown=set(header.unknown))


def _sheet_rows(file: BinaryIO) -> Iterator[tuple[Any, ...]]:
    try:
        with zipfile.ZipFile(file) as packed:
            unpacked = sum(member.file_size for member in packed.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            msg = "the workbook unpacks to more than 2 GiB: split it"
            raise UnreadableFile(msg)
        file.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(file, read_only=True, data_only=True)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
    except UnreadableFile:
        raise
    except Exception as error:  # a broken zip fails in openpyxl in as many ways as it can be broken
        msg = f"the file is not a readable XLSX workbook ({type(error).__name__}): save it again as .xlsx"
        raise UnreadableFile(msg) from None
    return sheet.iter_rows(values_only=True)


def _numbered(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[int, tuple[Any, ...]]]:
    number = 0
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                batch = list(islice(rows, BATCH_ROWS))
        except Exception as error:
            msg = f"the sheet cannot be read beyond row {number} ({type(error).__name__}): save it again as .xlsx"
            raise UnreadableFile(msg) from None
        if not batch:
            return
        for row in batch:
            number += 1
            yield number, row
        if number >= MAX_SHEET_ROWS:
            msg = f"the sheet has more than {MAX_SHEET_ROWS} rows: split it"
            raise UnreadableFile(msg)


def _find_header(rows: Iterator[tuple[int, tuple[Any, ...]]], kind: FileKind) -> Header:
    best: tuple[int, list[str]] = (0, [])
    for _, row in islice(rows, HEADER_ROWS):
        names = [_plain(value) for value in row]
        known = sum(column_name(name) in kind.column_set for name in names)
        if known > len(kind.columns) // 8:
            return read_header(names, kind)
        if known > best[0]:
            best = (known, names)
    if best[0]:
        return read_header(best[1], kind)  # says which columns are missing
    msg = f"the first {HEADER_ROWS} rows of the first sheet name no column of a {kind.name} file"
    raise UnreadableFile(msg)


def _rows(rows: Iterator[tuple[int, tuple[Any, ...]]], header: Header, kind: FileKind) -> Iterator[Row | Unreadable]:
    width = len(header.names)
    columns = [column_name(name) for name in header.names]
    for number, row in rows:
        values, lost = [], False
        for place, value in enumerate(row):
            text, cut = _text(value, place < width and columns[place] in kind.dates)
            lost = lost or cut
            values.append(text)
        if not any(value.strip() for value in values):
            continue
        if sum(len(value) for value in values) > MAX_ROW_BYTES:
            yield refuse_too_large(number, values[0])
            continue
        original = tuple((values + [""] * (width - len(values)))[:width])
        if any(value.strip() for value in values[width:]):
            refusal = RecordRejected(Reason.WRONG_CELL_COUNT, "the row has cells beyond the last named column")
            yield Unreadable(line=number, refusal=refusal, original=original)
            continue
        yield Row(
            line=number,
            cells=header.cells(original),
            original=original,
            warnings=(LOST_DIGITS,) if lost else (),
        )


def _plain(value: object) -> str:
    return _text(value, dates=False)[0]


def _text(value: object, dates: bool) -> tuple[str, bool]:
    """A cell as text, and whether Excel has certainly or possibly cut its digits."""
    if value is None:
        return "", False
    if isinstance(value, str):
        return value, False
    if isinstance(value, bool):
        return ("true" if value else "false"), False
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, datetime):
        if dates and value.time() == time():
            return value.date().isoformat(), False
        return value.isoformat(), False
    if isinstance(value, (date, time)):
        return value.isoformat(), False
    return str(value), False


def _number(value: int | float) -> tuple[str, bool]:
    if isinstance(value, float) and not value.is_integer():
        return repr(value), False
    whole = int(value)
    # sixteen digits that end in zero: Excel may have made the zero, and a wrong identity is worse than none
    if len(str(abs(whole))) > EXCEL_DIGITS and whole % 10 == 0:
        return f"{value:.14e}", True
    return str(whole), False
