"""What each step of one event's path through the matcher costs: CPU time of this process, all steps in one run.

Usage: python bench/path.py [--events 60000]

Prints a table in microseconds an event. The steps run one after the other on one lane's worth of batches, so that a
step's CPU time can be told from the others'; in the matcher lanes overlap, which changes the wall time only.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from bench.backlog import travellers
from bench.kafka_side import PARTITIONS, create_topics, publish
from bench.processes import say
from lintas.stack.brokers import running_kafka
from schemas.codec import decode, encode
from schemas.records import Departure, TransitEvent
from schemas.topics import ASSESSMENTS, DEPARTURES, TRANSIT
from streams.admission import admit_all
from streams.casebook import Admitted, Casebook
from streams.lanes import READ_AT_ONCE
from streams.outputs import DEFAULT_LIMIT_BYTES, outputs_of
from streams.policy import shipped_policy
from streams.settings import Settings
from streams.writer import LaneWriter

BATCH = 2_000
STEPS = ("fetch", "decode, validate", "gate", "remember", "judge", "encode", "head", "produce", "commit")
"""`gate` is place, key, partition and digest; `head` is keys, CloudEvents headers and sizes."""
INSIDE = (("remember", "gate"), ("gate", "decode, validate"), ("head", "encode"), ("produce", "commit"))
"""Which step was measured with which other one inside."""


class Costs:
    """CPU seconds by step."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STEPS, 0.0)

    @contextmanager
    def of(self, step: str) -> Iterator[None]:
        """Count what runs inside to a step."""
        begun = time.process_time()
        yield
        self.seconds[step] += time.process_time() - begun


async def walk(bootstrap: str, total: int) -> Costs:
    """Take the whole backlog through every step, batch by batch."""
    costs, book = Costs(), Casebook(shipped_policy())
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",
        max_partition_fetch_bytes=1 << 18,
    )
    writer = LaneWriter(Settings(kafka=(bootstrap,)), 0, {ASSESSMENTS: DEFAULT_LIMIT_BYTES})
    await consumer.start()
    await writer.start()
    consumer.assign([TopicPartition(t, p) for t in (*TRANSIT, DEPARTURES) for p in range(PARTITIONS)])
    done = 0
    while done < total:
        with costs.of("fetch"):
            fetched = await consumer.getmany(timeout_ms=500, max_records=BATCH)
        deliveries = [d for some in fetched.values() for d in some]
        if deliveries:
            await one_batch(costs, book, deliveries, writer, number=done)
        done += len(deliveries)
    await consumer.stop()
    await writer.stop()
    return costs


async def one_batch(costs: Costs, book: Casebook, deliveries: list[Any], writer: LaneWriter, number: int) -> None:
    """What the agent does, each step for all records before the next step begins."""
    with costs.of("decode, validate"):
        for d in deliveries:
            decode(Departure if d.topic == DEPARTURES else TransitEvent, d.value)
    with costs.of("remember"):
        touched = book.remember(admitted(costs, deliveries))
    with costs.of("judge"):
        said = book.assess(touched)
    with costs.of("encode"):
        for a in said:
            encode(a)
    with costs.of("head"):
        outputs = outputs_of(said, [], position=f"0.{number}", limits={})
    offsets = {TopicPartition(TRANSIT[0], 0): number}
    await spent(costs, "commit", lambda: writer.write([], offsets))
    await spent(costs, "produce", lambda: writer.write(outputs, offsets))


def admitted(costs: Costs, deliveries: list[Any]) -> Iterator[Admitted]:
    """Facts as the lane reads them, a few at once."""
    for start in range(0, len(deliveries), READ_AT_ONCE):
        with costs.of("gate"):
            facts, _ = admit_all(deliveries[start : start + READ_AT_ONCE], PARTITIONS)
        yield from facts


async def spent(costs: Costs, step: str, work: Callable[[], Awaitable[None]]) -> None:
    """Count an awaited step."""
    with costs.of(step):
        await work()


def table(costs: Costs, total: int) -> list[str]:
    """The rows of the table; a step that was measured with another one inside is shown without it."""
    seconds = dict(costs.seconds)
    for outer, inner in INSIDE:
        seconds[outer] -= seconds[inner]
    rows = [f"| {step} | {1e6 * seconds[step] / total:.1f} |" for step in STEPS]
    whole, core = sum(seconds.values()), seconds["remember"] + seconds["judge"]
    return [
        "| step | µs an event |",
        "|---|---|",
        *rows,
        f"| **all** | {1e6 * whole / total:.1f} |",
        f"| of it remember and judge | {1e6 * core / total:.1f} ({100 * core / whole:.0f} %) |",
        f"| all else | {1e6 * (whole - core) / total:.1f} |",
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=60_000)
    options = parser.parse_args()
    gc.set_threshold(50_000, 20, 50)  # as the matcher
    with tempfile.TemporaryDirectory() as name, running_kafka(Path(name), os.environ) as bootstrap:
        create_topics(bootstrap)
        total = sum(publish(bootstrap, travellers(options.events)).values())
        costs = asyncio.run(walk(bootstrap, total))
    for row in table(costs, total):
        say(row)


if __name__ == "__main__":
    main()
