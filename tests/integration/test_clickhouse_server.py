"""The local ClickHouse server, asked by an unchanged clickhouse-driver in this and other processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import Error, ServerException
from clickhouse_driver.result import QueryInfo

from lintas.clickhouse import (
    ClickHouseAddress,
    ClickHouseProcess,
    StartError,
    User,
    running_clickhouse,
    start_clickhouse,
)

pytestmark = pytest.mark.clickhouse

READERS = [User.with_password("analyst", "look", readonly=2), User.with_password("viewer", "see", readonly=1)]
Connect = Callable[..., Client]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseProcess]:
    process = start_clickhouse(tmp_path_factory.mktemp("clickhouse"), others=READERS)
    yield process
    assert process.stop() == 0


def connector(address: ClickHouseAddress) -> tuple[Connect, list[Client]]:
    clients: list[Client] = []

    def connect(**changes: Any) -> Client:
        clients.append(Client(**(asdict(address) | {"send_receive_timeout": 30} | changes)))
        return clients[-1]

    return connect, clients


@pytest.fixture
def connect(server: ClickHouseProcess) -> Iterator[Connect]:
    connect, clients = connector(server.address)
    yield connect
    for client in clients:
        client.disconnect()


@pytest.fixture
def client(connect: Connect) -> Client:
    return connect()


@pytest.fixture
def any_client(request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client of the real server that LINTAS_TEST_CLICKHOUSE names, else of the local one."""
    outside = os.environ.get("LINTAS_TEST_CLICKHOUSE")
    if outside:
        host, _, port = outside.rpartition(":")
        user = os.environ.get("LINTAS_TEST_CLICKHOUSE_USER", "default")
        client = Client(host, int(port), user=user, password=os.environ.get("LINTAS_TEST_CLICKHOUSE_PASSWORD", ""))
    else:
        client = request.getfixturevalue("connect")()
    yield client
    client.disconnect()


@pytest.fixture
def table() -> str:
    return f"t_{uuid.uuid4().hex[:12]}"


def refusal(client: Client, sql: str, *args: Any, **more: Any) -> ServerException:
    with pytest.raises(ServerException) as refused:
        client.execute(sql, *args, **more)
    return refused.value


MOMENT = datetime(2026, 3, 1, 8, 30, 0, 123000, tzinfo=UTC)
TYPES = [
    ("String", ["", "Entikong", "naïve \0 \n"]),
    ("LowCardinality(String)", ["a", "b", "a"]),
    ("LowCardinality(Nullable(String))", ["a", None, ""]),
    ("Nullable(String)", [None, "", "x"]),
    ("Nullable(UInt64)", [None, 0, 2**64 - 1]),
    ("FixedString(4)", ["MOT1", "IMM2", "XXXX"]),
    ("Array(String)", [[], ["a", ""], ["b"]]),
    ("Array(UInt64)", [[1], [], [2**64 - 1, 0]]),
    ("Array(LowCardinality(String))", [[], [], []]),
    ("Array(LowCardinality(Nullable(String)))", [["a", None], [], ["a"]]),
    ("Array(Array(UInt8))", [[[1], []], [], [[2, 3]]]),
    ("DateTime64(3, 'UTC')", [MOMENT, MOMENT + timedelta(milliseconds=1), datetime(1970, 1, 1, tzinfo=UTC)]),
    ("Map(String, UInt64)", [{}, {"a": 1, "b": 2}, {"": 0}]),
    ("Map(LowCardinality(String), Array(String))", [{}, {"a": ["x"]}, {"b": []}]),
    ("Tuple(String, UInt8)", [("a", 1), ("b", 2), ("", 0)]),
    ("Enum8('legal' = 1, 'under, review' = 2)", ["legal", "under, review", "legal"]),
    ("Enum16('x' = -300, 'y' = 300)", ["x", "y", "y"]),
    ("UUID", [uuid.UUID(int=0), uuid.UUID(int=2**128 - 1), uuid.uuid5(uuid.NAMESPACE_DNS, "lintas")]),
    ("Decimal(18, 4)", [Decimal("0"), Decimal("-1.5"), Decimal("99999.9999")]),
    ("Float64", [0.0, -1.5, 1e300]),
    ("Int128", [0, -(2**127), 2**127 - 1]),
    ("UInt256", [0, 1, 2**256 - 1]),
    ("Bool", [True, False, True]),
    ("Date", [MOMENT.date()] * 3),
    ("IPv6", [__import__("ipaddress").IPv6Address("::1")] * 3),
]


@pytest.mark.parametrize(("type_name", "values"), TYPES, ids=[name for name, _ in TYPES])
@pytest.mark.parametrize("columnar", [False, True], ids=["rows", "columnar"])
def test_values_come_back_as_they_went(
    any_client: Client, table: str, type_name: str, values: list[Any], *, columnar: bool
) -> None:
    any_client.execute(f"CREATE TABLE {table} (n UInt8, v {type_name}, w String) ENGINE = MergeTree ORDER BY n")
    ends = ["end"] * 3
    data: Any = [[0, 1, 2], values, ends] if columnar else list(zip(range(3), values, ends, strict=True))
    assert any_client.execute(f"INSERT INTO {table} (n, v, w) VALUES", data, columnar=columnar) == 3
    rows, columns = any_client.execute(f"SELECT v, w FROM {table} ORDER BY n", with_column_types=True)
    assert rows == list(zip(values, ends, strict=True))
    assert [name for name, _ in columns] == ["v", "w"]
    any_client.execute(f"DROP TABLE {table}")


def test_a_time_keeps_its_zone(any_client: Client) -> None:
    sql = "SELECT toDateTime(0, 'UTC') AS a, toDateTime64('2026-03-01 08:30:00.123', 3, 'Asia/Makassar') AS b"
    [(a, b)], columns = any_client.execute(sql, with_column_types=True)
    assert (a, a.utcoffset()) == (datetime(1970, 1, 1, tzinfo=UTC), timedelta(0))
    assert b == datetime(2026, 3, 1, 8, 30, 0, 123000, tzinfo=timezone(timedelta(hours=8)))
    assert columns == [("a", "DateTime('UTC')"), ("b", "DateTime64(3, 'Asia/Makassar')")]


def test_a_result_without_rows_has_its_columns(any_client: Client) -> None:
    sql = "SELECT toDateTime(number, 'UTC') AS t, toString(number) AS s FROM numbers(0)"
    assert any_client.execute(sql, with_column_types=True) == ([], [("t", "DateTime('UTC')"), ("s", "String")])


def test_parameters_of_either_side_arrive_unharmed(connect: Connect) -> None:
    nasty = "it's \\ \n\t {x:String} %(y)s; --"
    assert connect().execute("SELECT %(a)s, %(b)s", {"a": nasty, "b": [1, 2]}) == [(nasty, [1, 2])]
    server_side = connect(settings={"server_side_params": True})
    parameters = {"a": nasty, "b": 7, "c": ["q'", "w"]}
    sql = "SELECT {a:String}, {b:UInt64}, {c:Array(String)}"
    assert server_side.execute(sql, parameters) == [(nasty, 7, ["q'", "w"])]


def test_final_shows_the_newest_version_and_no_deleted_row(any_client: Client, table: str) -> None:
    any_client.execute(
        f"CREATE TABLE {table} (k String, version UInt64, v String, gone UInt8) "
        "ENGINE = ReplacingMergeTree(version, gone) ORDER BY k"
    )
    for rows in ([("a", 2, "new", 0)], [("a", 1, "old", 0)], [("b", 1, "here", 0)], [("b", 2, "here", 1)]):
        any_client.execute(f"INSERT INTO {table} VALUES", rows)
    assert any_client.execute(f"SELECT k, v FROM {table} FINAL ORDER BY k") == [("a", "new")]
    any_client.execute(f"OPTIMIZE TABLE {table} FINAL")
    parts = "SELECT count() FROM system.parts WHERE table = %(table)s AND active"
    assert any_client.execute(parts, {"table": table}) == [(1,)]
    any_client.execute(f"DROP TABLE {table}")


def test_what_the_store_is_made_of_works(client: Client, table: str) -> None:
    client.execute(
        f"CREATE TABLE {table} (token FixedString(4), at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD), n UInt64) "
        f"ENGINE = MergeTree ORDER BY token TTL toDateTime(at) + INTERVAL 1 DAY"
    )
    client.execute(f"CREATE VIEW {table}_v AS SELECT token, n + 1 AS m FROM {table}")
    client.execute(
        f"CREATE MATERIALIZED VIEW {table}_mv (n UInt64) ENGINE = MergeTree ORDER BY n AS SELECT n FROM {table}"
    )
    now = client.execute("SELECT now64(3, 'UTC')")[0][0]
    client.execute(f"INSERT INTO {table} VALUES", [("aaaa", now, 1), ("bbbb", now, 2), ("cccc", MOMENT, 3)])
    assert client.execute(f"SELECT m FROM {table}_v WHERE token = 'bbbb'") == [(3,)]
    assert client.execute(f"SELECT sum(n) FROM {table}_mv") == [(6,)]
    client.execute(f"ALTER TABLE {table} DELETE WHERE token = 'aaaa'", settings={"mutations_sync": 1})
    client.execute(f"OPTIMIZE TABLE {table} FINAL")
    assert client.execute(f"SELECT token FROM {table}") == [("bbbb",)], "one row erased, one past its time to live"
    assert (f"{table}_v",) in client.execute("SHOW TABLES")
    columns = "SELECT name FROM system.columns WHERE table = %(table)s AND database = 'lintas' ORDER BY position"
    assert client.execute(columns, {"table": table}) == [("token",), ("at",), ("n",)]


def test_new_tables_sync_what_they_store(client: Client) -> None:
    sql = "SELECT name, value FROM system.merge_tree_settings WHERE name LIKE 'fsync_%' AND value = '1' ORDER BY name"
    assert client.execute(sql) == [("fsync_after_insert", "1"), ("fsync_part_directory", "1")]
    assert client.execute("SELECT getSetting('async_insert'), timezone(), currentDatabase()") == [
        (False, "Etc/UTC", "lintas")
    ]


def test_compressed_blocks_arrive(connect: Connect, table: str) -> None:
    client = connect(compression="lz4")
    client.execute(f"CREATE TABLE {table} (n UInt64, s String) ENGINE = MergeTree ORDER BY n")
    rows = [(n, f"row {n}" * 50) for n in range(5000)]
    assert client.execute(f"INSERT INTO {table} VALUES", rows) == 5000
    assert client.execute(f"SELECT * FROM {table} ORDER BY n") == rows


def test_an_insert_in_several_blocks_is_one_insert(client: Client, table: str) -> None:
    client.execute(f"CREATE TABLE {table} (n UInt64) ENGINE = MergeTree ORDER BY n")
    settings = {"insert_block_size": 10}
    assert client.execute(f"INSERT INTO {table} VALUES", [(n,) for n in range(1000)], settings=settings) == 1000
    parts = "SELECT sum(rows), count() FROM system.parts WHERE table = %(table)s AND active"
    assert client.execute(parts, {"table": table}) == [(1000, 1)]
    assert client.execute(f"INSERT INTO {table} VALUES", []) == 0


def test_wrong_columns_are_refused_and_nothing_is_stored(client: Client, table: str) -> None:
    client.execute(f"CREATE TABLE {table} (a UInt8, b String) ENGINE = MergeTree ORDER BY a")
    assert refusal(client, f"INSERT INTO {table} (a, c) VALUES", [(1, "x")]).code == 47
    assert refusal(client, "INSERT INTO nowhere VALUES", [(1, "x")]).code == 60
    # a client that sends other columns than it was told to
    connection = client.connection
    connection.force_connect()
    client.last_query = QueryInfo()
    connection.send_query(f"INSERT INTO {table} VALUES")
    connection.send_external_tables([])
    sample = client.receive_sample_block()
    sample.columns_with_types = [("a", "UInt8"), ("z", "String")]
    client.send_data(sample, [(1, "x")])
    with pytest.raises(ServerException, match="Block structure mismatch") as refused:
        client.receive_end_of_query()
    assert refused.value.code == 171
    connection.is_query_executing = False
    assert client.execute(f"SELECT count() FROM {table}") == [(0,)], "and the connection is still of use"


def test_rows_that_the_engine_refuses_are_an_error_and_not_lost_silently(client: Client, table: str) -> None:
    client.execute(
        f"CREATE TABLE {table} (a UInt64, CONSTRAINT small CHECK a < 1000) ENGINE = MergeTree PARTITION BY a ORDER BY a"
    )
    assert refusal(client, f"INSERT INTO {table} VALUES", [(1,), (1000,)]).code == 469
    assert refusal(client, f"INSERT INTO {table} VALUES", [(n,) for n in range(150)]).code == 252
    assert client.execute(f"SELECT count() FROM {table}") == [(0,)]
    client.execute(
        f"CREATE MATERIALIZED VIEW {table}_mv (a UInt8) ENGINE = MergeTree ORDER BY a "
        f"AS SELECT throwIf(a = 7) AS a FROM {table}"
    )
    assert refusal(client, f"INSERT INTO {table} VALUES", [(7,)]).code == 395


def test_an_error_in_the_midst_of_a_result_is_told(client: Client) -> None:
    assert refusal(client, "SELECT throwIf(number = 1500000) FROM numbers(3000000)").code == 395
    limited = "SELECT groupArray(repeat('x', 99)) FROM numbers(100000000) SETTINGS max_memory_usage = 100000000"
    assert refusal(client, limited).code == 241


def test_two_servers_statements_run_side_by_side(connect: Connect, table: str) -> None:
    """A long SELECT, and inserts and selects of another client meanwhile."""
    connect().execute(f"CREATE TABLE {table} (n UInt64) ENGINE = MergeTree ORDER BY n")
    slow, quick = connect(), connect()
    with ThreadPoolExecutor() as pool:
        running = pool.submit(
            slow.execute, "SELECT sum(sleepEachRow(0.1)) FROM numbers(30) SETTINGS max_block_size = 1"
        )
        time.sleep(0.2)
        slowest = 0.0
        for n in range(20):
            began = time.monotonic()
            quick.execute(f"INSERT INTO {table} VALUES", [(n,)])
            quick.execute(f"SELECT count() FROM {table}")
            slowest = max(slowest, time.monotonic() - began)
        assert not running.done()
        assert running.result() == [(0,)]
    assert slowest < 1.5
    assert quick.execute(f"SELECT count() FROM {table}") == [(20,)]


def test_sessions_do_not_see_each_others_settings_and_temporary_tables(connect: Connect) -> None:
    one, other = connect(), connect()
    one.execute("CREATE TEMPORARY TABLE mine (a UInt8)")
    assert one.execute("SELECT getSetting('max_block_size')", settings={"max_block_size": 77}) == [(77,)]
    assert one.execute("SELECT getSetting('max_block_size')") != [(77,)], "settings are a statement's"
    assert one.execute("EXISTS TEMPORARY TABLE mine") == [(1,)]
    assert other.execute("EXISTS TEMPORARY TABLE mine") == [(0,)]


def running_statements(client: Client) -> int:
    return int(client.execute("SELECT count() FROM system.processes WHERE query NOT LIKE '%system.processes%'")[0][0])


def wait_until_idle(client: Client) -> None:
    deadline = time.monotonic() + 10
    while running_statements(client):
        assert time.monotonic() < deadline, "a statement that nobody wants still runs"
        time.sleep(0.05)


def test_a_cancelled_statement_ends_and_the_connection_goes_on(connect: Connect) -> None:
    client, other = connect(), connect()
    rows = client.execute_iter(
        "SELECT number, sleepEachRow(0.01) FROM numbers(100000) SETTINGS max_block_size = 10", chunk_size=1
    )
    next(rows)
    began = time.monotonic()
    client.cancel()
    assert time.monotonic() - began < 5
    assert client.execute("SELECT 7") == [(7,)]
    wait_until_idle(other)


def test_statements_of_a_client_that_vanished_end(connect: Connect) -> None:
    other = connect()
    counting = connect()
    counting.connection.force_connect()
    counting.connection.send_query("SELECT count() FROM numbers(1e13) WHERE NOT ignore(number)")
    counting.connection.send_external_tables([])
    streaming = connect()
    rows = streaming.execute_iter("SELECT number, repeat('x', 1000) FROM numbers(100000000)")
    next(rows)
    deadline = time.monotonic() + 10
    while running_statements(other) != 2:
        assert time.monotonic() < deadline
    counting.connection.socket.shutdown(socket.SHUT_RDWR)
    streaming.connection.socket.shutdown(socket.SHUT_RDWR)
    wait_until_idle(other)


def test_an_insert_whose_client_vanished_midway_stores_nothing(connect: Connect, table: str) -> None:
    client, other = connect(), connect()
    client.execute(f"CREATE TABLE {table} (n UInt64) ENGINE = MergeTree ORDER BY n")

    def rows() -> Iterator[tuple[int]]:
        for n in range(100):
            yield (n,)
        client.connection.socket.shutdown(socket.SHUT_RDWR)
        yield (100,)

    with pytest.raises((OSError, EOFError, Error)):
        client.execute(f"INSERT INTO {table} VALUES", rows(), settings={"insert_block_size": 10})
    wait_until_idle(other)
    assert other.execute(f"SELECT count() FROM {table}") == [(0,)]


@pytest.mark.parametrize(
    ("user", "password"), [("lintas", "wrong"), ("lintas", ""), ("nobody", "look"), ("default", "")]
)
def test_a_wrong_login_is_refused(connect: Connect, user: str, password: str) -> None:
    client = connect(user=user, password=password)
    with pytest.raises(ServerException, match="Authentication failed") as refused:
        client.execute("SELECT 1")
    assert refused.value.code == 516


def test_an_unknown_database_is_refused(connect: Connect) -> None:
    assert refusal(connect(database="nowhere"), "SELECT 1").code == 81


def test_readers_cannot_end_other_peoples_statements(connect: Connect) -> None:
    slow = connect()
    with ThreadPoolExecutor() as pool:
        running = pool.submit(slow.execute, "SELECT sum(sleepEachRow(0.1)) FROM numbers(8) SETTINGS max_block_size = 1")
        time.sleep(0.3)
        assert refusal(connect(user="viewer", password="see"), "KILL QUERY WHERE 1").code == 497
        assert running.result() == [(0,)]


@pytest.mark.parametrize("login", [("analyst", "look"), ("viewer", "see")], ids=["readonly-2", "readonly-1"])
def test_a_reader_reads_and_cannot_write(connect: Connect, client: Client, table: str, login: tuple[str, str]) -> None:
    client.execute(f"CREATE TABLE {table} (a UInt8) ENGINE = MergeTree ORDER BY a")
    client.execute(f"INSERT INTO {table} VALUES", [(1,)])
    reader = connect(user=login[0], password=login[1])
    for sql in (
        f"INSERT INTO {table} VALUES (2)",
        f"INSERT INTO {table} SELECT 2",
        f"DROP TABLE {table}",
        f"ALTER TABLE {table} DELETE WHERE 1",
        f"TRUNCATE TABLE {table}",
        f"OPTIMIZE TABLE {table} FINAL",
        f"CREATE TABLE {table}_2 (a UInt8) ENGINE = Memory",
        "SET readonly = 0",
    ):
        assert refusal(reader, sql).code == 164, sql
    assert refusal(reader, f"INSERT INTO {table} VALUES", [(2,)]).code == 164
    assert refusal(reader, "/* x */ KILL QUERY WHERE 1").code == 497
    assert reader.execute(f"SELECT * FROM {table}") == [(1,)]


def test_a_reader_of_level_two_may_choose_settings(connect: Connect) -> None:
    settings = {"max_threads": 1}
    assert connect(user="analyst", password="look").execute("SELECT 1", settings=settings) == [(1,)]
    assert refusal(connect(user="viewer", password="see"), "SELECT 1", settings=settings).code == 164


EXTERNAL = {"external_tables": [{"name": "x", "structure": [("a", "Int32")], "data": [{"a": 1}]}]}
UNSUPPORTED: list[tuple[str, dict[str, Any], int]] = [
    ("SELECT number, count() FROM numbers(3) GROUP BY number WITH TOTALS", {}, 48),
    ("SELECT 1", {"settings": {"extremes": 1}}, 48),
    ("SELECT 1", {"settings": {"readonly": 1}}, 48),
    ("SELECT 1", {"query_id": "mine"}, 48),
    ("SELECT * FROM x", EXTERNAL, 48),
    ("SELECT 1 INTO OUTFILE '/tmp/x'", {}, 48),
    ("INSERT INTO nowhere SELECT a FROM input('a Int8') FORMAT Native", {"params": [(1,)]}, 48),
    ("""SELECT '{"a":1}'::JSON""", {}, 50),
    ("SELECT 1::Dynamic", {}, 50),
    ("SELECT 1::Variant(String, UInt8)", {}, 50),
    ("SELECT sumState(1)", {}, 50),
    ("SELECT 1; SELECT 2", {}, 62),
    ("SELECT * FROM file('/etc/hostname', 'LineAsString')", {}, 497),
    ("SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')", {}, 497),
    ("SELECT * FROM remote('127.0.0.1:1', system.one)", {}, 497),
    ("CREATE USER x", {}, 497),
    ("SYSTEM SHUTDOWN", {}, 497),
    ("CREATE TABLE r (a UInt8) ENGINE = ReplicatedMergeTree('/x', 'r') ORDER BY a", {}, 225),
    ("CREATE TABLE d (a UInt8) ENGINE = Distributed('c', 'lintas', 't')", {}, 497),
]


@pytest.mark.parametrize(
    ("sql", "more", "code"), UNSUPPORTED, ids=[f"{sql[:40]}{list(m)}" for sql, m, _ in UNSUPPORTED]
)
def test_what_is_not_supported_is_a_clear_error(client: Client, sql: str, more: dict[str, Any], code: int) -> None:
    error = refusal(client, sql, **more)
    assert error.code == code
    assert len(error.message) > 30
    assert client.execute("SELECT 1") == [(1,)]


def test_rows_of_a_type_that_is_not_supported_are_refused(client: Client, table: str) -> None:
    client.execute(f"CREATE TABLE {table} (j JSON) ENGINE = MergeTree ORDER BY tuple()")
    assert refusal(client, f"INSERT INTO {table} VALUES", [({"a": 1},)]).code == 50


def test_nonsense_on_the_wire_ends_only_its_own_connection(server: ClickHouseProcess, client: Client) -> None:
    for nonsense in (b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 100, b"\0" + b"\xff" * 9 + b"\1", b""):
        with socket.create_connection((server.address.host, server.address.port), timeout=15) as sock:
            sock.sendall(nonsense)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(1 << 16):
                pass
    assert client.execute("SELECT 1") == [(1,)]


def test_an_idle_server_uses_no_processor(server: ClickHouseProcess, client: Client) -> None:
    client.execute("SELECT 1")
    process = psutil.Process(server.process.pid)
    before = process.cpu_times()
    time.sleep(3)
    after = process.cpu_times()
    assert after.user + after.system - before.user - before.system < 0.3


# ---- servers of their own


def test_no_acknowledged_row_is_lost_by_a_crash(tmp_path: Path) -> None:
    acknowledged: list[int] = []
    port, password = 0, "crash"
    for round_number in range(3):
        server = start_clickhouse(tmp_path, port=port, password=password)
        port = server.address.port
        setup = Client(**asdict(server.address))
        setup.execute("CREATE TABLE IF NOT EXISTS t (n UInt64, s String) ENGINE = MergeTree ORDER BY n")
        setup.disconnect()

        def write(number: int, address: ClickHouseAddress = server.address) -> None:
            client = Client(**asdict(address))
            try:
                while True:
                    batch = list(range(number, number + 500))
                    client.execute("INSERT INTO t VALUES", [(n, "x" * 50) for n in batch])
                    acknowledged.extend(batch)
                    number += 500
            except (OSError, EOFError, Error):
                client.disconnect()

        writers = [threading.Thread(target=write, args=((2 * round_number + k) * 10_000_000,)) for k in range(2)]
        for writer in writers:
            writer.start()
        time.sleep(1.0)
        server.kill()
        for writer in writers:
            writer.join(10)
            assert not writer.is_alive()
    with running_clickhouse(tmp_path, password=password) as address:
        client = Client(**asdict(address))
        stored = {n for (n,) in client.execute("SELECT n FROM t")}
        leftovers = list((tmp_path / "data" / "lintas-inserts").iterdir())
        client.disconnect()
    assert len(acknowledged) > 3000
    assert set(acknowledged) <= stored
    assert len(stored) % 500 == 0, "an insert is stored whole or not at all"
    assert leftovers == []


def test_a_stop_lets_the_running_statement_end(tmp_path: Path) -> None:
    server = start_clickhouse(tmp_path)
    client = Client(**asdict(server.address))
    with ThreadPoolExecutor() as pool:
        slow = "SELECT sum(sleepEachRow(0.1)) FROM numbers(15) SETTINGS max_block_size = 1"
        running = pool.submit(client.execute, slow)
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        assert running.result() == [(0,)]
    assert server.process.wait(10) == 0
    client.disconnect()


def test_a_stop_kills_what_runs_beyond_its_patience(tmp_path: Path) -> None:
    server = start_clickhouse(tmp_path, options=["--stop-patience-seconds", "0.5"])
    client = Client(**asdict(server.address))
    with ThreadPoolExecutor() as pool:
        running = pool.submit(client.execute, "SELECT count() FROM numbers(1e13) WHERE NOT ignore(number)")
        time.sleep(0.5)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(10) == 0
        assert time.monotonic() - began < 5
        with pytest.raises((EOFError, OSError, Error)):
            running.result()
    client.disconnect()


def test_data_survive_a_restart_on_the_same_port(tmp_path: Path) -> None:
    with running_clickhouse(tmp_path, password="same") as address:
        client = Client(**asdict(address))
        client.execute("CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a")
        client.execute("INSERT INTO t VALUES", [(1,)])
        client.disconnect()
    with running_clickhouse(tmp_path, port=address.port, password="same") as again:
        assert again == address
        client = Client(**asdict(again))
        assert client.execute("SELECT * FROM lintas.t") == [(1,)]
        client.disconnect()


def run_server(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lintas.clickhouse", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_a_taken_port_is_one_clear_line(server: ClickHouseProcess, tmp_path: Path) -> None:
    users = Path(tmp_path / "users.json")
    users.write_text('{"lintas": {"sha256": "%s"}}' % ("0" * 64))
    ended = run_server("--path", tmp_path / "data", "--users", users, "--port", server.address.port)
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        f"lintas.clickhouse: cannot listen on 127.0.0.1:{server.address.port}: Address already in use;"
        " choose another --port or end what listens there"
    ]
    assert not (tmp_path / "data").exists()


def test_a_second_server_on_a_directory_is_one_clear_line(tmp_path: Path) -> None:
    with running_clickhouse(tmp_path):
        ended = run_server("--path", tmp_path / "data", "--users", tmp_path / "users.json", "--port", 0)
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        f"lintas.clickhouse: another server runs on {tmp_path / 'data'}: stop it, or choose another directory"
    ]


def test_a_server_that_cannot_start_says_why_to_who_starts_it(server: ClickHouseProcess, tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"ended: lintas\.clickhouse: cannot listen on .*: Address already in use"):
        start_clickhouse(tmp_path, port=server.address.port)
    assert run_server("--path", tmp_path, "--users", tmp_path / "users.json", "--port", 65536).returncode == 2
    with pytest.raises(StartError, match="has one of"):
        start_clickhouse(tmp_path / "a?b")


def test_more_clients_than_allowed_are_told_so(tmp_path: Path) -> None:
    server = start_clickhouse(tmp_path, options=["--max-connections", "2"])
    clients = [Client(**asdict(server.address)) for _ in range(3)]
    try:
        for client in clients[:2]:
            client.execute("SELECT 1")
        assert refusal(clients[2], "SELECT 1").code == 202
        clients[0].disconnect()
        deadline = time.monotonic() + 5
        while True:
            try:
                assert clients[2].execute("SELECT 1") == [(1,)]
                break
            except ServerException:
                assert time.monotonic() < deadline
    finally:
        for client in clients:
            client.disconnect()
        assert server.stop() == 0


def test_an_address_does_not_show_its_password() -> None:
    address = ClickHouseAddress(host="127.0.0.1", port=1, password="hidden")
    assert "hidden" not in repr(address)
    assert replace(address, user="analyst").user == "analyst"
