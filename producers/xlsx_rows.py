"""Reads one sheet of an XLSX workbook, where dates and numbers are cells of their own types."""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from itertools import chain, islice, zip_longest
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
CHUNK_BYTES = 1 << 20
LONGEST_FORMULA_END = 64
_NEVER_CALCULATED = re.compile(rb"(?:</f>|<f[^<>]*/>)\s*(?:<v\s*/>|<v></v>)?\s*</c>")
_ANY = FileKind(name="", columns=(), required=())
_Numbered = tuple[int, tuple[Any, ...]]


def xlsx_table(file: BinaryIO, kind: FileKind, sheet: str | None = None) -> Table:
    """The rows below the header of the one sheet that has a header of this kind.

    Raises:
        UnreadableFile: the file is no workbook, has no usable header or several, or was never calculated.
    """
    book = _workbook(file)
    chosen = _chosen(book, kind, sheet)
    _check_calculated(file, chosen)
    rows = _numbered(_values(chosen))
    header, rows = _find_header(rows, kind)
    return Table(header=header.names, rows=_rows(rows, header, kind), unknown=set(header.unknown))


def _chosen(book: Any, kind: FileKind, name: str | None) -> Any:
    """The sheet to read: the one that is named, or that names most columns of the kind; else the first."""
    sheets = book.worksheets
    if not sheets:
        msg = "the workbook has no sheet of cells"
        raise UnreadableFile(msg)
    if name is not None:
        found = [sheet for sheet in sheets if sheet.title.strip().lower() == name.strip().lower()]
        if not found:
            msg = f"the workbook has no sheet of that name; it has {len(sheets)}"
            raise UnreadableFile(msg)
        return found[0]
    if len(sheets) == 1:
        return sheets[0]
    fitting = [sheet for sheet in sheets if _names_columns(sheet, kind)]
    if len(fitting) > 1:
        numbers = ", ".join(str(1 + sheets.index(sheet)) for sheet in fitting)
        msg = f"sheets {numbers} of the workbook all are {kind.name}: publish each one by itself, with --sheet NAME"
        raise UnreadableFile(msg)
    return (fitting or sheets)[0]


def _names_columns(sheet: Any, kind: FileKind) -> bool:
    try:
        head = [[_plain(value) for value in row] for row in islice(_values(sheet), HEADER_ROWS)]
    except Exception:  # a sheet that cannot be read is none to be chosen
        return False
    return _known(_best_header(head, kind)[1], kind) > len(kind.columns) // 8


def _check_calculated(file: BinaryIO, sheet: Any) -> None:
    """Refuse formulas without a result: the cell would read as empty, and nobody would know.

    Raises:
        UnreadableFile: says how to mend it.
    """
    tail = b""
    try:
        with zipfile.ZipFile(file) as packed, packed.open(sheet._worksheet_path) as part:
            while chunk := part.read(CHUNK_BYTES):
                if _NEVER_CALCULATED.search(tail + chunk):
                    msg = "the sheet has formulas that were never calculated: open it in Excel, save it, hand that in"
                    raise UnreadableFile(msg)
                tail = chunk[-LONGEST_FORMULA_END:]
    except (zipfile.BadZipFile, KeyError, OSError, zlib.error, EOFError):
        return  # reading the rows tells


def _workbook(file: BinaryIO) -> Any:
    try:
        with zipfile.ZipFile(file) as packed:
            unpacked = sum(member.file_size for member in packed.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            msg = "the workbook unpacks to more than 2 GiB: split it"
            raise UnreadableFile(msg)
        file.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return load_workbook(file, read_only=True, data_only=True)
    except UnreadableFile:
        raise
    except Exception as error:  # a broken zip fails in openpyxl in as many ways as it can be broken
        msg = f"the file is not a readable XLSX workbook ({type(error).__name__}): save it again as .xlsx"
        raise UnreadableFile(msg) from None


def _values(sheet: Any) -> Iterator[tuple[Any, ...]]:
    sheet.reset_dimensions()
    found: Iterator[tuple[Any, ...]] = sheet.iter_rows(values_only=True)
    return found


def _numbered(rows: Iterator[tuple[Any, ...]]) -> Iterator[_Numbered]:
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


def _find_header(rows: Iterator[_Numbered], kind: FileKind) -> tuple[Header, Iterator[_Numbered]]:
    """The header and the rows below it; it may stand below a title and span two rows, with cells merged down."""
    head = list(islice(rows, HEADER_ROWS + 1))
    names = [[_plain(value) for value in row] for _, row in head]
    place, found = _best_header(names, kind)
    if not found:
        msg = f"the first {HEADER_ROWS} rows of the sheet name no column of a {kind.name} file"
        raise UnreadableFile(msg)
    return read_header(found, kind), chain(head[place + 1 :], rows)


def _best_header(names: list[list[str]], kind: FileKind) -> tuple[int, list[str]]:
    """The last row of the header, and its names; those of the likeliest row where none is a full header."""
    best: tuple[int, list[str]] = (0, [])
    for place, row in enumerate(names[:HEADER_ROWS]):
        below = names[place + 1] if place + 1 < len(names) else []
        both = [low or high for high, low in zip_longest(row, below, fillvalue="")]
        known = _known(row, kind)
        found = (place, row)
        if _known(both, kind) > max(known, _known(below, kind)):
            known, found = _known(both, kind), (place + 1, both)
        if known > _known(best[1], kind):
            best = found
        if known > len(kind.columns) // 8:
            break
    return best


def _known(names: Iterable[str], kind: FileKind) -> int:
    return sum(column_name(name) in kind.column_set for name in names)


def _rows(rows: Iterator[_Numbered], header: Header, kind: FileKind) -> Iterator[Row | Unreadable]:
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


def first_rows(file: BinaryIO, sheet: str | None, most: int) -> list[list[str]]:
    """The first rows of the named sheet, or of the first that has any, whatever its columns are called.

    Raises:
        UnreadableFile: the file is no workbook, or has no such sheet.
    """
    book = _workbook(file)
    sheets = [_chosen(book, _ANY, sheet)] if sheet else book.worksheets
    for one in sheets:
        rows = [
            [_text(value, dates=True)[0].strip() for value in row] for _, row in islice(_numbered(_values(one)), most)
        ]
        if sum(any(row) for row in rows) > 1:
            return rows
    return []
