"""Reads JSON Lines: one object a line, its keys the documented columns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO, NoReturn

from producers.columns import FileKind
from producers.physical_lines import PhysicalLine, physical_lines
from producers.rows import Row, Table, Unreadable, UnreadableFile, check_closed, column_name, shown, too_large
from schemas.errors import Reason, RecordRejected


class Pairs(list[tuple[str, object]]):
    """A JSON object before its keys are checked."""


def jsonl_table(file: BinaryIO, kind: FileKind) -> Table:
    """The rows of a JSONL file.

    Raises:
        UnreadableFile: the file is empty, or a line of a closed kind has a key that may not enter.
    """
    if kind.closed:
        # such files are small; nothing of one may be published before its last key is known
        for line in physical_lines(file):
            if line.data.strip() and not line.cut:
                _check_keys(line, kind)
        file.seek(0)
    table = Table(header=kind.columns, rows=iter(()))
    lines = _filled(physical_lines(file))
    first = next(lines, None)
    if first is None:
        msg = f"the file is empty: write one JSON object a line, with the columns of a {kind.name} file as keys"
        raise UnreadableFile(msg)
    table.rows = _rows(first, lines, kind, table.unknown)
    return table


def _filled(lines: Iterator[PhysicalLine]) -> Iterator[PhysicalLine]:
    return (line for line in lines if line.cut or line.data.strip())


def _check_keys(line: PhysicalLine, kind: FileKind) -> None:
    try:
        pairs = parse_object(line.data)
    except RecordRejected:
        return  # refused again, with its line, when the rows are read
    check_closed((key for key, _ in pairs if not kind.knows(column_name(key))), kind)


def _rows(
    first: PhysicalLine, rest: Iterator[PhysicalLine], kind: FileKind, unknown: set[str]
) -> Iterator[Row | Unreadable]:
    line: PhysicalLine | None = first
    while line is not None:
        if line.cut:
            yield too_large(line.number, shown(line.data))
        else:
            yield _row(line, kind, unknown)
        line = next(rest, None)


def _row(line: PhysicalLine, kind: FileKind, unknown: set[str]) -> Row | Unreadable:
    try:
        return row_of_pairs(parse_object(line.data), line.number, kind, unknown)
    except RecordRejected as refusal:
        return Unreadable(line=line.number, refusal=refusal, raw=shown(line.data))


def row_of_pairs(pairs: Pairs, line: int, kind: FileKind, unknown: set[str]) -> Row:
    """The row that an object is; its undocumented keys go to `unknown`.

    Raises:
        RecordRejected: a key is named twice, or a value is no text or number.
    """
    cells = _cells(pairs, kind, unknown)
    return Row(
        line=line,
        cells={name: value.strip() for name, value in cells.items() if value.strip()},
        original=tuple(cells.get(name, "") for name in kind.columns),
    )


def parse_object(data: bytes) -> Pairs:
    """The keys and values of one JSON object; numbers stay the text that they were.

    Raises:
        RecordRejected: it is none.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise RecordRejected(Reason.NOT_UTF8, f"not UTF-8 at byte {error.start + 1} of the line") from None
    try:
        value = json.loads(
            text, object_pairs_hook=Pairs, parse_int=str, parse_float=str, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError):
        raise RecordRejected(Reason.NOT_JSON, "the line is not a complete JSON document") from None
    if not isinstance(value, Pairs):
        raise RecordRejected(Reason.NOT_AN_OBJECT, "the line is not a JSON object")
    return value


def _refuse_constant(_: str) -> NoReturn:
    raise RecordRejected(Reason.NOT_FINITE, "NaN and Infinity are no values")


def _cells(pairs: Pairs, kind: FileKind, unknown: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    seen: set[str] = set()
    for key, value in pairs:
        name = column_name(key)
        known = name in kind.column_set
        if name in seen:
            raise RecordRejected(Reason.DUPLICATE_KEY, "a key is named twice", field=name if known else "")
        seen.add(name)
        if known:
            found[name] = _cell(name, value)
        elif not kind.knows(name) and len(unknown) < 100:
            unknown.add(shown(name.encode(errors="backslashreplace")))
    return found


def _cell(name: str, value: object) -> str:
    """Text of a value; numbers have stayed text since they were read."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        raise RecordRejected(Reason.WRONG_TYPE, "must be a text or a number, not a list or an object", field=name)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise RecordRejected(Reason.NOT_UTF8, "holds half a surrogate pair", field=name) from None
    return value
