"""Lists that all work alike: filtered, sorted and paged by key on a stable address, exported as CSV and JSON."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import StreamingResponse

from console.access import Right
from console.entry import Forbidden, Unfit, desk_of
from console.sessions import Visitor

PAGE_ROWS = 50
FORMATS = ("csv", "json")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is run by spreadsheets."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list."""

    rows: Sequence[Row]
    next: str | None
    """What the next page begins after; None = this is the last."""
    first: bool
    """Nothing is before it."""


def read_key(text: str, kinds: Sequence[type]) -> tuple[Any, ...] | None:
    """The key that an address carries; None where it carries none.

    Raises:
        Unfit: it is not a key of this list.
    """
    if not text:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(text.encode()))
    except (ValueError, binascii.Error):
        key = None
    if not isinstance(key, list) or [type(part) for part in key] != list(kinds):
        msg = "after"
        raise Unfit(msg)
    return tuple(key)


def write_key(key: Sequence[Any]) -> str:
    """A key for an address."""
    return base64.urlsafe_b64encode(json.dumps(list(key)).encode()).decode()


def first_page(found: Iterator[Row], *, after: object, key: Callable[[Row], Sequence[Any]]) -> Page:
    """A page of a stream that was asked for one row more than a page has."""
    rows = list(found)
    shown = rows[:PAGE_ROWS]
    more = len(rows) > PAGE_ROWS
    return Page(rows=shown, next=write_key(key(shown[-1])) if more else None, first=after is None)


def arranged(request: Request, rows: Sequence[Row], *, columns: Sequence[str], key: str, sort: str) -> Page:
    """A page of a short list that is at hand as a whole: `q`, `sort` (`-` = downwards) and `after` of the address.

    Raises:
        Unfit: a column that cannot be sorted by, or a key of another list.
    """
    chosen = request.query_params.get("sort") or sort
    column = chosen.removeprefix("-")
    if column not in columns:
        msg = "sort"
        raise Unfit(msg)
    downwards = chosen.startswith("-")
    ordered = sorted(filtered(request, rows, columns), key=lambda row: _place(row, column, key), reverse=downwards)
    after = read_key(request.query_params.get("after", ""), (str,))
    if after is not None:
        places = [str(row[key]) for row in ordered]
        ordered = ordered[places.index(after[0]) + 1 :] if after[0] in places else []
    page = ordered[:PAGE_ROWS]
    more = len(ordered) > PAGE_ROWS
    return Page(rows=page, next=write_key((str(page[-1][key]),)) if more else None, first=after is None)


def filtered(request: Request, rows: Sequence[Row], columns: Sequence[str]) -> list[Row]:
    """The rows in which the text `q` of the address stands somewhere."""
    wanted = request.query_params.get("q", "").strip().casefold()
    return [row for row in rows if not wanted or any(wanted in str(row.get(c) or "").casefold() for c in columns)]


def exported(
    request: Request, visitor: Visitor, name: str, columns: Sequence[str], rows: Iterable[Row]
) -> StreamingResponse | None:
    """The list as a file, with a line in the audit; None where the address asks for a page.

    Raises:
        Forbidden: the role may not take files away.
        Unfit: an unknown format.
    """
    form = request.query_params.get("format", "")
    if not form:
        return None
    if form not in FORMATS:
        msg = "format"
        raise Unfit(msg)
    if not visitor.user.may(Right.EXPORT):
        raise Forbidden
    desk = desk_of(request)
    asked = {key: value for key, value in request.query_params.items() if value and key != "after"}
    desk.audit.add(
        at=desk.clock(), who=visitor.user.name, action="export", subject=name, detail=json.dumps(asked, sort_keys=True)
    )
    lines = _csv(columns, rows) if form == "csv" else _json(columns, rows)
    kind = "text/csv" if form == "csv" else "application/x-ndjson"
    disposition = f'attachment; filename="{name}.{"csv" if form == "csv" else "jsonl"}"'
    return StreamingResponse(lines, media_type=kind, headers={"Content-Disposition": disposition})


def _place(row: Row, column: str, key: str) -> tuple[Any, ...]:
    value = row.get(column)
    if isinstance(value, list):
        value = sum(value) if all(isinstance(one, int) for one in value) else str(value)
    return (value is not None, value if value is not None else 0, str(row[key]))


def _json(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        yield json.dumps({name: row.get(name) for name in columns}, ensure_ascii=False) + "\n"


def _csv(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    yield _line(columns)
    for row in rows:
        yield _line([_cell(row.get(name)) for name in columns])


def _line(cells: Sequence[str]) -> str:
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerow(cells)
    return target.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        value = ";".join(_cell(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
