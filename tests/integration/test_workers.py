"""A file that several processes share: the same outcome as by one, and a plain word when one of them is lost."""

from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import psutil
import pytest
from kafka import KafkaAdminClient, KafkaConsumer

from lintas.stack.brokers import running_kafka
from producers.columns import CROSSINGS, DEPARTURES, FileKind
from producers.journeys import simulate
from producers.publication import Publication, publish_file
from producers.publisher import Publisher
from schemas import topics
from schemas.identity import LinkageKey

pytestmark = pytest.mark.kafka

KEY = LinkageKey("test", b"a test key of thirty-two bytes..")
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
SEED = 7
DAMAGE = (
    "",
    "nowhere",
    "2026-02-30",
    "x" * 201,
    "539999",
    '"',
    "\x07",
    "5399995605989001",
    "MARIA",
    "+62 812 3456 7890",
)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_kafka(tmp_path_factory.mktemp("kafka"), os.environ) as bootstrap:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap)
        names = (*topics.INPUTS, *topics.REJECTED)
        admin.create_topics({n: {"num_partitions": 4, "replication_factor": 1} for n in names})
        admin.close()
        yield bootstrap


@pytest.fixture(scope="module")
def crossings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some ten thousand crossings, one in eight damaged somewhere."""
    folder = tmp_path_factory.mktemp("files")
    simulate(folder, seed=SEED, days=2, rate=20, scale=1, start=date(2026, 1, 5))
    path = folder / "crossings-kepri.csv"
    chance = random.Random(SEED)
    with path.open(newline="", encoding="utf-8") as file:
        head, *rows = list(csv.reader(file))[:10_001]
    for row in rows:
        if chance.random() < 1 / 8:
            row[chance.randrange(len(row))] = chance.choice(DAMAGE)
    lines = [",".join(row) for row in rows]
    lines[5000:5000] = ["", "too,few", '"never closed']
    path.write_text("\n".join([",".join(head), *lines]), encoding="utf-8")
    return path


def publish(path: Path, kind: FileKind, jobs: int, broker: str | None) -> Publication:
    if broker is None:
        return publish_file(path, kind, province=None, key=KEY, clock=lambda: NOON, publisher=None, jobs=jobs)
    with Publisher(broker) as publisher:
        return publish_file(path, kind, province=None, key=KEY, clock=lambda: NOON, publisher=publisher, jobs=jobs)


def told(result: Publication) -> tuple[object, ...]:
    refused = result.refused_file.read_bytes() if result.refused_file else b""
    return (
        result.read, result.accepted, result.records, result.refused, result.warnings, result.undelivered,
        result.failure, result.last_line, result.exit_code, refused,
    )  # fmt: skip


def everything(broker: str) -> list[tuple[str, int, bytes | None, bytes, tuple[tuple[str, bytes], ...]]]:
    consumer = KafkaConsumer(
        *topics.INPUTS, *topics.REJECTED, bootstrap_servers=broker, auto_offset_reset="earliest",
        consumer_timeout_ms=4000, group_id=None,
    )  # fmt: skip
    found = [(m.topic, m.partition, m.key, m.value, tuple(m.headers)) for m in consumer]
    consumer.close()
    return sorted(found, key=repr)


def test_three_processes_say_and_send_what_one_does(broker: str, crossings: Path) -> None:
    alone = told(publish(crossings, CROSSINGS, 1, broker))
    by_one = everything(broker)
    assert told(publish(crossings, CROSSINGS, 3, broker)) == alone
    by_both = everything(broker)
    assert by_both == sorted([*by_one, *by_one], key=repr)
    assert told(publish(crossings, CROSSINGS, 3, None))[3:5] == alone[3:5]
    assert not _workers()


def test_departures_are_shared_too(broker: str, crossings: Path) -> None:
    path = crossings.with_name("many-departures.csv")
    head, *rows = crossings.with_name("departures.csv").read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([head, *(rows * (4000 // len(rows) + 1))]), encoding="utf-8")
    alone = told(publish(path, DEPARTURES, 1, broker))
    assert told(publish(path, DEPARTURES, 2, broker)) == alone
    assert alone[0] == alone[1]


def test_a_worker_that_is_killed_ends_the_publication_and_its_rows_are_named(broker: str, crossings: Path) -> None:
    killed: list[int] = []

    def kill(read: int) -> None:
        if not killed and read > 4000 and (workers := _workers()):
            killed.append(workers[0].pid)
            workers[0].kill()

    with Publisher(broker) as publisher:
        result = publish_file(
            crossings, CROSSINGS, province=None, key=KEY, clock=lambda: NOON, publisher=publisher, jobs=2,
            on_progress=kill,
        )  # fmt: skip
    assert killed
    assert result.failure.startswith("a worker process ended")
    assert result.exit_code == 1
    assert result.undelivered
    assert result.read == result.accepted + sum(result.refused.values()) + len(result.undelivered)
    assert not _workers()


def test_workers_end_with_whoever_reads_the_file(broker: str, crossings: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.integration.test_workers import publish, CROSSINGS\n"
        "[publish(Path(sys.argv[1]), CROSSINGS, 2, sys.argv[2]) for _ in range(50)]"
    )
    root = str(Path(__file__).parents[2])
    for number in (signal.SIGKILL, signal.SIGINT):
        argv = [sys.executable, "-c", program, str(crossings), broker]
        with subprocess.Popen(argv, cwd=root, stderr=subprocess.PIPE, start_new_session=True) as reader:
            until = time.monotonic() + 60
            while len(workers := _workers(reader.pid)) < 2 and time.monotonic() < until:
                time.sleep(0.05)
            time.sleep(0.5)
            workers = _workers(reader.pid) or workers
            # as a terminal does it: the whole group at once
            os.kill(reader.pid, number) if number == signal.SIGKILL else os.killpg(reader.pid, number)
            said = reader.communicate(timeout=60)[1]
        assert len(workers) == 2
        assert psutil.wait_procs(workers, timeout=15)[1] == []
        # the reader's own, of KeyboardInterrupt; it may come while another exception is handled
        assert said.count(b"Traceback") - said.count(b"During handling of the above") <= 1, said.decode()


def _workers(of: int | None = None) -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process(of).children()
        if child.status() != psutil.STATUS_ZOMBIE and any("producers.worker" in part for part in child.cmdline())
    ]
