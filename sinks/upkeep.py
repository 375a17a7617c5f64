"""The store as a whole: how much it holds, whether two stores hold the same, and emptying one to load it anew."""

from __future__ import annotations

from collections.abc import Mapping

from clickhouse_driver import Client

from sinks.tables import COLUMNS

# The loader's own refusals depend on what the store took that day, not on the log alone.
_FROM_THE_LOG: Mapping[str, str] = {"rejected": "stage != 'loader'"}


def counts(client: Client) -> dict[str, int]:
    """Rows of every table, what was delivered twice counted once."""
    return {table: client.execute(f"SELECT count() FROM `{table}` FINAL")[0][0] for table in COLUMNS}


def content_checksum(client: Client) -> dict[str, str]:
    """A checksum of every table's content: the same whatever the order of insertion, repetitions and merges."""
    return {table: _checksum(client, table) for table in COLUMNS}


def _checksum(client: Client, table: str) -> str:
    columns = ", ".join(f"`{name}`" for name in COLUMNS[table])
    condition = _FROM_THE_LOG.get(table, "1")
    sql = f"SELECT count(), sum(sipHash64(toString(tuple({columns})))) FROM `{table}` FINAL WHERE {condition}"
    rows, total = client.execute(sql)[0]
    return f"{rows}-{total:016x}"


def truncate_all(client: Client) -> None:
    """Empty every table that the log can fill again; what is not from the log stays."""
    for table in COLUMNS:
        client.execute(f"TRUNCATE TABLE `{table}`")
