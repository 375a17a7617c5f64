"""A mapping says which columns of a partner's list stand for which of ours, and how its dates and words are written."""

from __future__ import annotations

import re
from collections import abc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta, timezone, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from producers.columns import KINDS, FileKind
from producers.date_forms import ALLOWED, DateForm, date_form
from producers.rows import Row, Table, Unreadable, column_name
from schemas import reference
from schemas.vocabulary import (
    DepartureEvent,
    Direction,
    DocumentType,
    EmployerType,
    Mode,
    OfficerAction,
    Purpose,
    ReportKind,
    Scheme,
    Sector,
    Sex,
    Source,
)

WORDS: Final[dict[str, type[StrEnum]]] = {
    "direction": Direction, "mode": Mode, "document_type": DocumentType, "sex": Sex, "purpose": Purpose,
    "officer_action": OfficerAction, "event": DepartureEvent, "source": Source, "scheme": Scheme, "sector": Sector,
    "employer_type": EmployerType, "kind": ReportKind,
}  # fmt: skip
"""Columns that hold one of a list of words."""
MOMENTS: Final = frozenset({"occurred_at", "issued_at", "reported_at", "complete_up_to"})
ZONES: Final = {"wib": "Asia/Jakarta", "wita": "Asia/Makassar", "wit": "Asia/Jayapura"}
OF_CHECKPOINT: Final = "checkpoint"
"""In place of a time zone: that of the row's checkpoint."""
_OFFSET = re.compile(r"([+-])(\d{2}):(\d{2})", re.ASCII)
_KEYS: Final = ("from", "format", "timezone", "values")


Cells = abc.Mapping[str, str]


class MappingError(Exception):
    """A mapping cannot be used; names the line and the key and says what is allowed."""

    def __init__(self, line: int, key: str, why: str) -> None:
        super().__init__(f"line {line}, {key}: {why}" if key else f"line {line}: {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedColumn:
    """Where the value of one of our columns comes from."""

    target: str
    sources: tuple[str, ...]
    """Columns of the list, in plain spelling; several are joined by a blank."""
    form: DateForm | None = None
    zone: str = ""
    values: dict[str, str] = field(default_factory=dict)
    """Our words by theirs, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """What the columns of one kind of list stand for."""

    kind: str
    columns: tuple[MappedColumn, ...]
    constants: dict[str, str]

    def source_kind(self, kind: FileKind) -> FileKind:
        """The list as its author named its columns."""
        sources = dict.fromkeys(source for column in self.columns for source in column.sources)
        dates = frozenset(s for c in self.columns if c.target in kind.dates | MOMENTS for s in c.sources)
        return FileKind(
            name=kind.name,
            columns=tuple(sources),
            required=tuple((source,) for source in sources),
            dates=dates,
            closed=kind.closed,
        )

    def apply(self, table: Table) -> Table:
        """The table with our columns; what is refused keeps the list's own, so that it can be mended there."""
        return replace(table, rows=self._rows(table.rows))

    def _rows(self, rows: Iterator[Row | Unreadable]) -> Iterator[Row | Unreadable]:
        for row in rows:
            yield replace(row, cells=self.translate(row.cells)) if isinstance(row, Row) else row

    def translate(self, theirs: Cells) -> dict[str, str]:
        """The cells of a row under our names, in our forms."""
        ours = dict(self.constants)
        late: list[tuple[MappedColumn, str]] = []
        for column in self.columns:
            found = [theirs[source] for source in column.sources if source in theirs]
            if not found:
                continue
            text = " ".join(found)
            if column.values:
                text = column.values.get(" ".join(text.lower().split()), text)
            if text and column.form:
                late.append((column, text))
            elif text:
                ours[column.target] = text
        for column, text in late:
            ours[column.target] = _dated(column, text, ours.get("checkpoint_id", ""))
        return ours


def _dated(column: MappedColumn, text: str, checkpoint_id: str) -> str:
    """A date or time in its documented form; what cannot be read stays as it is, and is refused by its column."""
    found = column.form.read(text) if column.form else None
    if found is None:
        return text
    if column.target not in MOMENTS:
        return found.date().isoformat()
    name = column.zone
    if name == OF_CHECKPOINT:
        place = reference.checkpoints().get(checkpoint_id.upper())
        name = place.tz if place else ""
    zone = _zone(name) if name else None
    return found.replace(tzinfo=zone).isoformat()


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo | None:
    offset = _OFFSET.fullmatch(name)
    if offset:
        span = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(-span if offset[1] == "-" else span) if span <= timedelta(hours=14) else None
    try:
        return ZoneInfo(ZONES.get(name.lower(), name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


# ---------------------------------------------------------------------------------------------- reading a mapping file


def read_mapping(text: str, kind: FileKind) -> Mapping:
    """Read a mapping file for a kind of list.

    Raises:
        MappingError: names the line, the key, and what is allowed there.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise MappingError(mark.line + 1 if mark else 1, "", "this is not YAML: check blanks and quotes") from None
    top = _entries(root, "", ("file", "columns", "constants"))
    if "file" in top and _text(top["file"], "file") != kind.name:
        raise MappingError(_line(top["file"]), "file", f"the mapping is not for {kind.name}; it may be {_any(KINDS)}")
    columns = tuple(_column(name, node) for name, node in _entries(top.get("columns"), "columns", kind.columns).items())
    constants = {
        name: _word(name, _text(node, name), _line(node))
        for name, node in _entries(top.get("constants"), "constants", kind.columns).items()
    }
    for column in columns:
        if column.target in constants:
            line = _line(_entries(top["constants"], "constants", kind.columns)[column.target])
            raise MappingError(line, column.target, "stands under columns too: keep one of the two")
    given = {column.target for column in columns} | constants.keys()
    for choice in kind.required:
        if not given.intersection(choice):
            why = f"a {kind.name} file needs it: name its column under `columns`, or its value under `constants`"
            raise MappingError(_line(root), " or ".join(choice), why)
    return Mapping(kind=kind.name, columns=columns, constants=constants)


def _entries(node: yaml.Node | None, key: str, allowed: tuple[str, ...]) -> dict[str, yaml.Node]:
    if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
        return {}
    if not isinstance(node, yaml.MappingNode):
        raise MappingError(_line(node), key, f"must have keys and values; the keys may be {_any(allowed)}")
    found: dict[str, yaml.Node] = {}
    for name_node, value in node.value:
        name = _text(name_node, key)
        if name not in allowed:
            raise MappingError(_line(name_node), _shown(name), f"is not known here; it may be {_any(allowed)}")
        if name in found:
            raise MappingError(_line(name_node), name, "stands here twice")
        found[name] = value
    return found


def _column(target: str, node: yaml.Node) -> MappedColumn:
    if not isinstance(node, yaml.MappingNode):
        return MappedColumn(target=target, sources=_sources(node, target))
    parts = _entries(node, target, _KEYS)
    if "from" not in parts:
        raise MappingError(_line(node), target, "needs `from`: the column of the list, or several in [ ]")
    form = zone = None
    if "format" in parts:
        form = date_form(_text(parts["format"], target))
        if form is None:
            raise MappingError(_line(parts["format"]), f"{target}.format", f"must be made of {ALLOWED}")
        if target in MOMENTS and not form.has_time:
            raise MappingError(_line(parts["format"]), f"{target}.format", "needs hh:mm: this is a point in time")
    if "timezone" in parts:
        zone = _text(parts["timezone"], target)
        if zone != OF_CHECKPOINT and _zone(zone) is None:
            why = f"must be an offset such as +08:00, WIB, WITA, WIT, a zone such as Asia/Makassar, or {OF_CHECKPOINT}"
            raise MappingError(_line(parts["timezone"]), f"{target}.timezone", why)
        if form is None:
            raise MappingError(_line(parts["timezone"]), f"{target}.timezone", "needs a `format` beside it")
    values: dict[str, str] = {}
    if "values" in parts:
        values = _translations(target, parts["values"])
    return MappedColumn(
        target=target, sources=_sources(parts["from"], target), form=form, zone=zone or "", values=values
    )


def _translations(target: str, node: yaml.Node) -> dict[str, str]:
    if not isinstance(node, yaml.MappingNode):
        raise MappingError(_line(node), f"{target}.values", "must have their words as keys and ours as values")
    return {
        " ".join(_text(theirs, target).lower().split()): _word(f"{target}", _text(ours, target), _line(ours))
        for theirs, ours in node.value
    }


def _sources(node: yaml.Node, key: str) -> tuple[str, ...]:
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    names = tuple(column_name(_text(one, key)) for one in nodes)
    if not names or not all(names):
        raise MappingError(_line(node), key, "must name a column of the list, or several in [ ]")
    return names


def _word(target: str, value: str, line: int) -> str:
    words = WORDS.get(target)
    if words is not None and value and value not in (allowed := [word.value for word in words]):
        raise MappingError(line, target, f"must be one of {_any(allowed)}")
    if target == "checkpoint_id" and value and value.upper() not in reference.checkpoints():
        raise MappingError(line, target, "is not in the reference list: see checkpoints.csv in schemas/reference/data")
    return value


def _text(node: yaml.Node, key: str) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise MappingError(_line(node), key, "must be one text")
    return str(node.value).strip()


def _line(node: yaml.Node | None) -> int:
    return node.start_mark.line + 1 if node is not None else 1


def _shown(name: str) -> str:
    return name if re.fullmatch(r"\w{1,40}", name, re.ASCII) else "(a key)"


def _any(names: Iterable[str]) -> str:
    return ", ".join(names)
