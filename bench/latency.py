"""How long it takes from publish to queryable in ClickHouse, at a steady rate, through matcher and loader."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import orjson
from clickhouse_driver import Client

from bench.backlog import travellers
from bench.kafka_side import PARTITIONS, producer
from bench.processes import process, say
from lintas.clickhouse.running import ClickHouseAddress, running_clickhouse
from schemas.topics import TRANSIT
from sinks.migrating import migrate

RATE_PER_SECOND = 500


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
