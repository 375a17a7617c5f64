"""ClickHouse as the loader sees it: one insert a table, and a search for the bad row where the data are refused."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

from clickhouse_driver import Client
from clickhouse_driver.errors import Error, ServerException

from schemas.errors import Reason
from sinks.batch import Line
from sinks.failures import Failure, FatalStoreError, classify, name_of
from sinks.migrating import shipped_types
from sinks.rows import refused_row
from sinks.settings import StoreAddress
from sinks.tables import COLUMNS

CONNECT_SECONDS = 5
ANSWER_SECONDS = 60
"""Shorter than Kafka's max.poll.interval: a store that hangs must not cost the loader its partitions."""
CHECK_SECONDS = 60.0
"""How often the tables are compared with what is written: the driver puts a text into an Array without a word."""
MOST_REFUSED_IN_A_ROW = 100
"""So many bad rows one after the other mean that the table is wrong, not the rows: then stop, do not drain."""

_COLUMNS = "SELECT table, name, type FROM system.columns WHERE database = currentDatabase()"
# Written when acknowledged, whatever the server's default is.
_INSERT_SETTINGS = {"async_insert": 0, "wait_for_async_insert": 1}


def connect(address: StoreAddress, *, answer_seconds: int = ANSWER_SECONDS) -> Client:
    """Make a client; it connects at its first statement. One client belongs to one thread."""
    return Client(
        host=address.host,
        port=address.port,
        user=address.user,
        password=address.password,
        database=address.database,
        connect_timeout=CONNECT_SECONDS,
        send_receive_timeout=answer_seconds,
        sync_request_timeout=CONNECT_SECONDS,
        client_name="lintas",
    )


def check_tables(client: Client) -> None:
    """Compare the database with what the loader writes.

    Raises:
        FatalStoreError: a table or column is missing, or of another type; names it.
    """
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in client.execute(_COLUMNS):
        found.setdefault(table, {})[column] = kind
    wanted = shipped_types()
    for table, columns in COLUMNS.items():
        if table not in found:
            msg = f"the table {table} is missing in ClickHouse: run `python -m sinks migrate`"
            raise FatalStoreError(msg)
        missing = [column for column in columns if column not in found[table]]
        if missing:
            msg = (
                f"the table {table} in ClickHouse has no column {', '.join(missing)}: run `python -m sinks migrate`,"
                f" or undo what was dropped or renamed by hand"
            )
            raise FatalStoreError(msg)
        for column in columns:
            kind, shipped = found[table][column], wanted[table][column]
            if kind != shipped:
                msg = f"the column {table}.{column} in ClickHouse is {kind} and has to be {shipped}"
                msg += f": ALTER TABLE {table} MODIFY COLUMN `{column}` {shipped}"
                raise FatalStoreError(msg)


class Store:
    """Inserts lines; knows nothing of Kafka."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._refused_in_a_row = 0
        self._searching = False
        self._check_at = 0.0

    def close(self) -> None:
        """Disconnect; the next insert would connect again."""
        self.client.disconnect()

    def insert(self, table: str, lines: Sequence[Line]) -> list[Line]:
        """Insert all lines but those that the server refuses for their data, which come back as lines of `rejected`.

        May be repeated with the same lines: a row is identified by its record's place.

        Raises:
            FatalStoreError: the table does not fit, or a right is missing.
            OSError, EOFError, clickhouse_driver.errors.Error: the store is away or busy; try again.
        """
        try:
            if time.monotonic() >= self._check_at:
                self._check_fit()
            self._send(table, lines)
        except Exception as error:
            failure = classify(error)
            if failure is Failure.BUSY:
                raise
            if failure is Failure.FATAL:
                raise self._fatal(table, error) from None  # the server's text may quote values
            self._check_fit()  # a table changed by hand must not turn every record into a refused one
            return self._search(table, lines, name_of(error))
        self._refused_in_a_row = 0
        return []

    def _search(self, table: str, lines: Sequence[Line], reason: str) -> list[Line]:
        """Halve refused lines until the bad one stands alone."""
        if len(lines) > 1:
            outermost, self._searching = not self._searching, True
            middle = len(lines) // 2
            try:
                return self.insert(table, lines[:middle]) + self.insert(table, lines[middle:])
            finally:
                self._searching = not outermost
        self._refused_in_a_row += 1
        line = lines[0]
        place = f"{line.place.topic} partition {line.place.partition} offset {line.place.offset}"
        if table == "rejected" and line.row[4] == "loader":
            msg = f"the table rejected does not take the refusal of {place} ({reason}): run `lintas doctor`"
            raise FatalStoreError(msg)
        if self._refused_in_a_row > MOST_REFUSED_IN_A_ROW:
            msg = f"the table {table} refused {MOST_REFUSED_IN_A_ROW} records in a row, last {place} ({reason})"
            raise FatalStoreError(msg)
        message = f"the table {table} does not take this record: {reason}"
        row = refused_row(Reason.STORE_REFUSED.value, message, "", line.digest, line.place)
        return [Line(row, line.place, line.digest)]

    def _check_fit(self) -> None:
        if not self._searching:
            check_tables(self.client)
            self._check_at = time.monotonic() + CHECK_SECONDS

    def _send(self, table: str, lines: Sequence[Line]) -> None:
        columns = [list(column) for column in zip(*(line.row for line in lines), strict=True)]
        names = ", ".join(f"`{name}`" for name in COLUMNS[table])
        statement = f"INSERT INTO `{table}` ({names}) VALUES"  # names of this program's own list, no values
        self.client.execute(statement, columns, columnar=True, settings=_INSERT_SETTINGS)

    def _fatal(self, table: str, error: Exception) -> FatalStoreError:
        with suppress(OSError, EOFError, Error):
            try:
                check_tables(self.client)
            except FatalStoreError as found:
                return found
            except ServerException:
                pass
        return FatalStoreError(f"the table {table} cannot be written: {name_of(error)}; run `lintas doctor`")
