"""Migrations on the real engine: once each, in order, never edited, harmless when run at once."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator

import pytest
from clickhouse_driver import Client

from lintas.clickhouse import ClickHouseAddress, running_clickhouse
from sinks.migrating import Migration, MigrationError, migrate, pending, shipped_migrations
from sinks.settings import StoreAddress
from sinks.store import check_tables, connect

pytestmark = pytest.mark.clickhouse

ONE = Migration(number=1, name="0001_one.sql", text="CREATE TABLE IF NOT EXISTS one (x UInt8) ENGINE = Memory;")
TWO = Migration(
    number=2, name="0002_two.sql", text="CREATE TABLE IF NOT EXISTS two (x UInt8) ENGINE = Memory; ALTER TABLE broken;"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseAddress]:
    with running_clickhouse(tmp_path_factory.mktemp("clickhouse")) as address:
        yield address


@pytest.fixture
def address(server: ClickHouseAddress) -> Iterator[StoreAddress]:
    name = f"m{uuid.uuid4().hex[:12]}"
    fields = {"host": server.host, "user": server.user, "password": server.password}
    root = connect(StoreAddress(port=server.port, **fields))
    root.execute(f"CREATE DATABASE {name}")
    yield StoreAddress(port=server.port, database=name, **fields)
    root.execute(f"DROP DATABASE {name}")
    root.disconnect()


@pytest.fixture
def client(address: StoreAddress) -> Iterator[Client]:
    client = connect(address)
    yield client
    client.disconnect()


def test_an_empty_database_gets_all_tables_and_views(client: Client) -> None:
    wanted = [migration.name for migration in shipped_migrations()]
    assert [m.name for m in pending(client)] == wanted
    assert client.execute("SHOW TABLES") == []  # looking writes nothing
    assert [m.name for m in migrate(client)] == wanted
    assert migrate(client) == pending(client) == []
    check_tables(client)
    for view in ("flags", "flags_withdrawn", "current_assessments", "accounting", "feeds", "watermarks", "device_gaps"):
        assert client.execute(f"SELECT * FROM {view}") == []


def test_an_edited_migration_is_refused_by_name(client: Client) -> None:
    migrate(client, [ONE])
    edited = Migration(number=1, name=ONE.name, text=ONE.text + "\n")
    with pytest.raises(MigrationError, match=r"0001_one.sql was edited"):
        migrate(client, [edited, TWO])
    assert client.execute("SHOW TABLES") == [("one",), ("schema_migrations",)]


def test_a_database_from_the_future_is_refused(client: Client) -> None:
    migrate(client, [ONE])
    with pytest.raises(MigrationError, match=r"0001_one.sql, which this version of Lintas does not know"):
        pending(client, [])


def test_a_migration_that_failed_is_tried_again_from_its_beginning(client: Client) -> None:
    with pytest.raises(Exception, match="Syntax error"):
        migrate(client, [ONE, TWO])
    assert [m.name for m in pending(client, [ONE, TWO])] == ["0002_two.sql"]
    mended = Migration(number=2, name=TWO.name, text=TWO.text.replace("ALTER TABLE broken;", ""))
    assert [m.name for m in migrate(client, [ONE, mended])] == ["0002_two.sql"]


def test_four_at_once_do_no_harm(address: StoreAddress, client: Client) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        own = connect(address)
        try:
            migrate(own)
        except BaseException as error:
            failures.append(error)
        finally:
            own.disconnect()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert pending(client) == []
    recorded = client.execute("SELECT name FROM schema_migrations FINAL ORDER BY number")
    assert recorded == [(migration.name,) for migration in shipped_migrations()]
