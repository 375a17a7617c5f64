"""The stage of the cluster tests: workers that are restarted when they die, as in production, and what they wrote."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from lintas.clickhouse import ClickHouseProcess, start_clickhouse
from lintas.failing import Failure
from lintas.lag import lags_of, readers
from lintas.stack.ports import free_ports
from lintas.topics_admin import admin_of, create_topics, partition_counts
from producers.connecting import keep_refreshing
from producers.quickening import use_native_checksums
from schemas.codec import decode
from schemas.topics import ASSESSMENTS, INPUTS, TOPICS
from schemas.verdicts import Assessment
from streams.admission import partition_of
from tests.cluster.facts import Sent
from tests.cluster.oracle import Place, Verdict

use_native_checksums()  # kafka-python works every record's out in Python

ROOT = Path(__file__).parents[2]
LANES = 6
PASSWORD = "a password of the cluster tests"
RESTART_SECONDS = 0.5
MATCHER, LOADER = ("-m", "streams"), ("-m", "sinks")


class Worker:
    """One process that is meant to run until it is told to end."""

    def __init__(self, name: str, command: Sequence[str], env: dict[str, str], directory: Path) -> None:
        self.name, self.command = name, (sys.executable, *command)
        self.status_file, self.log = directory / f"{name}.json", directory / f"{name}.log"
        self.env = {**os.environ, **env, "LINTAS_STATUS_FILE": str(self.status_file)}
        self.wanted = False
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, env=self.env, stdout=log, stderr=log, cwd=ROOT)
        self.wanted = True

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def send(self, what: signal.Signals) -> None:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(what)

    def end(self, how: signal.Signals = signal.SIGTERM, seconds: float = 30.0) -> int:
        """End it; it is not started again by itself."""
        self.wanted = False
        assert self.process is not None
        self.send(how)
        self.send(signal.SIGCONT)
        return self.process.wait(seconds)

    def status(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(self.status_file.read_text())
        except (FileNotFoundError, ValueError):
            return {"ready": False, "lanes": {}}
        return found if self.process is not None and found["pid"] == self.process.pid else {"ready": False, "lanes": {}}

    def open_lanes(self) -> set[int]:
        return {int(number) for number, lane in self.status()["lanes"].items() if lane["state"] == "open"}

    def last_words(self, characters: int = 3000) -> str:
        return f"--- {self.name}\n{self.log.read_text()[-characters:]}" if self.log.exists() else self.name


class Stage:
    """A broker's address, the workers on it and the thread that restarts those that died."""

    def __init__(self, kafka: str, directory: Path) -> None:
        self.kafka, self.directory = kafka, directory
        self.workers: list[Worker] = []
        self.deaths: list[tuple[str, int]] = []
        """Workers that ended though nobody asked them to, with their exit codes."""
        self.stops: list[tuple[str, int]] = []
        """Workers that were asked to end, with their exit codes."""
        self.store: ClickHouseProcess | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._watch: threading.Thread | None = None

    # -------------------------------------------------------------------------------------- processes

    def matcher(self, name: str = "", command: Sequence[str] = MATCHER, **env: str) -> Worker:
        """A matcher that runs; by other commands with something changed."""
        return self._begin(name or f"matcher-{len(self.workers)}", command, env)

    def loader(self, name: str = "") -> Worker:
        assert self.store is not None
        password = self.directory / "password"
        password.write_text(PASSWORD)
        address = self.store.address
        return self._begin(
            name or f"loader-{len(self.workers)}",
            LOADER,
            {
                "LINTAS_CLICKHOUSE": f"{address.host}:{address.port}",
                "LINTAS_CLICKHOUSE_PASSWORD_FILE": str(password),
            },
        )

    def _begin(self, name: str, command: Sequence[str], env: dict[str, str]) -> Worker:
        worker = Worker(name, command, {"LINTAS_KAFKA": self.kafka, **env}, self.directory)
        worker.start()
        self.workers.append(worker)
        return worker

    def start_store(self) -> None:
        """ClickHouse, on the port it had before."""
        port = self.store.address.port if self.store is not None else free_ports(1)[0]
        self.store = start_clickhouse(self.directory / "clickhouse", port=port, password=PASSWORD)

    def restart_the_dead(self) -> None:
        """From now on, whoever dies is started again."""
        self._watch = threading.Thread(target=self._supervise, daemon=True)
        self._watch.start()

    def _supervise(self) -> None:
        while not self._over.wait(RESTART_SECONDS):
            with self._lock:
                for worker in self.workers:
                    code = worker.process.poll() if worker.process is not None else None
                    if worker.wanted and code is not None:
                        self.deaths.append((worker.name, code))
                        worker.start()

    def alone(self) -> threading.Lock:
        """While it is held, nobody is restarted."""
        return self._lock

    def close(self) -> None:
        self._over.set()
        if self._watch is not None:
            self._watch.join()
        for worker in self.workers:
            worker.wanted = False
            worker.send(signal.SIGTERM)
            worker.send(signal.SIGCONT)
        for worker in self.workers:
            if worker.process is not None:
                try:
                    worker.process.wait(20)
                except subprocess.TimeoutExpired:
                    worker.process.kill()
                    worker.process.wait()
        if self.store is not None:
            self.store.stop()

    # -------------------------------------------------------------------------------------- waiting

    def wait_open(self, *workers: Worker, seconds: float = 60.0) -> None:
        """Until these matchers have all lanes among them, and no other has one of them."""

        def shared() -> bool:
            lanes = [worker.open_lanes() for worker in workers]
            ready = all(worker.status()["ready"] for worker in workers)
            return ready and sum(map(len, lanes)) == LANES and set().union(*lanes) == set(range(LANES))

        self.until(shared, seconds)

    def wait_done(self, seconds: float = 120.0, *, loaded: bool = False) -> None:
        """Until everything is judged, and loaded where there is a loader."""
        with admin_of(self.kafka.split(",")) as admin:
            wanted = [group for group in readers() if loaded or group == "lintas-matcher"]

            def nothing_left() -> bool:
                try:
                    return not any(lag.behind for group in wanted for lag in lags_of(admin, group, readers()[group]))
                except (KafkaError, OSError):
                    return False

            self.until(nothing_left, seconds)

    def until(self, holds: Callable[[], Any], seconds: float = 60.0) -> None:
        until(holds, seconds=seconds, what=lambda: "\n".join(w.last_words() for w in self.workers))


def until(holds: Callable[[], Any], *, seconds: float = 60.0, what: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"it did not happen within {seconds:g} s\n{what()}"
        time.sleep(0.1)


# ------------------------------------------------------------------------------------------ topics, in and out


def fresh_topics(kafka: str, *, replication: int) -> None:
    """Empty topics; a deleted one takes its committed offsets along."""
    names = {topic.name for topic in TOPICS}
    with admin_of(kafka.split(",")) as admin:
        if old := names & set(partition_counts(admin)):
            admin.delete_topics(sorted(old))
            until(lambda: not names & set(partition_counts(admin)))
        try:
            create_topics(admin, partitions=LANES, replication=replication)
        except Failure:  # three brokers on a busy machine take their time to hear of them
            create_topics(admin, partitions=LANES, replication=replication)


class Partner(threading.Thread):
    """Publishes facts at an even pace, whatever happens to the brokers; `times` has when each was handed over."""

    def __init__(self, kafka: str, facts: Sequence[Sent], *, seconds: float = 0.0) -> None:
        super().__init__(daemon=True)
        self._kafka, self._facts, self._seconds = kafka, facts, seconds
        self.times: dict[bytes, float] = {}
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self._publish()
        except BaseException as error:
            self.error = error

    def _publish(self) -> None:
        producer = KafkaProducer(
            bootstrap_servers=self._kafka.split(","),
            acks="all",
            enable_idempotence=True,
            linger_ms=5,
            request_timeout_ms=5_000,
            delivery_timeout_ms=240_000,
            max_block_ms=120_000,
        )
        keep_refreshing(producer)
        begun, futures = time.monotonic(), []
        for place, (topic, key, value, partition) in enumerate(self._facts):
            if self._seconds:
                time.sleep(max(0.0, begun + self._seconds * place / len(self._facts) - time.monotonic()))
            futures.append(producer.send(topic, key=key, value=value, partition=partition))
            self.times.setdefault(value, time.time())
        producer.flush()
        for future in futures:
            future.get(60)
        producer.close()

    def done(self, seconds: float = 1_200.0) -> None:
        self.join(seconds)
        assert not self.is_alive(), "the facts were not published in time"
        assert self.error is None, repr(self.error)


def publish(kafka: str, facts: Sequence[Sent], *, seconds: float = 0.0) -> None:
    partner = Partner(kafka, facts, seconds=seconds)
    partner.start()
    partner.done()


def read(kafka: str, *topics: str, level: str = "read_committed") -> list[Any]:
    """All records."""
    consumer = KafkaConsumer(
        bootstrap_servers=kafka.split(","), isolation_level=level, enable_auto_commit=False, max_poll_records=5_000
    )
    places = [TopicPartition(topic, lane) for topic in topics for lane in range(LANES)]
    consumer.assign(places)
    consumer.seek_to_beginning()
    ends = consumer.end_offsets(places)
    found: list[Any] = []
    deadline = time.monotonic() + 120
    while any(consumer.position(p) < ends[p] for p in places):
        assert time.monotonic() < deadline, "the topics could not be read to their end"
        for records in consumer.poll(timeout_ms=200).values():
            found += records
    consumer.close()
    return found


Said = dict[Place, list[Assessment]]


def said(kafka: str) -> Said:
    """The committed verdicts by crossing, oldest first."""
    found: Said = defaultdict(list)
    for record in read(kafka, ASSESSMENTS):
        assessment = decode(Assessment, record.value)
        assert record.partition == partition_of(record.key, LANES)
        found[assessment.province.value, assessment.event_id].append(assessment)
    return found


def verdict_of(assessment: Assessment) -> Verdict:
    return Verdict(
        status=assessment.status.value,
        rules=tuple(sorted(f.rule for f in assessment.findings)),
        departure_id=assessment.departure_id,
        tier=assessment.tier.value if assessment.tier else None,
        score=assessment.score,
    )


def last_of(found: Said) -> dict[Place, Verdict]:
    return {place: verdict_of(versions[-1]) for place, versions in found.items()}


def differences(found: dict[Place, Verdict], right: dict[Place, Verdict]) -> dict[Place, tuple[Any, Any]]:
    """Found and right, where they differ; None = it is missing."""
    return {p: (found.get(p), right.get(p)) for p in found.keys() | right if found.get(p) != right.get(p)}


def repeated(found: Said) -> list[Place]:
    """Crossings of which the same was said twice in a row."""
    return [place for place, versions in found.items() for a, b in itertools.pairwise(versions) if a == b]


def values_of(facts: Iterable[Sent]) -> Iterable[bytes]:
    return (value for _, _, value, _ in facts)


def input_count(kafka: str) -> int:
    consumer = KafkaConsumer(bootstrap_servers=kafka.split(","))
    places = [TopicPartition(topic, lane) for topic in INPUTS for lane in range(LANES)]
    ends = consumer.end_offsets(places)
    consumer.close()
    return sum(ends.values())
