"""What a row of each kind of file becomes: the one place that knows which reader reads which kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from producers.columns import CROSSINGS, DEPARTURES, HEARTBEATS, FileKind
from producers.crossings import read_crossing
from producers.departures import read_departure
from producers.heartbeats import read_heartbeat
from producers.messages import Message
from producers.reports import read_report
from producers.rows import Row
from schemas.identity import LinkageKey
from schemas.vocabulary import Province


def read_messages(
    row: Row, kind: FileKind, *, province: Province | None, keys: Sequence[LinkageKey]
) -> tuple[list[Message], tuple[str, ...]]:
    """The messages of a row, and the warnings about it.

    A crossing is one event and goes under the first key alone; what crossings are matched with goes under each.

    Raises:
        RecordRejected: the row is refused; the text holds none of its values.
    """
    if kind is CROSSINGS:
        message, warnings = read_crossing(row, key=keys[0], province=province)
    elif kind is DEPARTURES:
        return _under_each(keys, lambda key: read_departure(row, key=key))
    elif kind is HEARTBEATS:
        message, warnings = read_heartbeat(row)
    else:
        return _under_each(keys, lambda key: _one(read_report(row, key=key)))
    return [message], warnings


_Read = tuple[list[Message], tuple[str, ...]]


def _one(read: tuple[Message, tuple[str, ...]]) -> _Read:
    return [read[0]], read[1]


def _under_each(keys: Sequence[LinkageKey], read: Callable[[LinkageKey], _Read]) -> _Read:
    messages, warnings = read(keys[0])
    for key in keys[1:]:
        messages += read(key)[0]
    return messages, warnings
