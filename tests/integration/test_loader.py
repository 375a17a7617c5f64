"""The loader on a real broker and the real engine: whatever happens on the way, the content is the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from kafka import KafkaProducer

from lintas.clickhouse import ClickHouseAddress, running_clickhouse, start_clickhouse
from lintas.stack.brokers import running_cluster, running_embedded, running_kafka
from schemas.brokers import BrokerKind
from schemas.codec import encode
from schemas.vocabulary import Status
from sinks.batch import Line
from sinks.consuming import Feed, NotYet, Positions
from sinks.failures import FatalStoreError
from sinks.loader import Loader
from sinks.settings import StoreAddress
from sinks.store import Store, check_tables
from sinks.tables import COLUMNS
from sinks.upkeep import content_checksum, counts, truncate_all
from tests.integration.sinking import (
    BLOCK,
    Log,
    client_of,
    create_topics,
    load_all,
    loader_of,
    one_of_everything,
    own_database,
    send,
    verdict,
)

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseAddress]:
    with running_clickhouse(tmp_path_factory.mktemp("clickhouse")) as address:
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


@pytest.fixture
def log(bootstrap: str) -> Log:
    return Log(bootstrap)


def checksum(address: StoreAddress) -> dict[str, str]:
    return content_checksum(client_of(address))


def test_everything_that_is_published_is_stored(log: Log, database: StoreAddress) -> None:
    group = log.new_group()
    send(log.bootstrap, one_of_everything(5))
    load_all(loader_of(log, database, group), log, group)
    assert counts(client_of(database)) == {
        "assessment_versions": 10,
        "assessments": 5,
        "shadow_assessments": 1,
        "policies": 1,
        "suppressions": 1,
        "crossings": 6,  # the unreadable one is in the ledger too
        "departures": 1,
        "heartbeats": 4,
        "rejected": 3,  # two of the publisher, one assessment that cannot be read
        "reviews": 1,
        "clusters": 1,
    }


def test_what_is_delivered_twice_is_stored_once_before_and_after_merges(log: Log, database: StoreAddress) -> None:
    group = log.new_group()
    send(log.bootstrap, one_of_everything())
    load_all(loader_of(log, database, group), log, group)
    once = checksum(database)
    log.go_back(group)
    load_all(loader_of(log, database, group), log, group)
    client = client_of(database)
    raw = client.execute("SELECT count() FROM assessments")[0][0]
    assert raw > counts(client)["assessments"]  # the rows are there twice, the answers are not
    assert checksum(database) == once
    for table in COLUMNS:
        client.execute(f"OPTIMIZE TABLE {table} FINAL")
    assert checksum(database) == once


class Crash(BaseException):
    """The process ends here."""


class CrashingStore(Store):
    """Dies at the n-th insert, before or after the rows are there."""

    def __init__(self, address: StoreAddress, at: int, *, after: bool) -> None:
        super().__init__(client_of(address))
        self.left, self.after = at, after

    def insert(self, table: str, lines: Sequence[Line]) -> list[Line]:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Crash
        refused = super().insert(table, lines)
        if self.left == 0:
            raise Crash
        return refused


class DyingBeforeCommit(Feed):
    """Dies between the last insert and the commit."""

    def commit(self, positions: Positions) -> bool:
        raise Crash


class DyingAfterCommit(Feed):
    """Dies as soon as the offsets are committed."""

    def commit(self, positions: Positions) -> bool:
        super().commit(positions)
        raise Crash


class DyingAfterPoll(Feed):
    """Dies with records in hand."""

    def positions(self) -> Positions:
        raise Crash


TABLES = len(COLUMNS)


@pytest.mark.parametrize(
    "point",
    [
        "after poll",
        *(f"{when} insert {number}" for number in range(1, TABLES + 1) for when in ("before", "after")),
        "before commit",
        "after commit",
    ],
)
def test_a_crash_at_any_point_loses_and_doubles_nothing(
    log: Log, database: StoreAddress, server: ClickHouseAddress, point: str
) -> None:
    feeds = {"after poll": DyingAfterPoll, "before commit": DyingBeforeCommit, "after commit": DyingAfterCommit}
    send(log.bootstrap, one_of_everything(3))
    group = log.new_group()
    store = None
    if point not in feeds:
        when, _, number = point.split()
        store = CrashingStore(database, int(number), after=when == "after")
    dying = loader_of(log, database, group, feed=feeds.get(point, Feed), store=store)
    with pytest.raises(Crash):
        run_steps(dying)
    dying.stop()
    dying.run()  # leaves the group, so that the next one need not wait for the session to expire
    load_all(loader_of(log, database, group), log, group)
    with own_database(server) as calm:
        other = log.new_group()
        load_all(loader_of(log, calm, other), log, other)
        assert checksum(database) == checksum(calm)


def run_steps(loader: Loader) -> None:
    for _ in range(20):
        loader.step()


def test_a_loader_outlives_a_clickhouse_that_goes_away(log: Log, tmp_path: Path) -> None:
    first = start_clickhouse(tmp_path / "ch")
    again = None
    with own_database(first.address) as address:
        try:
            group = log.new_group()
            loader = loader_of(log, address, group)
            running = threading.Thread(target=loader.run)
            running.start()
            send(log.bootstrap, one_of_everything(2))
            wait_until(lambda: loader.rows["assessments"] == 4)
            first.kill()
            send(log.bootstrap, one_of_everything(3))
            wait_until(lambda: loader.waiting_for == f"ClickHouse at {address.host}:{address.port}")
            time.sleep(3)
            held = loader.partitions
            again = start_clickhouse(tmp_path / "ch", port=first.address.port, password=first.address.password)
            wait_until(lambda: log.committed(group) == log.ends())
            loader.stop()
            running.join(20)
            assert not running.is_alive()
            assert held == loader.partitions == len(log.starts)  # it stayed in its group all the time
            assert counts(client_of(address))["assessment_versions"] == 10
        finally:
            if again is None:
                again = start_clickhouse(tmp_path / "ch", port=first.address.port, password=first.address.password)
    again.stop()


def test_a_loader_outlives_a_broker_that_goes_away(database: StoreAddress, tmp_path: Path) -> None:
    with running_cluster(tmp_path / "kafka", dict(os.environ)) as cluster:
        create_topics(cluster.bootstrap)
        log = Log(cluster.bootstrap)
        group = log.new_group()
        loader = loader_of(log, database, group)
        running = threading.Thread(target=loader.run)
        running.start()
        try:
            send(log.bootstrap, one_of_everything(2))
            wait_until(lambda: loader.rows["assessments"] == 4)
            (broker,) = cluster.node_ids
            cluster.kill(broker)
            time.sleep(3)
            cluster.start(broker)
            send(log.bootstrap, one_of_everything(3))
            wait_until(lambda: log.committed(group) == log.ends())
            assert counts(client_of(database))["assessment_versions"] == 10
        finally:
            loader.stop()
            running.join(20)
        assert not running.is_alive()


def wait_until(holds: object, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


def test_one_bad_row_goes_to_rejected_and_the_rest_is_stored(log: Log, database: StoreAddress) -> None:
    group = log.new_group()
    poison = verdict("bad", age_years=424_242)  # more than the column can hold
    good = [("assessments", verdict(f"e{number}")) for number in range(200)]
    send(log.bootstrap, [*good[:77], ("assessments", poison), *good[77:]])
    load_all(loader_of(log, database, group), log, group)
    client = client_of(database)
    assert counts(client)["assessments"] == counts(client)["assessment_versions"] == 200
    ((reason, stage, topic, message, digest),) = client.execute(
        "SELECT reason, stage, topic, message, digest FROM rejected FINAL"
    )
    assert (reason, stage, topic) == ("store_refused", "loader", "assessments")
    assert "424242" not in message
    assert len(digest) == 64


def test_a_table_that_refuses_everything_stops_the_loader(log: Log, database: StoreAddress) -> None:
    group = log.new_group()
    client = client_of(database)
    client.execute("ALTER TABLE assessments ADD CONSTRAINT nothing CHECK score > 200")
    send(log.bootstrap, [("assessments", verdict(f"e{number}")) for number in range(150)])
    loader = loader_of(log, database, group)
    with pytest.raises(FatalStoreError, match="the table assessments refused 100 records in a row"):
        load_all(loader, log, group)
    loader.stop()
    loader.run()


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ("ALTER TABLE reviews DROP COLUMN note", "the table reviews in ClickHouse has no column note"),
        ("ALTER TABLE reviews RENAME COLUMN note TO remark", "the table reviews in ClickHouse has no column note"),
        ("ALTER TABLE reviews MODIFY COLUMN note Array(String)", r"reviews\.note in ClickHouse is Array\(String\)"),
        ("DROP TABLE clusters", "the table clusters is missing"),
    ],
)
def test_missing_tables_and_columns_and_other_types_are_named(
    database: StoreAddress, log: Log, change: str, names: str
) -> None:
    client = client_of(database)
    client.execute(change)
    with pytest.raises(FatalStoreError, match=names):
        check_tables(client)
    group = log.new_group()
    send(log.bootstrap, one_of_everything(1))
    loader = loader_of(log, database, group)
    with pytest.raises(FatalStoreError, match=names):
        load_all(loader, log, group)
    loader.stop()
    loader.run()


def test_offsets_pass_the_markers_of_transactions_and_aborted_records_are_not_read(
    log: Log, database: StoreAddress
) -> None:
    group = log.new_group()
    producer = KafkaProducer(bootstrap_servers=log.bootstrap, transactional_id=group)
    producer.init_transactions()
    for event_id, ends in (("kept", producer.commit_transaction), ("dropped", producer.abort_transaction)):
        producer.begin_transaction()
        producer.send("assessments", encode(verdict(event_id)), key=BLOCK.encode())
        producer.flush()
        ends()
    producer.close()
    load_all(loader_of(log, database, group), log, group)  # ends only when committed == end offsets
    assert client_of(database).execute("SELECT event_id FROM assessments FINAL") == [("kept",)]


def test_an_emptied_store_is_loaded_again_with_the_same_checksum(log: Log, database: StoreAddress) -> None:
    group = log.new_group()
    send(log.bootstrap, one_of_everything())
    load_all(loader_of(log, database, group), log, group)
    client = client_of(database)
    before, held = content_checksum(client), counts(client)
    assert all(held.values())
    truncate_all(client)
    assert not any(counts(client).values())
    log.go_back(group)
    load_all(loader_of(log, database, group), log, group)
    assert content_checksum(client) == before
    assert counts(client) == held


def test_a_missing_topic_is_named_and_waited_for(log: Log, database: StoreAddress) -> None:
    topics = ("assessments", "nowhere.yet")
    feed = Feed(log.settings(database), topics, group=log.new_group())
    with pytest.raises(NotYet, match=r"the topics nowhere\.yet do not exist"):
        feed.open()
    loader = Loader(log.settings(database), feed, Store(client_of(database)))
    loader.step()  # does not end the process
    assert loader.status()["ready"] is False
    assert loader.waiting_for == f"Kafka at {log.bootstrap}"
    loader.stop()
    loader.run()


def test_two_loaders_share_the_partitions_and_the_content_is_the_same(
    log: Log, database: StoreAddress, server: ClickHouseAddress
) -> None:
    group = log.new_group()
    loaders = [loader_of(log, database, group) for _ in range(2)]
    threads = [threading.Thread(target=loader.run) for loader in loaders]
    for thread in threads:
        thread.start()
    send(log.bootstrap, one_of_everything(20))
    wait_until(lambda: sum(loader.partitions for loader in loaders) == len(log.starts))
    send(log.bootstrap, one_of_everything(20))
    wait_until(lambda: log.committed(group) == log.ends())
    for loader in loaders:
        loader.stop()
    for thread in threads:
        thread.join(20)
    assert all(loader.batches for loader in loaders)
    with own_database(server) as calm:
        other = log.new_group()
        load_all(loader_of(log, calm, other), log, other)
        assert checksum(database) == checksum(calm)


def test_the_process_loads_says_how_it_is_and_ends_in_order(log: Log, database: StoreAddress, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(database.password)
    send(log.bootstrap, [("assessments", verdict("process", Status.FLAGGED))])
    environment = dict(os.environ) | {
        "LINTAS_KAFKA": log.bootstrap,
        "LINTAS_CLICKHOUSE": f"{database.host}:{database.port}",
        "LINTAS_CLICKHOUSE_USER": database.user,
        "LINTAS_CLICKHOUSE_PASSWORD_FILE": str(tmp_path / "password"),
        "LINTAS_CLICKHOUSE_DATABASE": database.database,
        "LINTAS_STATUS_FILE": str(tmp_path / "status.json"),
    }
    process = subprocess.Popen([sys.executable, "-m", "sinks"], env=environment, stderr=subprocess.PIPE)
    try:
        wait_until(lambda: status_of(tmp_path).get("ready") and not status_of(tmp_path)["lag"])
        wait_until(lambda: client_of(database).execute("SELECT count() FROM flags WHERE event_id = 'process'")[0][0])
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0
    assert json.loads(said.splitlines()[-1])["event"] == "stopped"
    assert log.committed("lintas-loader") == log.ends()


def status_of(folder: Path) -> dict[str, object]:
    try:
        found: dict[str, object] = json.loads((folder / "status.json").read_text())
        return found
    except FileNotFoundError:
        return {}


@pytest.mark.embedded
def test_the_pip_only_broker_is_read_without_a_group_and_offsets_are_kept(
    database: StoreAddress, tmp_path: Path
) -> None:
    with running_embedded(tmp_path / "broker") as address:
        create_topics(address)
        log = Log(address, BrokerKind.EMBEDDED)
        group = log.new_group()
        send(address, one_of_everything(2))
        load_all(loader_of(log, database, group), log, group)
        assert counts(client_of(database))["assessments"] == 2
        send(address, [("assessments", verdict("later"))])
        again = loader_of(log, database, group)
        load_all(again, log, group)
        assert again.rows["assessments"] == 1  # it went on where the first one ended
        assert counts(client_of(database))["assessments"] == 3
