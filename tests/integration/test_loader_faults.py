"""What a store, the link to it or another loader may do while rows are loaded: waited out, named, nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from clickhouse_driver import Client

from lintas.clickhouse import ClickHouseAddress, running_clickhouse
from lintas.stack.brokers import running_kafka
from sinks.settings import GROUP, StoreAddress
from sinks.store import Store, connect
from tests.faults.disks import fill, read_only, small_disk
from tests.faults.proxy import Fault, FaultProxy
from tests.integration.sinking import Log, client_of, create_topics, loader_of, own_database, send, verdict
from tests.integration.test_loader import status_of, wait_until
from tests.integration.test_loader_waits import running

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

DISK_BYTES = 256 << 20
EVENTS = 50


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with small_disk(tmp_path_factory.mktemp("disk"), DISK_BYTES) as place:
        yield place


@pytest.fixture(scope="module")
def server(disk: Path) -> Iterator[ClickHouseAddress]:
    with running_clickhouse(disk / "clickhouse") as address:
        yield address


@pytest.fixture(scope="module")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_kafka(tmp_path_factory.mktemp("kafka"), dict(os.environ)) as address:
        create_topics(address)
        yield address


@pytest.fixture
def database(server: ClickHouseAddress) -> Iterator[StoreAddress]:
    with own_database(server) as address:
        yield address


@contextmanager
def no_memory(loading: Client) -> Iterator[None]:
    """The engine's own limit, for the loader's statements alone."""
    loading.settings["max_memory_usage"] = 1_000
    try:
        yield
    finally:
        del loading.settings["max_memory_usage"]


@contextmanager
def full(disk: Path) -> Iterator[None]:
    ballast = fill(disk)
    try:
        yield
    finally:
        ballast.unlink()


def fault(name: str, database: StoreAddress, disk: Path, loading: Client) -> AbstractContextManager[None]:
    if name == "no memory":
        return no_memory(loading)
    if name == "disk full":
        return full(disk)
    if name == "disk read-only":
        return read_only(disk / "clickhouse" / "data")
    where = "SELECT data_paths[1] FROM system.tables WHERE database = currentDatabase() AND name = 'assessments'"
    return read_only(Path(client_of(database).execute(where)[0][0]))


ALARMS = {
    "no memory": "MEMORY_LIMIT_EXCEEDED (241); a limit of memory is reached",
    "disk full": "NOT_ENOUGH_SPACE (243); its disk is full: free space or add a disk",
    "disk read-only": "CANNOT_WRITE_TO_FILE_DESCRIPTOR (75); its disk takes no writes: see whether it is mounted",
    "table read-only": "STD_EXCEPTION (1001); its machine fails it: look in its log, and whether its disk is mounted",
}


@pytest.mark.parametrize("name", ALARMS)
def test_a_store_that_takes_nothing_is_waited_for_by_name_and_gets_everything_once(
    bootstrap: str, database: StoreAddress, disk: Path, name: str
) -> None:
    log = Log(bootstrap)
    group, loading = log.new_group(), connect(database)
    loader = loader_of(log, database, group, store=Store(loading))
    with running(loader):
        wait_until(lambda: loader.partitions == len(log.starts))
        send(bootstrap, [("assessments", verdict("before"))])
        wait_until(lambda: log.committed(group) == log.ends())
        with fault(name, database, disk, loading):
            send(bootstrap, [("assessments", verdict(f"e{n}")) for n in range(EVENTS)])
            wait_until(lambda: ALARMS[name] in loader.status()["alarm"])
            wait_until(lambda: loader.status()["waiting_seconds"] > 2)  # it tries again and again meanwhile
            said = loader.status()
            assert not said["ready"]
            assert said["waiting_for"] == f"ClickHouse at {database.host}:{database.port}"
            assert log.committed(group) != log.ends()
            assert loader.vitals.ready().why == f"waiting for {said['waiting_for']}"
        wait_until(lambda: log.committed(group) == log.ends())
        assert loader.status()["alarm"] == ""
        assert loader.partitions == len(log.starts)
    assert_each_once(database, "before", *(f"e{n}" for n in range(EVENTS)))


def test_a_link_that_is_cut_in_the_middle_of_an_insert_doubles_no_row(bootstrap: str, database: StoreAddress) -> None:
    log = Log(bootstrap)
    group = log.new_group()
    with FaultProxy(database.port) as proxy:
        behind = replace(database, port=proxy.port)
        loader = loader_of(log, behind, group, store=Store(connect(behind)))
        events = [f"e{n}" for n in range(3_000)]
        with running(loader):
            wait_until(lambda: loader.partitions == len(log.starts))
            send(bootstrap, [("assessments", verdict("before"))])
            wait_until(lambda: log.committed(group) == log.ends())
            # past the question and the head of the first columns, far before the end of the rows
            proxy.set(up=Fault(reset_after_bytes=40_000))
            send(bootstrap, [("assessments", verdict(event)) for event in events])
            wait_until(lambda: loader.status()["waiting_seconds"] > 1)
            assert loader.status()["waiting_for"] == f"ClickHouse at {behind.host}:{behind.port}"
            assert loader.status()["alarm"].startswith("nothing is loaded since")
            proxy.heal()
            wait_until(lambda: log.committed(group) == log.ends())
            assert loader.status()["alarm"] == ""
    assert_each_once(database, "before", *events)


def test_of_two_loaders_one_is_killed_and_the_other_loads_the_rest(
    bootstrap: str, database: StoreAddress, tmp_path: Path
) -> None:
    log = Log(bootstrap)
    log.go_back(GROUP)
    events = [f"e{n}" for n in range(4_000)]
    with process(log, database, tmp_path / "first") as first, process(log, database, tmp_path / "second"):
        wait_until(lambda: all(has_half(tmp_path / name, log) for name in ("first", "second")))
        sending = threading.Thread(target=send_slowly, args=(bootstrap, events))
        sending.start()
        wait_until(lambda: stored(database) > 0)
        first.send_signal(signal.SIGKILL)
        sending.join()
        wait_until(lambda: log.committed(GROUP) == log.ends())
        assert first.wait() == -signal.SIGKILL
        wait_until(lambda: status_of(tmp_path / "second")["partitions"] == len(log.starts))
    assert_each_once(database, *events)


def send_slowly(bootstrap: str, events: list[str]) -> None:
    for part in range(8):
        send(bootstrap, [("assessments", verdict(event)) for event in events[part::8]])


@contextmanager
def process(log: Log, database: StoreAddress, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    folder.mkdir()
    (folder / "password").write_text(database.password)
    environment = dict(os.environ) | {
        "LINTAS_KAFKA": log.bootstrap,
        "LINTAS_CLICKHOUSE": f"{database.host}:{database.port}",
        "LINTAS_CLICKHOUSE_USER": database.user,
        "LINTAS_CLICKHOUSE_PASSWORD_FILE": str(folder / "password"),
        "LINTAS_CLICKHOUSE_DATABASE": database.database,
        "LINTAS_STATUS_FILE": str(folder / "status.json"),
    }
    with (folder / "log").open("wb") as said:
        running = subprocess.Popen([sys.executable, "-m", "sinks"], env=environment, stderr=said)
    try:
        yield running
    finally:
        running.terminate()
        running.wait(30)


def has_half(folder: Path, log: Log) -> bool:
    return status_of(folder).get("partitions") == len(log.starts) // 2


def stored(database: StoreAddress) -> int:
    count: int = client_of(database).execute("SELECT count() FROM assessments")[0][0]
    return count


def assert_each_once(database: StoreAddress, *events: str) -> None:
    for table in ("assessments", "assessment_versions"):
        found = client_of(database).execute(f"SELECT event_id FROM {table} FINAL ORDER BY event_id")
        assert found == [(event,) for event in sorted(events)], table
