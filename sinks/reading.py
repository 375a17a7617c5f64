"""Rows of a query as dictionaries that JSON and a terminal can show: times as ISO 8601 with offset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from clickhouse_driver import Client

from sinks.rows import EPOCH

Shown = dict[str, Any]


def each(client: Client, sql: str, parameters: Mapping[str, Any] | None = None) -> Iterator[Shown]:
    """Stream the rows of a query; values are bound as parameters, never put into the text.

    The client can do nothing else until the last row is taken or the iterator is closed.
    """
    stream = client.execute_iter(sql, parameters, with_column_types=True)
    finished = False
    try:
        names = [name for name, _ in next(stream)]
        for row in stream:
            yield {name: plain(value) for name, value in zip(names, row, strict=True)}
        finished = True
    finally:
        if not finished:  # the rest of the answer stands in the connection
            client.disconnect()


def everything(client: Client, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Shown]:
    """All rows of a short answer."""
    return list(each(client, sql, parameters))


def plain(value: Any) -> Any:
    """A value that JSON can hold."""
    if isinstance(value, datetime):
        aware = value.astimezone(UTC)
        return aware.isoformat(timespec="milliseconds" if aware.microsecond else "seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value


def milliseconds(moment: datetime | None, default: int) -> int:
    """A bound for a query: the driver would cut a datetime to seconds and shift it to the server's zone.

    Raises:
        ValueError: the moment has no offset.
    """
    if moment is None:
        return default
    if moment.tzinfo is None:
        msg = "a time without an offset says nothing: add one, such as +07:00"
        raise ValueError(msg)
    return round((moment - EPOCH).total_seconds() * 1000)
