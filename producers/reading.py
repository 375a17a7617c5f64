"""What a row of each kind of file becomes: the one place that knows which reader reads which kind."""

from __future__ import annotations

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
    row: Row, kind: FileKind, *, province: Province | None, key: LinkageKey
) -> tuple[list[Message], tuple[str, ...]]:
    """The messages of a row, and the warnings about it.

    Raises:
        RecordRejected: the row is refused; the text holds none of its values.
    """
    if kind is CROSSINGS:
        message, warnings = read_crossing(row, key=key, province=province)
    elif kind is DEPARTURES:
        return read_departure(row, key=key)
    elif kind is HEARTBEATS:
        message, warnings = read_heartbeat(row)
    else:
        message, warnings = read_report(row, key=key)
    return [message], warnings
