"""Lists on stdout: a table for people, one JSON object a line or CSV for programs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from lintas.cli.shell import Format

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a list: its field, and how a table shows it."""

    field: str
    title: str = ""
    right: bool = False
    wrap: bool = False
    is_time: bool = False
    """An ISO 8601 text, of which a table shows the minute."""
    most: int | None = None
    """So many characters are shown at most."""


def show(rows: Iterable[Mapping[str, Any]], columns: Sequence[Column], form: Format, *, empty: str = "") -> None:
    """Write a list; `empty` is what a table without rows says."""
    if form is Format.JSON:
        for row in rows:
            sys.stdout.write(json_line({c.field: row.get(c.field) for c in columns}))
    elif form is Format.CSV:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow([c.field for c in columns])
        writer.writerows([_cell(row.get(c.field)) for c in columns] for row in rows)
    else:
        _show_table(list(rows), columns, empty)
    sys.stdout.flush()


def json_line(row: Mapping[str, Any]) -> str:
    """One object, one line."""
    return json.dumps(row, ensure_ascii=False, default=plain) + "\n"


def console() -> Console:
    """Stdout for people; wide enough in a pipe."""
    from rich.console import Console

    if sys.stdout.isatty():
        return Console(file=sys.stdout, highlight=False)
    return Console(file=sys.stdout, highlight=False, width=PIPE_WIDTH)


def plain(value: object) -> Any:
    """A value that JSON has no form for."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    msg = f"{type(value).__name__} has no form in JSON"
    raise TypeError(msg)


def _show_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], empty: str) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if not rows:
        sys.stdout.write((empty or "nothing to show") + "\n")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(
            column.title or column.field,
            justify="right" if column.right else "left",
            no_wrap=not column.wrap,
            overflow="fold" if column.wrap else "ellipsis",
        )
    for row in rows:
        table.add_row(*(Text(_shown(row.get(c.field), c)) for c in columns))
    console().print(table)


def _shown(value: object, column: Column) -> str:
    if isinstance(value, str) and column.is_time:
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    text = _cell(value)
    return text if column.most is None or len(text) <= column.most else text[: column.most - 1] + "…"


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple | set | frozenset):
        return ";".join(_cell(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=plain)
    if isinstance(value, str | int | float):
        return str(value)
    return str(plain(value))
