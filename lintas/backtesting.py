"""The whole log once more, judged by the policies of its time and by another: every lane by itself, two at once."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lintas.failing import Failure
from schemas.topics import INPUTS

if TYPE_CHECKING:
    from streams.backtest import Tally
    from streams.casebook import Casebook
    from streams.policy import Policy

FETCH_BYTES = 1 << 20
PAGE_RECORDS = 4_000
SILENT_SECONDS = 30.0
"""A broker that gives nothing for so long is away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneTask:
    """What one process does at a time."""

    kafka: tuple[str, ...]
    lane: int
    partitions: int
    ends: Mapping[str, int]
    """By input topic, the offset at which to stop: what is published meanwhile does not count."""
    base: Policy
    candidate: Policy
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneResult:
    """What came of it."""

    records: int
    tally: Tally


def backtest(
    kafka: Sequence[str],
    base: Policy,
    candidate: Policy,
    *,
    since: datetime | None,
    until: datetime | None,
    processes: int,
    told: Callable[[int], object],
) -> tuple[int, Tally]:
    """Judge every crossing of a time by both policies; gives back the records read and what differs.

    `told` hears how many lanes are left.

    Raises:
        Failure: the topics are not there, or the broker does not give what it has.
    """
    from streams.backtest import Tally

    ends = _ends(kafka)
    tasks = [
        LaneTask(
            kafka=tuple(kafka), lane=lane, partitions=len(ends), ends=places, base=base, candidate=candidate,
            since=since, until=until,
        )
        for lane, places in ends.items()
    ]  # fmt: skip
    records, total = 0, Tally()
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        running = [pool.submit(_judge_lane, task) for task in tasks]
        try:
            for done, future in enumerate(as_completed(running), start=1):
                result = future.result()
                records += result.records
                total.add(result.tally)
                told(len(tasks) - done)
        except TimeoutError:
            pool.shutdown(wait=False, cancel_futures=True)
            msg = f"Kafka at {','.join(kafka)} gave no record for {SILENT_SECONDS:g} s: is it well (`lintas doctor`)?"
            raise Failure(msg) from None
    return records, total


def _ends(kafka: Sequence[str]) -> dict[int, dict[str, int]]:
    """By lane, where each of its logs ends now."""
    from kafka import TopicPartition
    from kafka.admin import OffsetSpec

    from lintas.topics_admin import admin_of

    with admin_of(tuple(kafka)) as admin:
        found = admin.describe_topics(list(INPUTS))
        places = [TopicPartition(t["name"], p["partition_index"]) for t in found for p in t["partitions"]]
        last = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
    ends: dict[int, dict[str, int]] = {}
    for place in places:
        ends.setdefault(place.partition, {})[place.topic] = last[place].offset
    if not ends or any(set(topics) != set(INPUTS) for topics in ends.values()):
        msg = f"the topics {', '.join(INPUTS)} are not all there: start the stack (`lintas up`)"
        raise Failure(msg)
    return ends


def _judge_lane(task: LaneTask) -> LaneResult:
    """In a process of its own: remember a whole lane, then judge it twice."""
    from streams.backtest import Tally

    gc.set_threshold(50_000, 20, 50)  # facts hold no cycles
    book, records = asyncio.run(_remember(task))
    gc.disable()
    tally = Tally()
    for before, after in book.verdicts_beside(task.candidate, task.since, task.until):
        tally.compare(before, after)
    return LaneResult(records=records, tally=tally)


async def _remember(task: LaneTask) -> tuple[Casebook, int]:
    from aiokafka import AIOKafkaConsumer
    from aiokafka.structs import TopicPartition

    from streams.admission import admit_all
    from streams.casebook import Casebook

    book, records = Casebook(task.base), 0
    consumer = AIOKafkaConsumer(
        bootstrap_servers=list(task.kafka), enable_auto_commit=False, isolation_level="read_committed",
        max_partition_fetch_bytes=FETCH_BYTES,
    )  # fmt: skip
    await consumer.start()
    try:
        ends = {TopicPartition(topic, task.lane): end for topic, end in task.ends.items()}
        consumer.assign(list(ends))
        first = await consumer.beginning_offsets(list(ends))
        for place, offset in first.items():
            consumer.seek(place, offset)
        behind = {place for place, end in ends.items() if first[place] < end}
        async with asyncio.timeout(SILENT_SECONDS) as patience:
            while behind:
                found = await consumer.getmany(*behind, timeout_ms=200, max_records=PAGE_RECORDS)
                for place, deliveries in found.items():
                    wanted = [d for d in deliveries if d.offset < ends[place]]
                    admitted, _ = admit_all(wanted, task.partitions)  # what the matcher refused judges nobody here
                    book.replay(admitted)
                    records += len(wanted)
                for place in list(behind):
                    if await consumer.position(place) >= ends[place]:
                        behind.discard(place)
                        consumer.pause(place)
                if found:
                    patience.reschedule(asyncio.get_running_loop().time() + SILENT_SECONDS)
    finally:
        await consumer.stop()
    return book, records
