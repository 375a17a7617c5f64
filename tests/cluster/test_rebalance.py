"""Workers come and go under load: lanes that stay keep their memory, the pause is short, and nothing is lost."""

from __future__ import annotations

import json
import os
import random
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from statistics import quantiles

import pytest
from kafka import KafkaConsumer, TopicPartition

from schemas.codec import decode
from schemas.topics import ASSESSMENTS
from schemas.verdicts import Assessment
from tests.cluster.facts import Facts, Sent, arrivals
from tests.cluster.oracle import Oracle, Place
from tests.cluster.stage import LANES, Partner, Stage, Worker, differences, last_of, repeated, said, values_of

pytestmark = pytest.mark.cluster
SEED = int(os.environ.get("LINTAS_TEST_SEED", "20261124"))
LONGEST_PAUSE_SECONDS = 3.0
LONGEST_P99_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much and for how long."""

    facts: int
    seconds: float
    is_timed: bool
    """Only the long form holds the figures to a bound: this machine may be busy."""


SHORT = Load(facts=1_500, seconds=9, is_timed=False)
LONG = Load(facts=60_000, seconds=90, is_timed=True)
loads = pytest.mark.parametrize(
    "load",
    [
        pytest.param(SHORT, id="short", marks=pytest.mark.timeout(180)),
        pytest.param(LONG, id="long", marks=[pytest.mark.long, pytest.mark.timeout(600)]),
    ],
)


class Subscriber(threading.Thread):
    """Reads verdicts as they become visible; `seen` has when and in which lane each crossing's first came."""

    def __init__(self, kafka: str) -> None:
        super().__init__(daemon=True)
        self._kafka, self._over = kafka, threading.Event()
        self.seen: dict[Place, tuple[float, int]] = {}

    def run(self) -> None:
        consumer = KafkaConsumer(
            bootstrap_servers=self._kafka.split(","), isolation_level="read_committed", enable_auto_commit=False
        )
        consumer.assign([TopicPartition(ASSESSMENTS, lane) for lane in range(LANES)])
        consumer.seek_to_beginning()
        while not self._over.is_set():
            for records in consumer.poll(timeout_ms=50).values():
                now = time.time()
                for record in records:
                    verdict = decode(Assessment, record.value)
                    self.seen.setdefault((verdict.province.value, verdict.event_id), (now, record.partition))
        consumer.close()

    def done(self) -> None:
        self._over.set()
        self.join(30)


def world(load: Load) -> tuple[list[Sent], list[Sent]]:
    print(f"\nseed {SEED}, {load}")
    chance = random.Random(SEED)
    facts = Facts(chance, partitions=LANES).world(load.facts)
    return facts, arrivals(facts, chance)


def waits(partner: Partner, subscriber: Subscriber, sent: list[Sent], lanes: set[int], since: float) -> list[float]:
    """Seconds from the publication of a crossing to its first verdict, for those published since then."""
    found = []
    for topic, _, value, _ in sent:
        at = partner.times[value]
        if topic.startswith("transit.") and at >= since:
            event = _place(value)
            if event in subscriber.seen and subscriber.seen[event][1] in lanes:
                found.append(subscriber.seen[event][0] - at)
    return found


def _place(value: bytes) -> Place:
    event = json.loads(value)
    return event["province"], event["event_id"]


def pause_of(worker: Worker) -> float:
    """Seconds from the moment a worker hears of its last rebalance until its lanes are open again."""
    said = [json.loads(line) for line in worker.log.read_text().splitlines() if line.startswith("{")]
    moments = [(datetime.fromisoformat(entry["timestamp"]), entry["event"]) for entry in said]
    heard = max(at for at, event in moments if event.startswith("Heartbeat failed"))
    return (min(at for at, event in moments if event == "lanes assigned" and at > heard) - heard).total_seconds()


def p99(seconds: list[float]) -> float:
    return quantiles(seconds, n=100)[98]


def assert_right(stage: Stage, facts: list[Sent]) -> None:
    found = said(stage.kafka)
    assert differences(last_of(found), Oracle(values_of(facts)).verdicts()) == {}
    assert repeated(found) == []


@loads
def test_a_worker_that_joins_costs_the_others_a_moment_and_none_of_their_memory(stage: Stage, load: Load) -> None:
    facts, sent = world(load)
    first, second = stage.matcher(), stage.matcher()
    stage.wait_open(first, second)
    before = {worker.name: worker.open_lanes() for worker in (first, second)}
    partner, subscriber = Partner(stage.kafka, sent, seconds=load.seconds), Subscriber(stage.kafka)
    subscriber.start()
    partner.start()
    time.sleep(load.seconds / 3)
    since = time.time()
    third = stage.matcher()
    stage.wait_open(first, second, third)
    kept = {worker.name: worker.open_lanes() & before[worker.name] for worker in (first, second)}
    partner.done()
    stage.wait_done()
    subscriber.done()
    lanes = {name: status["lanes"] for name, status in ((w.name, w.status()) for w in (first, second, third))}
    assert {name: len(stayed) for name, stayed in kept.items()} == {first.name: 2, second.name: 2}
    for name, stayed in kept.items():
        assert {lane: lanes[name][str(lane)]["replayed"] for lane in stayed} == dict.fromkeys(stayed, 0)
    assert all(lane["replayed"] > 0 for lane in lanes[third.name].values())
    pause = max(pause_of(first), pause_of(second))
    stayed_seconds = waits(partner, subscriber, sent, set().union(*kept.values()), since)
    moved_seconds = waits(partner, subscriber, sent, third.open_lanes(), since)
    print(
        f"pause of the lanes that stayed: {pause:.2f} s; longest wait for a verdict, load included: "
        f"{max(stayed_seconds):.2f} s in those, {max(moved_seconds):.2f} s in lanes that moved"
    )
    assert_right(stage, facts)
    if load.is_timed:
        assert pause < LONGEST_PAUSE_SECONDS


@loads
def test_a_rolling_restart_under_load_loses_nothing(stage: Stage, load: Load) -> None:
    facts, sent = world(load)
    workers = [stage.matcher() for _ in range(3)]
    stage.wait_open(*workers)
    partner, subscriber = Partner(stage.kafka, sent, seconds=load.seconds), Subscriber(stage.kafka)
    subscriber.start()
    since = time.time()
    partner.start()
    for worker in workers:
        time.sleep(load.seconds / 8)
        assert worker.end() == 0
        worker.start()
        stage.wait_open(*workers)
    partner.done()
    stage.wait_done()
    subscriber.done()
    seconds = waits(partner, subscriber, sent, set(range(LANES)), since)
    print(f"seconds from crossing to verdict: median {sorted(seconds)[len(seconds) // 2]:.2f}, p99 {p99(seconds):.2f}")
    assert_right(stage, facts)
    if load.is_timed:
        assert p99(seconds) < LONGEST_P99_SECONDS
