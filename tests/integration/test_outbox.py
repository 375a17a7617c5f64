"""An outbox between a row and a broker that comes and goes: nothing is lost, and everything comes in order."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaConsumer

from lintas.stack.brokers import running_cluster, running_kafka
from schemas.codec import decode
from schemas.records import TransitEvent
from tests.integration.gatewayed import KEY, running_gateway
from tests.integration.stacked import lintas
from tests.integration.test_gateway import ROW, with_topics

pytestmark = pytest.mark.kafka

ROUNDS = 100


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_kafka(tmp_path_factory.mktemp("kafka"), os.environ) as bootstrap:
        yield with_topics(bootstrap)


def crossings(broker: str) -> list[tuple[int, TransitEvent]]:
    """Of Kepri, each with its partition, in the order of the log."""
    consumer = KafkaConsumer(
        "transit.kepri", bootstrap_servers=broker, auto_offset_reset="earliest", consumer_timeout_ms=4000, group_id=None
    )
    found = [(m.partition, decode(TransitEvent, m.value)) for m in consumer]
    consumer.close()
    return found


def test_killed_at_any_instruction_nothing_is_lost_no_number_is_missing_and_copies_have_one_id(
    broker: str, tmp_path: Path
) -> None:
    seed = int(os.environ.get("LINTAS_TEST_SEED", random.randrange(10**9)))
    sys.stdout.write(f"LINTAS_TEST_SEED={seed}\n")
    arguments = [tmp_path / "o.sqlite", broker, ROUNDS, seed, tmp_path / "told"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.outbox_killing", *map(str, arguments)],
        capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    end = json.loads(done.stdout)
    told = set((tmp_path / "told").read_text().split())
    found = crossings(broker)
    numbers: dict[str, set[int | None]] = defaultdict(set)
    for _, event in found:
        assert event.device_id == "gate"
        numbers[event.event_id].add(event.sequence)
    sys.stdout.write(f"{len(told)} confirmed, {end['stored']} stored, {len(found)} records in Kafka\n")
    assert end["waiting"] == 0
    assert len(told) > ROUNDS
    assert told <= numbers.keys()
    assert all(len(one) == 1 for one in numbers.values())
    sequences = sorted(number or 0 for (number,) in numbers.values())
    assert sequences == list(range(1, end["stored"] + 1))
    for partition in range(4):
        first_seen = list(dict.fromkeys(event.sequence or 0 for at, event in found if at == partition))
        assert first_seen == sorted(first_seen)


def test_a_file_is_kept_without_a_line_and_sent_days_later(tmp_path: Path) -> None:
    (tmp_path / "kafka").mkdir()
    (tmp_path / "linkage.key").write_text(KEY.to_text())
    rows = [ROW | {"event_id": f"DAY-{i}"} for i in range(700)] + [ROW | {"direction": "up"}]
    (tmp_path / "day.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    box = tmp_path / "o.sqlite"
    env = {"LINTAS_KEY_FILE": str(tmp_path / "linkage.key")}
    for _ in range(2):  # handed in twice, kept once
        told = lintas("outbox", "add", box, "crossings", tmp_path / "day.jsonl", "--device", "gate", env=env)
        assert (told.code, "700 of 701 rows kept" in told.out) == (3, True), told
    (head, device) = lintas("outbox", "status", box, "--format", "json").rows
    assert (head["waiting"], head["sent"], head["skew_seconds"]) == (701, 0, None)
    assert (device["device"], device["first"], device["last"], device["missing"]) == ("gate", 1, 700, 0)
    with running_cluster(tmp_path / "kafka", os.environ) as cluster:
        (node,) = cluster.node_ids
        with_topics(cluster.bootstrap)
        cluster.kill(node)
        away = lintas("outbox", "send", box, env=env | {"LINTAS_KAFKA": cluster.bootstrap})
        assert away.code == 1
        assert "701 records wait in the outbox" in away.err
        cluster.start(node)
        sent = lintas("outbox", "send", box, env=env | {"LINTAS_KAFKA": cluster.bootstrap})
        assert (sent.code, sent.out) == (0, "701 records sent, 0 wait\n"), sent
        assert "this machine's clock is 0." in sent.err
        found = [event for _, event in crossings(cluster.bootstrap)]
        assert sorted(event.sequence or 0 for event in found) == list(range(1, 701))


def test_a_gateway_with_an_outbox_takes_rows_while_kafka_is_away_and_sends_them_by_itself(tmp_path: Path) -> None:
    (tmp_path / "kafka").mkdir()
    with running_cluster(tmp_path / "kafka", os.environ) as cluster:
        with_topics(cluster.bootstrap)
        (node,) = cluster.node_ids
        cluster.kill(node)
        box = tmp_path / "o.sqlite"
        with running_gateway(tmp_path / "g", cluster.bootstrap, "--outbox", str(box)) as gateway:
            key = gateway.key("--province", "kepri")
            reply = gateway.post("crossings", [ROW | {"event_id": f"OUT-{i}"} for i in range(5)], key)
            assert (reply.status, {one["status"] for one in reply.results}) == (202, {"stored"})
            assert gateway.ask("/readyz").status == 200
            gateway.process.kill()
            gateway.process.wait()
        with running_gateway(tmp_path / "g", cluster.bootstrap, "--outbox", str(box)) as gateway:
            assert gateway.post("crossings", [ROW | {"event_id": f"OUT-{i}"} for i in range(4, 7)], key).status == 202
            cluster.start(node)
            until = time.monotonic() + 60
            while lintas("outbox", "status", box, "--format", "json").rows[0]["waiting"]:
                assert time.monotonic() < until
            assert "Kafka is back" in gateway.log
        found = [event for _, event in crossings(cluster.bootstrap)]
        assert [event.event_id for event in found] == [f"OUT-{i}" for i in range(7)]
        assert [event.sequence for event in found] == list(range(1, 8))
