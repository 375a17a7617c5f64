"""The measured loops: bare confluent-kafka ones, the matcher, and the rival frameworks; each gives records a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import orjson
from confluent_kafka import Consumer, Message, TopicPartition

from bench.kafka_side import PARTITIONS, Progress, producer, rate
from bench.processes import cpu_seconds, process, say
from schemas.codec import decode_fact, encode
from schemas.topics import DEPARTURES, INPUTS, TRANSIT
from streams.settings import GROUP

PATIENCE_SECONDS = 180


def by_json(message: Message) -> bytes:
    """The least that a consumer of JSON does."""
    return orjson.dumps(orjson.loads(message.value()))


def by_model(message: Message) -> bytes:
    """The matcher's own decoding, validation and encoding, and nothing else."""
    return encode(decode_fact(message.topic(), message.key(), message.value()))


def bare_loop(bootstrap: str, total: int, turn: Callable[[Message], bytes]) -> float:
    """Decode each record and send it on, batch by batch: what no matcher can pass."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "bare", "enable.auto.commit": False})
    consumer.assign([TopicPartition(t, p, 0) for t in (*TRANSIT, DEPARTURES) for p in range(PARTITIONS)])
    sender, done, started = producer(bootstrap), 0, 0.0
    while done < total:
        messages = consumer.consume(1000, 1.0)
        started = started or time.monotonic()
        for message in messages:
            if message.error() is None:
                sender.produce("bare.out", turn(message), message.key())
                done += 1
        sender.poll(0)
        while len(sender) > 50_000:
            sender.poll(0.01)
    sender.flush()
    seconds = time.monotonic() - started
    consumer.close()
    return done / seconds


def matcher_rate(bootstrap: str, total: int, folder: Path) -> float:
    """The product's matcher on the backlog, all rules on, pydantic validation on."""
    progress = Progress(bootstrap, GROUP, INPUTS)
    with process("-m", "streams", env={"LINTAS_KAFKA": bootstrap}, log=folder / "matcher.log") as running:
        events, seconds, cpu = rate(progress, total, spent=lambda: cpu_seconds(running))
        say(
            f"matcher: {total} records, {seconds:.1f} s from the first commit to the last, "
            f"{1e6 * cpu / (events * seconds):.1f} µs CPU a record, {100 * cpu / seconds:.0f} % of a core"
        )
    progress.close()
    return events


def rival_rate(bootstrap: str, module: str, kind: str, output: str, total: int, folder: Path) -> float:
    """A rival's program on a backlog, from its first verdict to its last: as many as there are crossings."""
    name = f"{module.rsplit('.', 1)[-1]}-{kind}"
    with process("-m", module, bootstrap, str(folder / name), kind, log=folder / f"{name}.log"):
        counter = Consumer({"bootstrap.servers": bootstrap, "group.id": f"{name}-count", "enable.auto.commit": False})
        counter.assign([TopicPartition(output, p, 0) for p in range(PARTITIONS)])
        seen, first, last, until = 0, 0.0, 0.0, time.monotonic() + PATIENCE_SECONDS
        while seen < total and time.monotonic() < until:
            got = [m for m in counter.consume(5000, 0.2) if m.error() is None]
            if got:
                last = time.monotonic()
                first = first or last
            seen += len(got)
        counter.close()
    if seen < total:
        say(f"{name} gave {seen} of {total} verdicts:\n{(folder / f'{name}.log').read_text()[-1500:]}")
    return seen / max(last - first, 1e-9)
