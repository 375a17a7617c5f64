"""The matcher as a process on a real broker: what goes in comes out once, whoever is killed meanwhile."""

from __future__ import annotations

import base64
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.structs import OffsetAndMetadata

from lintas.stack.brokers import running_embedded, running_kafka
from schemas.codec import MAX_RECORD_BYTES, decode, decode_fact, encode
from schemas.topics import ASSESSMENTS, INPUTS, REJECTED, TOPICS, refusals_of
from schemas.verdicts import Assessment, Rejected
from schemas.vocabulary import Status
from streams.admission import digest_of, partition_of
from streams.casebook import Admitted, Casebook
from streams.policy import shipped_policy
from streams.settings import GROUP
from tests.people import BATAM, NUNUKAN, SEKUPANG, T0, TARAKAN, Person, crossing, departure, heartbeats

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

LANES = 4
NO_REPLAY = """
import sys, streams.__main__, streams.lanes
async def nothing(self): pass
streams.lanes.Lane.replay = nothing
sys.exit(streams.__main__.main())
"""
Sent = list[tuple[str, bytes | None, bytes, int | None]]
"""Topic, key, value, and the partition where the key does not choose it."""


# ------------------------------------------------------------------------------------------ the stage


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_kafka(tmp_path_factory.mktemp("kafka"), os.environ) as address:
        yield address


@pytest.fixture
def broker(kafka: str) -> str:
    """The broker with fresh topics; a deleted topic takes its committed offsets along."""
    make_topics(kafka)
    return kafka


def make_topics(address: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=address)
    names = [topic.name for topic in TOPICS]
    old = set(admin.list_topics()) & set(names)
    if old:
        admin.delete_topics(sorted(old))
        until(lambda: not set(admin.list_topics()) & set(names))
    admin.create_topics([NewTopic(name=name, num_partitions=LANES, replication_factor=1) for name in names])
    until(lambda: set(names) <= set(admin.list_topics()))
    admin.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Matcher]]:
    """Starts matchers, and ends what the test leaves running."""
    started: list[Matcher] = []

    def begin(address: str, **options: Any) -> Matcher:
        started.append(Matcher(address, tmp_path / f"matcher-{len(started)}", **options))
        return started[-1]

    yield begin
    for matcher in started:
        matcher.end()  # leaves the group at once; a killed one would hold the next test up


class Matcher:
    """One worker process."""

    def __init__(self, address: str, directory: Path, *, kind: str = "kafka", code: str = "") -> None:
        directory.mkdir()
        self.status_file, self.log = directory / "status.json", directory / "log"
        env = {
            **os.environ,
            "LINTAS_KAFKA": address,
            "LINTAS_BROKER_KIND": kind,
            "LINTAS_STATUS_FILE": str(self.status_file),
            "LINTAS_TOPICS_WAIT_SECONDS": "5",
        }
        command = [sys.executable, *(("-c", code) if code else ("-m", "streams"))]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=env, stdout=log, stderr=log)

    def status(self) -> dict[str, Any]:
        if not self.status_file.exists():
            return {"ready": False, "lanes": {}}
        found: dict[str, Any] = json.loads(self.status_file.read_text())
        return found

    def lanes(self) -> set[int]:
        """The lanes that are open."""
        return {int(number) for number, lane in self.status()["lanes"].items() if lane["state"] == "open"}

    def wait_open(self, count: int = LANES) -> None:
        until(lambda: len(self.lanes()) == count and self.status()["ready"], what=self.last_words)

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(how)
        return self.process.wait(20)

    def last_words(self) -> str:
        return self.log.read_text()[-3000:]


def until(holds: Callable[[], Any], *, seconds: float = 60.0, what: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what() or "it did not happen in time"
        time.sleep(0.1)


def publish(address: str, sent: Sent, *, seconds: float = 0.0) -> None:
    """Send all, spread over a time."""
    producer = KafkaProducer(bootstrap_servers=address, max_request_size=1 << 20, linger_ms=5)
    begun = time.monotonic()
    futures = []
    for place, (topic, key, value, partition) in enumerate(sent):
        futures.append(producer.send(topic, key=key, value=value, partition=partition))
        if seconds and place % 20 == 0:
            producer.flush()
            time.sleep(max(0.0, begun + seconds * place / len(sent) - time.monotonic()))
    producer.flush()
    for future in futures:
        future.get(10)
    producer.close()


def wait_for_all(address: str, matcher: Matcher) -> None:
    """Until every input is committed to its end."""
    consumer = KafkaConsumer(bootstrap_servers=address, group_id=GROUP, enable_auto_commit=False)
    places = [TopicPartition(topic, lane) for topic in INPUTS for lane in range(LANES)]
    ends = consumer.end_offsets(places)
    until(lambda: all((consumer.committed(p) or 0) == ends[p] for p in places), what=matcher.last_words)
    consumer.close()


def read(address: str, *topics: str) -> list[Any]:
    """All committed records."""
    consumer = KafkaConsumer(bootstrap_servers=address, isolation_level="read_committed", enable_auto_commit=False)
    places = [TopicPartition(topic, lane) for topic in topics for lane in range(LANES)]
    consumer.assign(places)
    consumer.seek_to_beginning()
    ends = consumer.end_offsets(places)
    found: list[Any] = []
    deadline = time.monotonic() + 60
    while any(consumer.position(p) < ends[p] for p in places):
        assert time.monotonic() < deadline, "the outputs could not be read to their end"
        for records in consumer.poll(timeout_ms=200).values():
            found += records
    consumer.close()
    return found


# ------------------------------------------------------------------------------------------ the world and its verdicts


def world(seed: int, *, people: int = 100, crossings: int = 900) -> Sent:
    """Crossings and registrations in any order, a tenth of them twice, and the heartbeats at the end."""
    chance = random.Random(seed)
    travellers = [
        Person(
            name=f"{chance.choice(['MARIA', 'YOHANES', 'ROSALIA'])} {chance.choice(['SERAN', 'BERE', 'NAHAK'])}",
            born=date(1990, 1, 1) + timedelta(days=chance.randrange(4000)),
            passport=f"XX{number:07d}",
            nik=None,
        )
        for number in range(people)
    ]
    facts: list[tuple[str, Any]] = []
    for number in range(crossings):
        event = crossing(
            chance.choice(travellers),
            event_id=f"e{number}",
            checkpoint_id=chance.choice([BATAM, NUNUKAN, TARAKAN, SEKUPANG]),
            at=T0 + timedelta(minutes=chance.randrange(50_000)),
        )
        facts.append((f"transit.{event.province.value}", event))
    facts += [("departures", departure(p, departure_id=f"d{n}")) for n, p in enumerate(travellers) if n % 2]
    sent: Sent = [(topic, fact.block.encode(), encode(fact), None) for topic, fact in facts]
    sent += chance.sample(sent, len(sent) // 10)
    chance.shuffle(sent)
    return sent + [("departures", None, encode(h), lane) for h in heartbeats() for lane in range(LANES)]


def right_verdicts(sent: Sent) -> dict[tuple[str, str], Assessment]:
    """What a book says that knew everything before it was asked."""
    book = Casebook(shipped_policy())
    book.replay(Admitted(decode_fact(topic, key, value), digest_of(value)) for topic, key, value, _ in sent)
    return {(a.province.value, a.event_id): a for a in book.verdicts()}


def said(address: str) -> dict[tuple[str, str], list[Assessment]]:
    """The committed verdicts by event, oldest first."""
    found: dict[tuple[str, str], list[Assessment]] = defaultdict(list)
    for record in read(address, ASSESSMENTS):
        assessment = decode(Assessment, record.value)
        assert record.partition == partition_of(record.key, LANES)
        assert record.key == assessment.block.encode()
        found[assessment.province.value, assessment.event_id].append(assessment)
    return found


def assert_right(address: str, sent: Sent) -> None:
    """The last verdicts are those of a run that nobody disturbed, and nothing was said twice in a row."""
    found = said(address)
    assert {event: verdicts[-1] for event, verdicts in found.items()} == right_verdicts(sent)
    repeated = [event for event, vs in found.items() for a, b in itertools.pairwise(vs) if a == b]
    assert repeated == []


# ------------------------------------------------------------------------------------------ the claims


def test_records_go_in_and_verdicts_come_out(broker: str, start: Callable[..., Matcher]) -> None:
    sent = world(1)
    publish(broker, sent)
    matcher = start(broker)
    matcher.wait_open()
    wait_for_all(broker, matcher)
    assert_right(broker, sent)
    headers = dict(read(broker, ASSESSMENTS)[0].headers)
    assert headers["ce_type"] == b"id.lintas.assessment.v1"
    begun = time.monotonic()
    assert matcher.end() == 0
    assert time.monotonic() - begun < 3
    totals = matcher.status()["totals"]
    assert totals["events"] == len(sent)
    assert totals["rejected"] == 0


def test_no_bytes_stop_a_lane_and_all_arrive_whole(broker: str, start: Callable[..., Matcher]) -> None:
    good = world(2, people=40, crossings=200)
    key, lane = crossing().block.encode(), partition_of(crossing().block.encode(), LANES)
    bodies = [
        b"",
        b"\x00",
        b"\xff\xfe\xfd",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b"[" * 50_000,
        b"9" * 10_000,
        b'{"event_id": "\\ud800"}',
        encode(crossing()).replace(b"kepri", b"jatim"),
        encode(crossing(at=T0))[:-1],
        encode(departure()),
        random.Random(3).randbytes(MAX_RECORD_BYTES + 1),
        random.Random(4).randbytes(700_000),
    ]
    bad: Sent = [(topic, key, body, p) for topic in INPUTS for body in bodies for p in range(LANES)]
    bad = [record for record in bad if (record[0], record[2]) != ("departures", encode(departure()))]
    bad.append(("transit.kepri", key, encode(crossing()), (lane + 1) % LANES))
    bad.append(("transit.kepri", None, encode(crossing()), lane))
    mixed = good + bad
    random.Random(5).shuffle(mixed)
    publish(broker, mixed)
    matcher = start(broker)
    matcher.wait_open()
    wait_for_all(broker, matcher)
    assert_right(broker, good)
    arrived: dict[tuple[str, int, bytes | None, bytes], int] = defaultdict(int)
    for record in read(broker, *REJECTED):
        refusal = decode(Rejected, record.value)
        assert record.topic == refusals_of(refusal.topic)
        assert record.partition == refusal.partition
        whole = base64.b64decode(refusal.payload_base64 or "")
        arrived[refusal.topic, record.partition, record.key, whole] += 1
    expected: dict[tuple[str, int, bytes | None, bytes], int] = defaultdict(int)
    for topic, sent_key, body, partition in bad:
        assert partition is not None
        expected[topic, partition, sent_key, body] += 1
    assert arrived == expected
    assert matcher.end() == 0


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_ends_midway_changes_no_verdict(
    broker: str, start: Callable[..., Matcher], how: signal.Signals
) -> None:
    sent = world(6)
    feeding = threading.Thread(target=publish, args=(broker, sent), kwargs={"seconds": 6.0})
    matcher = start(broker)
    matcher.wait_open()
    feeding.start()
    time.sleep(2.5)
    assert matcher.end(how) == (-9 if how is signal.SIGKILL else 0)
    matcher = start(broker)
    feeding.join()
    matcher.wait_open()
    wait_for_all(broker, matcher)
    assert_right(broker, sent)
    assert sum(lane["replayed"] for lane in matcher.status()["lanes"].values()) > 0


def test_workers_share_the_lanes_and_keep_their_memory(broker: str, start: Callable[..., Matcher]) -> None:
    sent = world(7)
    feeding = threading.Thread(target=publish, args=(broker, sent), kwargs={"seconds": 9.0})
    first = start(broker)
    first.wait_open()
    feeding.start()
    time.sleep(1.5)
    second = start(broker)
    second.wait_open(2)
    first.wait_open(2)
    assert first.lanes() | second.lanes() == set(range(LANES))
    kept = first.lanes()
    assert second.end() == 0
    first.wait_open()
    feeding.join()
    wait_for_all(broker, first)
    assert_right(broker, sent)
    lanes = first.status()["lanes"]
    assert {n for n in kept if lanes[str(n)]["replayed"]} == set()
    assert all(lanes[str(n)]["replayed"] for n in set(range(LANES)) - kept)


def test_a_worker_that_slept_beyond_its_session_writes_nothing(broker: str, start: Callable[..., Matcher]) -> None:
    sent = world(8)
    feeding = threading.Thread(target=publish, args=(broker, sent), kwargs={"seconds": 13.0})
    sleeper = start(broker)
    sleeper.wait_open()
    feeding.start()
    time.sleep(2)
    sleeper.process.send_signal(signal.SIGSTOP)
    heir = start(broker)
    heir.wait_open()
    sleeper.process.send_signal(signal.SIGCONT)
    feeding.join()
    until(lambda: sleeper.process.poll() is not None or sleeper.lanes() | heir.lanes() == set(range(LANES)))
    assert sleeper.process.poll() in (None, 1)
    wait_for_all(broker, heir)
    assert_right(broker, sent)


@pytest.mark.parametrize("code", ["", NO_REPLAY], ids=["the product", "control without replay"])
def test_a_lane_judges_only_after_its_memory_is_complete(broker: str, start: Callable[..., Matcher], code: str) -> None:
    """A crossing that comes after a restart meets the registration that came before; without replay it cannot."""
    before: Sent = [("departures", departure().block.encode(), encode(departure()), None)]
    before += [("departures", None, encode(h), lane) for h in heartbeats() for lane in range(LANES)]
    publish(broker, before)
    matcher = start(broker)
    matcher.wait_open()
    wait_for_all(broker, matcher)
    assert matcher.end() == 0
    event = crossing()
    publish(broker, [("transit.kepri", event.block.encode(), encode(event), None)])
    matcher = start(broker, code=code)
    matcher.wait_open()
    wait_for_all(broker, matcher)
    (verdicts,) = said(broker).values()
    assert [v.status for v in verdicts] == [Status.PENDING if code else Status.MATCHED]


def test_offsets_past_the_logs_end_stop_the_worker(broker: str, start: Callable[..., Matcher]) -> None:
    consumer = KafkaConsumer(bootstrap_servers=broker, group_id=GROUP, enable_auto_commit=False)
    consumer.assign([TopicPartition("departures", 2)])
    consumer.commit({TopicPartition("departures", 2): OffsetAndMetadata(1_000, "", -1)})
    consumer.close()
    matcher = start(broker)
    assert matcher.process.wait(20) == 1
    last = matcher.last_words().strip().splitlines()[-1]
    assert last.startswith("lintas matcher: departures partition 2: committed offset 1000 lies past the log's end 0")


def test_unlike_topics_stop_the_worker(broker: str, start: Callable[..., Matcher]) -> None:
    admin = KafkaAdminClient(bootstrap_servers=broker)
    admin.delete_topics(["reports"])
    until(lambda: "reports" not in admin.list_topics())
    missing = start(broker)
    assert missing.process.wait(20) == 1
    assert "lintas matcher: the topics reports do not exist" in missing.last_words()
    admin.create_topics([NewTopic(name="reports", num_partitions=LANES + 1, replication_factor=1)])
    unlike = start(broker)
    assert unlike.process.wait(20) == 1
    assert "must have the same number of partitions" in unlike.last_words()
    assert "reports 5" in unlike.last_words()
    admin.close()


@pytest.mark.embedded
def test_the_pip_only_broker_serves_one_worker_through_a_kill(tmp_path: Path, start: Callable[..., Matcher]) -> None:
    sent = world(9, people=50, crossings=300)
    with running_embedded(tmp_path / "embedded") as address:
        make_topics(address)
        publish(address, sent[: len(sent) // 2])
        matcher = start(address, kind="embedded")
        matcher.wait_open()
        matcher.end(signal.SIGKILL)
        publish(address, sent[len(sent) // 2 :])
        matcher = start(address, kind="embedded")
        matcher.wait_open()
        wait_for_all(address, matcher)
        assert_right(address, sent)
        assert matcher.end() == 0
