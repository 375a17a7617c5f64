"""The whole matcher beside a bare loop and stock Faust, on one Apache Kafka in one run; then publish-to-queryable.

Usage: python bench/pipeline.py [--events 100000] [--stock-events 20000] [--seconds 20]

The last line begins `matcher N events/s`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import orjson  # noqa: E402
from clickhouse_driver import Client  # noqa: E402
from confluent_kafka import Consumer, TopicPartition  # noqa: E402

from bench import stock_faust  # noqa: E402
from bench.backlog import START, heartbeats, travellers  # noqa: E402
from bench.kafka_side import PARTITIONS, Progress, create_topics, producer, publish, rate  # noqa: E402
from lintas.clickhouse import ClickHouseAddress, running_clickhouse  # noqa: E402
from lintas.stack.brokers import running_kafka  # noqa: E402
from schemas.topics import DEPARTURES, INPUTS, TRANSIT  # noqa: E402
from sinks.migrating import migrate  # noqa: E402

MATCHER_GROUP = "lintas-matcher"
RATE_PER_SECOND = 500


def say(text: str) -> None:
    """One line at once, also into a pipe."""
    print(text, flush=True)


@contextmanager
def process(*argv: str, env: dict[str, str] | None = None, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process for the length of a block."""
    with log.open("wb") as file:
        running = subprocess.Popen(
            [sys.executable, *argv], env=os.environ | (env or {}), stdout=file, stderr=file, cwd=ROOT
        )
        try:
            yield running
        finally:
            running.terminate()
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def bare_loop(bootstrap: str, total: int) -> float:
    """Decode each record's JSON and send it on, batch by batch: what no matcher can pass; records a second."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "bare", "enable.auto.commit": False})
    consumer.assign([TopicPartition(t, p, 0) for t in (*TRANSIT, DEPARTURES) for p in range(PARTITIONS)])
    sender, done, started = producer(bootstrap), 0, 0.0
    while done < total:
        messages = consumer.consume(1000, 1.0)
        started = started or time.monotonic()
        for message in messages:
            if message.error() is None:
                body = orjson.loads(message.value())
                sender.produce("bare.out", orjson.dumps(body), message.key())
                done += 1
        sender.poll(0)
        while len(sender) > 50_000:
            sender.poll(0.01)
    sender.flush()
    seconds = time.monotonic() - started
    consumer.close()
    return done / seconds


def matcher_rate(bootstrap: str, total: int, folder: Path) -> float:
    """The product's matcher on the backlog, all rules on, pydantic validation on; records a second."""
    progress = Progress(bootstrap, MATCHER_GROUP, INPUTS)
    with process("-m", "streams", env={"LINTAS_KAFKA": bootstrap}, log=folder / "matcher.log"):
        events, seconds = rate(progress, total)
    progress.close()
    say(f"matcher: {total} records, {seconds:.1f} s from the first commit to the last")
    return events


def stock_rate(bootstrap: str, total: int, folder: Path) -> float:
    """Stock Faust with a Table on the same kind of backlog; records a second."""
    progress = Progress(bootstrap, "stock-faust", (*TRANSIT, DEPARTURES))
    argv = ("-m", "bench.stock_faust", bootstrap, str(folder / "stock"))
    with process(*argv, log=folder / "stock.log"):
        counter = Consumer({"bootstrap.servers": bootstrap, "group.id": "stock-count", "enable.auto.commit": False})
        counter.assign([TopicPartition(stock_faust.OUTPUT, p, 0) for p in range(PARTITIONS)])
        seen, first, until = 0, 0.0, time.monotonic() + 120
        while seen < total and time.monotonic() < until:
            got = [m for m in counter.consume(5000, 0.2) if m.error() is None]
            if got and not first:
                first = time.monotonic()
            seen += len(got)
        seconds = time.monotonic() - first
        counter.close()
    progress.close()
    if seen < total:
        say(f"stock Faust gave {seen} of {total} verdicts")
    return seen / seconds


class Latency:
    """Publishes at a steady rate and looks in ClickHouse until each verdict is there."""

    def __init__(self, bootstrap: str, address: ClickHouseAddress, seconds: int) -> None:
        self.seconds = seconds
        self.sent: dict[str, float] = {}
        self.seen: dict[str, float] = {}
        self._sender = producer(bootstrap, linger_ms=1)
        self._client = Client(
            address.host, address.port, user=address.user, password=address.password, database=address.database
        )

    def publish(self) -> None:
        """Send at the rate; the clock of an event starts when it is handed to the producer."""
        wanted = [m for m in travellers(RATE_PER_SECOND * self.seconds * 2, seed=9, prefix="lat") if m.topic in TRANSIT]
        started = time.monotonic()
        for number, message in enumerate(wanted[: RATE_PER_SECOND * self.seconds]):
            while (due := started + number / RATE_PER_SECOND) > time.monotonic():
                self._sender.poll(0)
                time.sleep(min(0.002, max(0.0, due - time.monotonic())))
            self.sent[orjson.loads(message.value)["event_id"]] = time.monotonic()
            self._sender.produce(message.topic, message.value, message.key)
        self._sender.flush()

    def run(self) -> list[float]:
        """Seconds from publish to queryable, sorted."""
        thread = threading.Thread(target=self.publish)
        thread.start()
        version: dict[int, int] = {}
        patience = time.monotonic() + self.seconds + 30
        while time.monotonic() < patience and (thread.is_alive() or len(self.seen) < len(self.sent)):
            after = " OR ".join(f"(partition = {p} AND version > {version.get(p, -1)})" for p in range(PARTITIONS))
            rows: list[Any] = self._client.execute(
                f"SELECT event_id, partition, version FROM assessment_versions WHERE {after}"
            )
            now = time.monotonic()
            for event_id, partition, number in rows:
                version[partition] = max(version.get(partition, -1), number)
                if event_id.startswith("lat-"):
                    self.seen.setdefault(event_id, now)
            time.sleep(0.005)
        thread.join()
        lost = set(self.sent) - set(self.seen)
        if lost:
            say(f"{len(lost)} of {len(self.sent)} verdicts never became queryable")
        return sorted(self.seen[e] - self.sent[e] for e in self.seen if e in self.sent)


def latency(bootstrap: str, seconds: int, folder: Path) -> tuple[float, float]:
    """p50 and p99 in milliseconds from publish to queryable at a steady rate."""
    with running_clickhouse(folder / "clickhouse") as address:
        secret = folder / "password"
        secret.write_text(address.password)
        where = {"host": address.host, "port": address.port, "user": address.user, "password": address.password}
        migrate(Client(**where, database=address.database))
        env = {
            "LINTAS_KAFKA": bootstrap,
            "LINTAS_CLICKHOUSE": f"{address.host}:{address.port}",
            "LINTAS_CLICKHOUSE_USER": address.user,
            "LINTAS_CLICKHOUSE_PASSWORD_FILE": str(secret),
            "LINTAS_CLICKHOUSE_DATABASE": address.database,
        }
        with (
            process("-m", "streams", env=env, log=folder / "matcher-live.log"),
            process("-m", "sinks", env=env, log=folder / "loader.log"),
        ):
            time.sleep(12)
            measured = Latency(bootstrap, address, seconds).run()
    count = len(measured)
    return 1000 * measured[count // 2], 1000 * measured[min(count - 1, int(count * 0.99))]


def backlog(bootstrap: str, events: int) -> int:
    """A season's travellers and heartbeats; gives back how many records of the matcher's inputs there are."""
    counts = publish(bootstrap, travellers(events))
    beats = heartbeats(START + timedelta(days=30))
    sender = producer(bootstrap)
    for value in beats:
        for partition in range(PARTITIONS):
            sender.produce(DEPARTURES, value, partition=partition)
    sender.flush()
    return sum(counts.values()) + len(beats) * PARTITIONS


def main() -> None:
    """Run everything and print the ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--stock-events", type=int, default=20_000)
    parser.add_argument("--seconds", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running_kafka(folder / "kafka", os.environ) as bootstrap:
            create_topics(bootstrap, ["bare.out"])
            total = backlog(bootstrap, options.events)
            bare = bare_loop(bootstrap, total)
            say(f"bare confluent-kafka loop (decode, re-send): {bare:.0f} records/s")
            ours = matcher_rate(bootstrap, total, folder)
            say(f"matcher (validation, all rules, transactions): {ours:.0f} records/s")
        with running_kafka(folder / "kafka2", os.environ) as bootstrap:
            create_topics(bootstrap, [stock_faust.OUTPUT, stock_faust.CHANGELOG])
            counts = publish(bootstrap, travellers(options.stock_events))
            stock = stock_rate(bootstrap, sum(counts[t] for t in TRANSIT), folder)
            say(f"stock Faust (Table, take): {stock:.0f} events/s")
        with running_kafka(folder / "kafka3", os.environ) as bootstrap:
            create_topics(bootstrap)
            p50, p99 = latency(bootstrap, options.seconds, folder)
    say(
        f"matcher {ours:.0f} events/s, {ours / stock:.1f} x stock Faust, {ours / bare:.2f} x bare loop, "
        f"p50 {p50:.0f} ms, p99 {p99:.0f} ms"
    )


if __name__ == "__main__":
    main()
