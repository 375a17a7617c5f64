"""The host's clock may jump by days: no verdict changes, to the last byte."""

from __future__ import annotations

import os
import random
import time

import pytest

from lintas.stack.brokers import KafkaCluster
from schemas.codec import encode
from schemas.topics import ASSESSMENTS, DAY_MS
from tests.cluster.facts import Facts, arrivals
from tests.cluster.oracle import Oracle, Place
from tests.cluster.stage import (
    LANES,
    MATCHER,
    Stage,
    Worker,
    differences,
    fresh_topics,
    last_of,
    publish,
    read,
    repeated,
    said,
    values_of,
)
from tests.cluster.starts import changed, with_a_jumping_clock

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(180)]
SEED = int(os.environ.get("LINTAS_TEST_SEED", "20261124"))


def worker_day(worker: Worker) -> str:
    """The day on the worker's own clock, a moment later each time."""
    time.sleep(0.35)
    return str(worker.status().get("at", ""))[:10]


def test_a_clock_that_jumps_a_day_changes_no_verdict(stage: Stage, brokers: KafkaCluster) -> None:
    print(f"\nseed {SEED}")
    chance = random.Random(SEED)
    facts = Facts(chance, partitions=LANES).world(1_500)
    sent = arrivals(facts, chance)
    found: list[dict[Place, bytes]] = []
    days: list[int] = []
    for command in (MATCHER, changed(with_a_jumping_clock)):
        worker = stage.matcher("matcher", command)
        stage.wait_open(worker)
        publish(stage.kafka, sent, seconds=3.0)
        stage.wait_done()
        days.append(len({worker_day(worker) for _ in range(20)}))
        assert worker.end() == 0
        told = said(stage.kafka)
        stamps = [record.timestamp for record in read(stage.kafka, ASSESSMENTS)]
        assert max(stamps) - min(stamps) < DAY_MS, "the broker's clock stamps a verdict, not the worker's"
        assert repeated(told) == []
        assert differences(last_of(told), Oracle(values_of(facts)).verdicts()) == {}
        found.append({place: encode(versions[-1]) for place, versions in told.items()})
        fresh_topics(stage.kafka, replication=len(brokers.node_ids))
    assert days[0] < 3 <= days[1], "the clock did not jump"
    steady, jumping = found
    assert jumping == steady
