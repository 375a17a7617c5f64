"""`python -m bench.restart [facts]`: a matcher from start to its first live verdict, with and without snapshots."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import psutil
from confluent_kafka import Consumer, TopicPartition

from bench.backlog import START, heartbeats, travellers
from bench.kafka_side import PARTITIONS, create_topics, producer, publish
from bench.processes import process, say
from lintas.stack.brokers import running_kafka
from schemas.topics import ASSESSMENTS, DEPARTURES, INPUTS
from streams.settings import GROUP

FACTS = 1_000_000
PATIENCE_SECONDS = 200
STEP_SECONDS = 0.02


def main() -> None:
    """Publish, mark all as judged, then start the matcher once without a snapshot and twice with."""
    facts = int(sys.argv[1]) if len(sys.argv) > 1 else FACTS
    with tempfile.TemporaryDirectory() as name, running_kafka(Path(name) / "kafka", os.environ) as bootstrap:
        folder = Path(name)
        create_topics(bootstrap)
        began = time.monotonic()
        publish(bootstrap, travellers(facts))
        sender = producer(bootstrap)
        for value in heartbeats(START + timedelta(days=30)):
            for lane in range(PARTITIONS):
                sender.produce(DEPARTURES, value, partition=lane)
        sender.flush()
        say(f"{facts} crossings published in {time.monotonic() - began:.0f} s")
        judge_all(bootstrap)
        held = start(bootstrap, folder, "without a snapshot", 1)
        start(bootstrap, folder, "with snapshots", 2)
        for file in (folder / "state").iterdir():
            data = bytearray(file.read_bytes())
            data[len(data) // 2] ^= 1
            file.write_bytes(data)
            break
        start(bootstrap, folder, "with one of them broken", 3)
        say(f"facts held: {held}")


def judge_all(bootstrap: str) -> None:
    """Commit the end of every input: what a matcher did that judged them all."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": GROUP, "enable.auto.commit": False})
    consumer.commit(offsets=ends_of(consumer, INPUTS), asynchronous=False)
    consumer.close()


def ends_of(consumer: Consumer, topics: Iterable[str]) -> list[TopicPartition]:
    """Every partition of the topics, at its end."""
    places = [TopicPartition(topic, lane) for topic in topics for lane in range(PARTITIONS)]
    return [TopicPartition(p.topic, p.partition, consumer.get_watermark_offsets(p, timeout=10)[1]) for p in places]


def start(bootstrap: str, folder: Path, what: str, turn: int) -> int:
    """Start a matcher, publish while it starts, and time its first verdict and its last lane; gives back the facts."""
    status, log = folder / f"status-{turn}.json", folder / f"matcher-{turn}.log"
    env = {"LINTAS_KAFKA": bootstrap, "LINTAS_STATE_DIR": str(folder / "state"), "LINTAS_STATUS_FILE": str(status)}
    reader = Consumer({"bootstrap.servers": bootstrap, "group.id": f"watch-{turn}", "enable.auto.commit": False})
    reader.assign(ends_of(reader, (ASSESSMENTS,)))
    publish(bootstrap, travellers(60, seed=turn, prefix=f"live{turn}"))
    began, first, all_open = time.monotonic(), 0.0, 0.0
    with process("-m", "streams", env=env, log=log) as running:
        while not (first and all_open) and time.monotonic() < began + PATIENCE_SECONDS:
            message = reader.poll(STEP_SECONDS)
            if message is not None and message.error() is None:
                first = first or time.monotonic() - began
            if not all_open and log.read_text().count("lane open") == PARTITIONS:
                all_open = time.monotonic() - began
        worker = psutil.Process(running.id.pid)
        rss, cpu = worker.memory_info().rss, sum(worker.cpu_times()[:2])
        ending = time.monotonic()
    reader.close()
    text = log.read_text()
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    facts = sum(line["facts"] for line in lines if line["event"] == "lane replayed")
    say(
        f"{what}: first live verdict {first:.1f} s, all lanes live {all_open:.1f} s, CPU {cpu:.1f} s, stop "
        f"{time.monotonic() - ending:.1f} s, RSS {rss >> 20} MB = {rss // max(facts, 1)} bytes a fact, "
        f"taken up {text.count('lane taken up')}, ignored {text.count('snapshot ignored')}, "
        f"files {sum(f.stat().st_size for f in (folder / 'state').glob('*')) >> 20} MB"
    )
    return facts


if __name__ == "__main__":
    main()
