"""A ClickHouse that takes nothing for a while: the loader waits, says why, stays in its group and loses nothing."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from lintas.clickhouse import ClickHouseProcess, start_clickhouse
from lintas.stack.brokers import running_kafka
from sinks.loader import Loader
from tests.integration.sinking import Log, client_of, create_topics, loader_of, own_database, send, verdict
from tests.integration.test_loader import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseProcess]:
    started = start_clickhouse(tmp_path_factory.mktemp("clickhouse"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_kafka(tmp_path_factory.mktemp("kafka"), dict(os.environ)) as address:
        create_topics(address)
        yield address


@contextmanager
def running(loader: Loader) -> Iterator[None]:
    thread = threading.Thread(target=loader.run)
    thread.start()
    try:
        yield
    finally:
        loader.stop()
        thread.join(30)
    assert not thread.is_alive()


FULL = {
    "too many parts": (
        "ALTER TABLE assessments MODIFY SETTING parts_to_throw_insert = 1, parts_to_delay_insert = 1",
        "ALTER TABLE assessments RESET SETTING parts_to_throw_insert, parts_to_delay_insert",
        ": TOO_MANY_PARTS (252); merges do not keep up with the inserts",
    ),
}


@pytest.mark.parametrize("why", FULL)
def test_a_full_store_is_waited_for_and_nothing_is_lost_or_doubled(
    bootstrap: str, server: ClickHouseProcess, why: str
) -> None:
    fill, relieve, alarm = FULL[why]
    with own_database(server.address) as database:
        log = Log(bootstrap)
        group = log.new_group()
        loader = loader_of(log, database, group)
        client = client_of(database)
        client.execute("SYSTEM STOP MERGES assessments")
        client.execute("INSERT INTO assessments (event_id) VALUES", [("before",)])
        client.execute(fill)
        with running(loader):
            wait_until(lambda: loader.partitions == len(log.starts))
            send(bootstrap, [("assessments", verdict(f"e{n}")) for n in range(50)])
            wait_until(lambda: alarm in loader.status()["alarm"])
            wait_until(lambda: loader.status()["waiting_seconds"] > 2)
            assert loader.status()["ready"] is False
            client.execute(relieve)
            wait_until(lambda: log.committed(group) == log.ends())
            assert loader.status()["alarm"] == ""
        assert_each_once(lambda table: client.execute(f"SELECT event_id FROM {table} FINAL WHERE event_id != 'before'"))


def test_a_store_that_hangs_costs_the_loader_no_partition(bootstrap: str, server: ClickHouseProcess) -> None:
    with own_database(server.address) as database:
        log = Log(bootstrap)
        group = log.new_group()
        loader = loader_of(log, database, group)
        client = client_of(database)
        with running(loader):
            wait_until(lambda: loader.partitions == len(log.starts))
            server.process.send_signal(signal.SIGSTOP)
            try:
                send(bootstrap, [("assessments", verdict(f"e{n}")) for n in range(50)])
                threading.Event().wait(15)  # longer than the session: one who is not polling would be put out
                assert not loader.rows["assessments"]
            finally:
                server.process.send_signal(signal.SIGCONT)
            wait_until(lambda: log.committed(group) == log.ends())
            assert loader.partitions == len(log.starts)
        assert_each_once(lambda table: client.execute(f"SELECT event_id FROM {table} FINAL"))


def test_a_loader_that_is_told_to_stop_does_not_wait_for_a_store_that_hangs(
    bootstrap: str, server: ClickHouseProcess
) -> None:
    with own_database(server.address) as database:
        log = Log(bootstrap)
        group = log.new_group()
        loader = loader_of(log, database, group)
        try:
            with running(loader):  # ends within its thirty seconds
                wait_until(lambda: loader.partitions == len(log.starts))
                server.process.send_signal(signal.SIGSTOP)
                send(bootstrap, [("assessments", verdict("late"))])
                wait_until(lambda: bool(loader._inserter.busy))
        finally:
            server.process.send_signal(signal.SIGCONT)
        assert log.committed(group) != log.ends()


def assert_each_once(read: Callable[[str], list[tuple[str]]]) -> None:
    for table in ("assessments", "assessment_versions"):
        assert sorted(read(table)) == sorted((f"e{n}",) for n in range(50)), table
