"""From the cells of partners' files to admitted facts, through the publisher's own row readers; no broker between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from producers.columns import CROSSINGS, DEPARTURES, HEARTBEATS, REPORTS, FileKind
from producers.crossings import read_crossing
from producers.departures import read_departure
from producers.heartbeats import read_heartbeat
from producers.messages import Message
from producers.opening import open_table
from producers.reports import read_report
from producers.rows import Row
from streams.casebook import Admitted
from tests.people import KEY, admitted


def departure_facts(cells: Mapping[str, str], line: int = 2) -> list[Admitted]:
    """The copies of a departures row."""
    messages, _ = read_departure(_row(cells, line), key=KEY)
    return _facts(messages)


def crossing_facts(cells: Mapping[str, str], line: int = 2) -> list[Admitted]:
    """The transit event of a crossings row."""
    message, _ = read_crossing(_row(cells, line), key=KEY, province=None)
    return _facts([message])


def facts_of(directory: Path) -> Iterator[Admitted]:
    """Every fact of a simulated directory; a refused row ends the measurement, for the simulator writes none."""
    yield from _read(directory / "departures.csv", DEPARTURES, lambda row: read_departure(row, key=KEY)[0])
    yield from _read(directory / "reports.csv", REPORTS, lambda row: [read_report(row, key=KEY)[0]])
    yield from _read(directory / "heartbeats.csv", HEARTBEATS, lambda row: [read_heartbeat(row)[0]])
    for path in sorted(directory.glob("crossings-*.csv")):
        yield from _read(path, CROSSINGS, lambda row: [read_crossing(row, key=KEY, province=None)[0]])


def _read(path: Path, kind: FileKind, messages: Callable[[Row], Iterable[Message]]) -> Iterator[Admitted]:
    with open_table(path, kind) as table:
        for row in table.rows:
            if not isinstance(row, Row):
                raise row.refusal
            yield from _facts(messages(row))


def _row(cells: Mapping[str, str], line: int) -> Row:
    return Row(line=line, cells={name: text for name, text in cells.items() if text}, original=())


def _facts(messages: Iterable[Message]) -> list[Admitted]:
    return admitted(*(message.record for message in messages))
