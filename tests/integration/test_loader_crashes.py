"""A loader that ends anywhere, whatever the tables hold already: after the restart the content is what the log says."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kafka import KafkaConsumer

from lintas.clickhouse import ClickHouseAddress, running_clickhouse
from lintas.stack.brokers import running_kafka
from schemas.codec import encode
from schemas.topics import ASSESSMENTS
from schemas.vocabulary import Status
from sinks.settings import StoreAddress
from sinks.store import connect
from tests.integration.crashing import DIED
from tests.integration.sinking import (
    Log,
    client_of,
    create_topics,
    load_all,
    loader_of,
    own_database,
    send,
    verdict,
)
from tests.people import crossing

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

EVENTS = 8
POISON = verdict("e3", age_years=424_242)  # more than its column can hold
STATES = ("empty", "older rows", "the same offsets", "the same offsets while merges run")
POINTS = (
    "before 1 assessment_versions",
    "after 1 assessment_versions",  # the block with the poison was refused, nothing of it is there
    "after 3 assessment_versions",  # half of it is there, in the middle of the search
    "before 1 assessments",  # one table has its rows, the other has not
    "before 1 crossings",
    "before 1 rejected",  # the poison is known and not yet told
    "after 1 rejected",
    "before commit",
    "after commit",
)


def cases() -> list[object]:
    """Every point with two of the states, and every state with half of the points; the rest in the long form."""
    return [
        pytest.param(point, state, marks=[] if (place - number) % 2 == 0 else [pytest.mark.long])
        for place, point in enumerate(POINTS)
        for number, state in enumerate(STATES)
    ]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseAddress]:
    with running_clickhouse(tmp_path_factory.mktemp("clickhouse")) as address:
        yield address


@pytest.fixture(scope="module")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_kafka(tmp_path_factory.mktemp("kafka"), dict(os.environ)) as address:
        create_topics(address)
        yield address


@pytest.mark.parametrize(("point", "state"), cases())
def test_whatever_a_crash_interrupts_the_content_is_what_the_log_says(
    bootstrap: str, server: ClickHouseAddress, state: str, point: str
) -> None:
    log = Log(bootstrap)
    group = log.new_group()
    with own_database(server) as database:
        publish(bootstrap, "a")
        if state != "empty":
            load_all(loader_of(log, database, group), log, group)
        if state.startswith("the same"):
            log.go_back(group)
        else:
            publish(bootstrap, "b")
        with merging(database, wanted=state.endswith("merges run")):
            crash(bootstrap, group, database, point)
            load_all(loader_of(log, database, group), log, group)
        assert_content_is_the_log(log, database)
        for table in ("assessments", "assessment_versions", "crossings", "rejected"):
            client_of(database).execute(f"OPTIMIZE TABLE {table} FINAL")
        assert_content_is_the_log(log, database)


def publish(bootstrap: str, prefix: str) -> None:
    """Every crossing with two verdicts; one of e3's is poison, between the two good ones."""
    events = [crossing(event_id=f"{prefix}{number}") for number in range(EVENTS)]
    pending = [(ASSESSMENTS, verdict(event.event_id, Status.PENDING)) for event in events]
    final = [(ASSESSMENTS, verdict(event.event_id)) for event in events]
    poison = POISON.model_copy(update={"event_id": f"{prefix}3"})
    send(bootstrap, [*(("transit.kepri", e) for e in events), *pending, (ASSESSMENTS, poison), *final])


def crash(bootstrap: str, group: str, database: StoreAddress, point: str) -> None:
    store = json.dumps(dataclasses.asdict(database))
    command = [sys.executable, "-m", "tests.integration.crashing", bootstrap, group, store, point]
    ended = subprocess.run(command, capture_output=True, timeout=90, check=False)
    assert ended.returncode == DIED, ended.stderr.decode()[-2000:]


@contextmanager
def merging(database: StoreAddress, *, wanted: bool) -> Iterator[None]:
    """Merges without a pause, as long as the block lasts."""
    stop = threading.Event()

    def merge() -> None:
        client = connect(database)
        try:
            while not stop.is_set():
                for table in ("assessments", "assessment_versions", "rejected"):
                    client.execute(f"OPTIMIZE TABLE {table} FINAL")
        finally:
            client.disconnect()

    thread = threading.Thread(target=merge)
    if wanted:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        if wanted:
            thread.join()


def assert_content_is_the_log(log: Log, database: StoreAddress) -> None:
    said = read(log)
    good = {place: event_id for place, (event_id, age, _) in said.items() if age != POISON.age_years}
    bad = {place: digest for place, (_, age, digest) in said.items() if age == POISON.age_years}
    client = client_of(database)
    history = client.execute("SELECT partition, offset, event_id FROM assessment_versions FINAL ORDER BY 1, 2")
    assert history == [(*place, event_id) for place, event_id in sorted(good.items())]
    newest = client.execute("SELECT event_id, partition, version FROM assessments FINAL ORDER BY event_id")
    last = {event_id: place for place, event_id in sorted(good.items())}
    assert newest == [(event_id, *place) for event_id, place in sorted(last.items())]
    refused = client.execute("SELECT partition, offset, digest, topic, stage, reason FROM rejected FINAL ORDER BY 1, 2")
    assert refused == [(*p, digest, ASSESSMENTS, "loader", "store_refused") for p, digest in sorted(bad.items())]
    for province, published, assessed, rejected, duplicate in client.execute("SELECT * FROM accounting"):
        assert published == assessed + rejected + duplicate, province
        assert published == len(last)


def read(log: Log) -> dict[tuple[int, int], tuple[str, int | None, str]]:
    """What the log says itself: of every verdict its event, its age and its digest, by its place."""
    partitions = [tp for tp in log.starts if tp.topic == ASSESSMENTS]
    ends = log.ends()
    consumer = KafkaConsumer(bootstrap_servers=log.bootstrap)
    consumer.assign(partitions)
    for tp in partitions:
        consumer.seek(tp, log.starts[tp])
    found: dict[tuple[int, int], tuple[str, int | None, str]] = {}
    while any(consumer.position(tp) < ends[tp] for tp in partitions):
        for records in consumer.poll(timeout_ms=1000).values():
            for record in records:
                body = json.loads(record.value)
                digest = hashlib.sha256(record.value).hexdigest()
                found[record.partition, record.offset] = (body["event_id"], body.get("age_years"), digest)
    consumer.close()
    return found


def test_the_poison_is_one_that_can_be_read() -> None:
    assert json.loads(encode(POISON))["age_years"] == POISON.age_years
