"""The loader from Kafka to queryable, and each of its steps alone, on one Apache Kafka and one ClickHouse in one run.

Usage: python bench/loader.py [--records 200000]

Every figure is given as wall time and as processor time a record; the last line begins `loader N rows/s`.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import psutil  # noqa: E402

from bench.backlog import PLACES, START, Message  # noqa: E402
from bench.kafka_side import Progress, create_topics, publish  # noqa: E402
from bench.processes import process, say  # noqa: E402
from lintas.clickhouse import ClickHouseAddress, start_clickhouse  # noqa: E402
from lintas.stack.brokers import running_kafka  # noqa: E402
from lintas.stack.parts import Child  # noqa: E402
from schemas.codec import encode  # noqa: E402
from schemas.topics import ASSESSMENTS  # noqa: E402
from schemas.verdicts import Assessment, Finding, MatchScores  # noqa: E402
from schemas.vocabulary import Direction, DocumentType, Purpose, Sex, Status, Tier  # noqa: E402
from sinks.batch import TOPICS, Batch  # noqa: E402
from sinks.consuming import Delivery, Feed  # noqa: E402
from sinks.migrating import migrate  # noqa: E402
from sinks.settings import GROUP, Settings, StoreAddress  # noqa: E402
from sinks.store import Store, connect  # noqa: E402
from sinks.tables import Place  # noqa: E402

PAGE = 5_000
DATABASE = "lintas"
STATUSES = (Status.MATCHED, Status.OUT_OF_SCOPE, Status.PENDING, Status.UNREGISTERED, Status.FLAGGED)
SHARES = (4, 46, 20, 22, 8)
SENTENCE = "Pelintas keluar dengan tujuan bekerja tanpa pendaftaran penempatan yang berlaku pada tanggal itu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a step took, for all records together."""

    wall_seconds: float
    client_seconds: float
    """Processor time of the loader's side."""
    server_seconds: float = 0.0
    """Processor time of the ClickHouse server."""


def verdicts(count: int, *, seed: int = 1) -> Iterator[Message]:
    """Verdicts as a season gives them: a third on crossings that were assessed before, one in twelve flagged."""
    chance = random.Random(seed)
    for number in range(count):
        province, place = chance.choice(PLACES)
        (status,) = chance.choices(STATUSES, SHARES)
        flagged, matched = status is Status.FLAGGED, status is Status.MATCHED
        block = f"bench:{chance.randrange(20_000):026d}"
        record = Assessment(
            event_id=f"b-{number * 2 // 3}",
            province=province,
            block=block,
            checkpoint_id=place,
            occurred_at=START + timedelta(minutes=chance.randrange(60 * 24 * 60)),
            direction=chance.choice((Direction.OUT, Direction.IN)),
            document_type=DocumentType.PASSPORT,
            sex=chance.choice((Sex.F, Sex.M)),
            age_years=chance.randrange(16, 70),
            origin_region=chance.choice(("539999", "539999", "350199", None)),
            purpose=chance.choice(tuple(Purpose)),
            destination_country="MY",
            service_no=f"CT {chance.randrange(40)}",
            status=status,
            score=chance.randrange(50, 95) if flagged else 0,
            findings=tuple(_finding(rule, number) for rule in ("R01", "R07")[: 1 + number % 2]) if flagged else (),
            departure_id=f"b-d{number}" if matched else None,
            tier=Tier.PASSPORT if matched else None,
            match=MatchScores(name_dice=0.97, same_sex=True, same_origin=True) if matched else None,
            missing=("watermark:LTSA",) if status is Status.PENDING else (),
            policy="2efab6d346819280",
        )
        yield Message(ASSESSMENTS, block.encode(), encode(record))


def _finding(rule: str, number: int) -> Finding:
    return Finding(
        rule=rule,
        version=1,
        weight=40,
        evidence=(f"event:kepri/b-{number}", "watermark:LTSA", "watermark:BP3MI"),
        sentence_id=SENTENCE,
        sentence_en=SENTENCE,
        clears_id=SENTENCE,
        clears_en=SENTENCE,
    )


class Meter:
    """Wall and processor time of a block, on both sides."""

    def __init__(self, server: psutil.Process | None, client: psutil.Process | None = None) -> None:
        self._server, self._client = server, client or psutil.Process()

    def __enter__(self) -> Meter:
        self._before = self._now()
        return self

    def __exit__(self, *_: object) -> None:
        wall, client, server = (b - a for a, b in zip(self._before, self._now(), strict=True))
        self.cost = Cost(wall_seconds=wall, client_seconds=client, server_seconds=server)

    def _now(self) -> tuple[float, float, float]:
        return time.monotonic(), _cpu(self._client), _cpu(self._server)


def _cpu(running: psutil.Process | None) -> float:
    if running is None:
        return 0.0
    try:
        times = running.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def consume(settings: Settings, count: int) -> tuple[Cost, list[Delivery]]:
    """Take the whole topic, a page at a time, as the loader does."""
    feed = Feed(settings, TOPICS, group="bench-consume")
    feed.open()
    found: list[Delivery] = []
    while not found:
        found = feed.poll(1_000, PAGE)
    skipped = len(found)
    with Meter(None) as meter:
        while len(found) < count:
            found += feed.poll(1_000, PAGE)
    feed.close()
    share = count / (count - skipped)
    cost = meter.cost
    return Cost(wall_seconds=cost.wall_seconds * share, client_seconds=cost.client_seconds * share), found


def decode(records: list[Delivery], size: int) -> tuple[Cost, list[Batch]]:
    """Read and validate every record and gather its rows."""
    batches = []
    with Meter(None) as meter:
        for start in range(0, len(records), size):
            batch = Batch()
            for record in records[start : start + size]:
                batch.add(
                    record.key, record.value, Place(record.topic, record.partition, record.offset, record.timestamp)
                )
            batches.append(batch)
    return meter.cost, batches


def insert(store: Store, batches: list[Batch], server: psutil.Process | None) -> Cost:
    """Put the rows into both tables of verdicts."""
    with Meter(server) as meter:
        for batch in batches:
            for table, lines in batch.filled().items():
                if store.insert(table, lines):
                    raise AssertionError("the server refused rows")
    return meter.cost


def whole(bootstrap: str, address: StoreAddress, count: int, folder: Path, server: psutil.Process | None) -> Cost:
    """The loader as a process, from its first committed offset to its last: what is committed is queryable."""
    secret = folder / "password"
    secret.write_text(address.password)
    env = {
        "LINTAS_KAFKA": bootstrap,
        "LINTAS_CLICKHOUSE": f"{address.host}:{address.port}",
        "LINTAS_CLICKHOUSE_USER": address.user,
        "LINTAS_CLICKHOUSE_PASSWORD_FILE": str(secret),
        "LINTAS_CLICKHOUSE_DATABASE": address.database,
    }
    progress, first = Progress(bootstrap, GROUP, (ASSESSMENTS,)), 0
    with process("-m", "sinks", env=env, log=folder / "loader.log") as running:
        until = time.monotonic() + 300
        while not first:
            ask(running, until, folder)
            first = progress.committed()
        with Meter(server, psutil.Process(running.id.pid)) as meter:
            while progress.committed() < count:
                ask(running, until, folder)
    progress.close()
    say((folder / "loader.log").read_text().splitlines()[-1])
    share = count / (count - first)
    cost = meter.cost
    return Cost(
        wall_seconds=cost.wall_seconds * share,
        client_seconds=cost.client_seconds * share,
        server_seconds=cost.server_seconds * share,
    )


def ask(running: Child, until: float, folder: Path) -> None:
    """A moment's pause, if the loader still runs."""
    if running.exit_code() is not None or time.monotonic() > until:
        raise AssertionError((folder / "loader.log").read_text())
    time.sleep(0.05)


def line(name: str, cost: Cost, count: int) -> None:
    """One step: rows a second, and microseconds of each processor a record."""
    rate = count / cost.wall_seconds
    client, server = 1e6 * cost.client_seconds / count, 1e6 * cost.server_seconds / count
    say(f"{name:<18}{rate:>9.0f} rows/s {client:>7.1f} us/row loader {server:>7.1f} us/row clickhouse")


def fresh(address: ClickHouseAddress | StoreAddress, name: str) -> StoreAddress:
    """An empty database with all tables."""
    where: dict[str, Any] = {"host": address.host, "port": address.port}
    where |= {"user": address.user, "password": address.password}
    root = connect(StoreAddress(**where, database=address.database))
    root.execute(f"CREATE DATABASE {name}")
    root.disconnect()
    made = StoreAddress(**where, database=name)
    client = connect(made)
    migrate(client)
    client.disconnect()
    return made


def main() -> None:
    """Run every step alone, then all together."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", type=int, default=200_000)
    options = parser.parse_args()
    count: int = options.records
    gc.set_threshold(50_000, 20, 50)  # as the loader does
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clickhouse = start_clickhouse(folder / "clickhouse")
        server = psutil.Process(clickhouse.process.pid)
        try:
            with running_kafka(folder / "kafka", os.environ) as bootstrap:
                create_topics(bootstrap)
                publish(bootstrap, verdicts(count))
                address = fresh(clickhouse.address, "alone")
                settings = Settings(kafka=(bootstrap,), store=address)
                consumed, records = consume(settings, count)
                line("consume", consumed, count)
                decoded, batches = decode(records, settings.batch_records)
                line("decode", decoded, count)
                store = Store(connect(address))
                inserted = insert(store, batches, server)
                store.close()
                line("insert", inserted, count)
                loaded = whole(bootstrap, fresh(clickhouse.address, "together"), count, folder, server)
                line("loader, whole", loaded, count)
        finally:
            clickhouse.stop()
    busy = loaded.client_seconds + loaded.server_seconds
    say(f"the server's share of the processor time: {loaded.server_seconds / busy:.0%}")
    say(f"loader {count / loaded.wall_seconds:.0f} rows/s")


if __name__ == "__main__":
    main()
