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
from schemas.codec import decode, decode_fact, encode, headers_of
from schemas.records import Departure, TransitEvent
from schemas.topics import ASSESSMENTS, DEPARTURES, TRANSIT
from streams.admission import check_partition, digest_of
from streams.casebook import Admitted, Casebook
from streams.outputs import SOURCE, Output
from streams.policy import shipped_policy
from streams.settings import Settings
from streams.writer import LaneWriter

BATCH = 2_000
STEPS = (
    "fetch",
    "decode, validate",
    "place and key",
    "partition",
    "digest",
    "remember",
    "judge",
    "encode",
    "headers",
    "produce",
    "commit",
)


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
    writer = LaneWriter(Settings(kafka=(bootstrap,)), 0)
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
    begun = time.process_time()
    facts = [decode_fact(d.topic, d.key, d.value) for d in deliveries]
    whole = time.process_time() - begun
    costs.seconds["place and key"] += whole
    with costs.of("partition"):
        for d in deliveries:
            check_partition(d, PARTITIONS)
    with costs.of("digest"):
        digests = [digest_of(d.value) for d in deliveries]
    with costs.of("remember"):
        touched = book.remember([Admitted(f, g) for f, g in zip(facts, digests, strict=True)])
    with costs.of("judge"):
        said = book.assess(touched)
    with costs.of("encode"):
        values = [encode(a) for a in said]
    with costs.of("headers"):
        outputs = [
            Output(
                topic=ASSESSMENTS,
                key=a.block.encode(),
                value=v,
                headers=headers_of(a, identifier=f"{a.province}/{a.event_id}/0.{number}", source=SOURCE),
            )
            for a, v in zip(said, values, strict=True)
        ]
    offsets = {TopicPartition(TRANSIT[0], 0): number}
    await spent(costs, "commit", lambda: writer.write([], offsets))
    await spent(costs, "produce", lambda: writer.write(outputs, offsets))


async def spent(costs: Costs, step: str, work: Callable[[], Awaitable[None]]) -> None:
    """Count an awaited step."""
    with costs.of(step):
        await work()


def table(costs: Costs, total: int) -> list[str]:
    """The rows of the table; a step that was measured with another one inside is shown without it."""
    seconds = dict(costs.seconds)
    seconds["place and key"] -= seconds["decode, validate"]
    seconds["produce"] -= seconds["commit"]
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
