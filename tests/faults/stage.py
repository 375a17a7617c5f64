"""Kafka, ClickHouse, a matcher and a loader, with a proxy on every link between them; and what they must agree on."""

from __future__ import annotations

import itertools
import os
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from clickhouse_driver import Client
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from lintas.clickhouse import ClickHouseAddress, running_clickhouse
from lintas.lag import lags_of, readers
from lintas.stack.brokers import KafkaCluster
from lintas.stack.jars import kafka_jars
from lintas.stack.java import find_java
from lintas.stack.kafka import Door, cluster_nodes, prepare
from lintas.stack.ports import free_ports
from lintas.topics_admin import admin_of, create_topics
from schemas.codec import decode, decode_fact, encode
from schemas.topics import ASSESSMENTS, INPUTS
from schemas.verdicts import Assessment
from sinks.migrating import migrate
from sinks.queries import accounting
from sinks.settings import StoreAddress
from sinks.store import connect
from streams.admission import digest_of
from streams.casebook import Admitted, Casebook
from streams.policy import shipped_policy
from tests.faults.kept import Kept, until
from tests.faults.proxy import FaultProxy
from tests.people import BATAM, NUNUKAN, SEKUPANG, T0, TARAKAN, Person, crossing, departure, heartbeats

LANES = 4
LINKS = ("matcher-kafka", "loader-kafka", "loader-clickhouse", "publisher-kafka")
Sent = list[tuple[str, bytes | None, bytes, int | None]]
"""Topic, key, value, and the partition where the key does not choose it."""


@dataclass(slots=True, kw_only=True)
class Stage:
    """All that runs, and all that was ever published to it."""

    folder: Path
    bootstrap: str
    """The broker without a proxy between."""
    cluster: KafkaCluster
    store: ClickHouseAddress
    proxies: dict[str, FaultProxy]
    sent: Sent = field(default_factory=list)
    worlds: Iterator[int] = field(default_factory=itertools.count)
    kept: dict[str, Kept] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Of a loader, whose ClickHouse is behind a proxy too."""
        secret = self.folder / "password"
        secret.write_text(self.store.password)
        return {
            "LINTAS_KAFKA": self.proxies["loader-kafka"].address,
            "LINTAS_CLICKHOUSE": self.proxies["loader-clickhouse"].address,
            "LINTAS_CLICKHOUSE_USER": self.store.user,
            "LINTAS_CLICKHOUSE_PASSWORD_FILE": str(secret),
            "LINTAS_CLICKHOUSE_DATABASE": self.store.database,
        }

    def start(self) -> None:
        """Start matcher and loader, and wait until both work."""
        matching = {"LINTAS_KAFKA": self.proxies["matcher-kafka"].address}
        self.kept["matcher"] = Kept("streams", matching, self.folder / "matcher")
        self.kept["loader"] = Kept("sinks", self.environment(), self.folder / "loader")
        for process in self.kept.values():
            process.wait_ready()

    def new_world(self, *, people: int = 40, crossings: int = 300) -> Sent:
        """Facts that no other world has."""
        return world(next(self.worlds), people=people, crossings=crossings)

    def publish(self, facts: Sent, *, seconds: float = 0.0) -> None:
        """Send all, spread over a time, past every proxy."""
        producer = KafkaProducer(bootstrap_servers=self.bootstrap, linger_ms=5)
        begun = time.monotonic()
        for place, (topic, key, value, partition) in enumerate(facts):
            producer.send(topic, key=key, value=value, partition=partition)
            if seconds and place % 20 == 0:
                producer.flush()
                time.sleep(max(0.0, begun + seconds * place / len(facts) - time.monotonic()))
        producer.flush()
        producer.close()
        self.sent += facts

    @contextmanager
    def publishing(self, facts: Sent, *, seconds: float) -> Iterator[None]:
        """Send facts while the block runs."""
        sending = threading.Thread(target=self.publish, args=(facts,), kwargs={"seconds": seconds})
        sending.start()
        try:
            yield
        finally:
            sending.join()

    def wait_done(self, seconds: float = 120.0) -> None:
        """Until matcher and loader have done all there is, and say that they wait for nothing."""
        with admin_of((self.bootstrap,)) as admin:

            def behind() -> int:
                return sum(lag.behind for group, topics in readers().items() for lag in lags_of(admin, group, topics))

            until(lambda: behind() == 0 and behind() == 0, seconds=seconds, what=self.last_words)
        for process in self.kept.values():
            process.wait_ready()

    def last_words(self) -> str:
        """Of all processes."""
        told = (f"--- {name} {p.codes} {p.status()}\n{p.said()[-2500:]}" for name, p in self.kept.items())
        return "not done in time\n" + "\n".join(told)

    @contextmanager
    def tables(self) -> Iterator[Client]:
        """A client past every proxy."""
        address = self.store
        client = connect(
            StoreAddress(
                host=address.host,
                port=address.port,
                user=address.user,
                password=address.password,
                database=address.database,
            )
        )
        try:
            yield client
        finally:
            client.disconnect()

    def assert_right(self) -> None:
        """The verdicts are those of an undisturbed run, none was said twice in a row, and the store has just these."""
        log = read_verdicts(self.bootstrap)
        last = {event: verdicts[-1] for event, verdicts in log.items()}
        assert last == right_verdicts(self.sent + self.published_by_others())
        assert [event for event, vs in log.items() for a, b in itertools.pairwise(vs) if a == b] == []
        with self.tables() as client:
            versions = client.execute("SELECT count() FROM assessment_versions FINAL")[0][0]
            stored = client.execute("SELECT province, event_id, status, score FROM assessments FINAL")
        assert versions == sum(map(len, log.values()))
        assert sorted(stored) == sorted((p, e, a.status.value, a.score) for (p, e), a in last.items())
        self.assert_accounts()

    def published_by_others(self) -> Sent:
        """What is in the inputs beside `sent`: the publisher's rows, as they arrived."""
        ours = {(topic, value) for topic, _, value, _ in self.sent}
        return [
            (r.topic, r.key, r.value, None) for r in read(self.bootstrap, *INPUTS) if (r.topic, r.value) not in ours
        ]

    def assert_accounts(self) -> None:
        """Every record has become exactly one thing."""
        with self.tables() as client:
            accounts = accounting(client)
        assert accounts
        for row in accounts:
            assert row["published"] == row["assessed"] + row["rejected"] + row["duplicate"], row

    def end(self) -> list[int]:
        """End matcher and loader; their exit codes."""
        return [process.end() for process in self.kept.values()]


@contextmanager
def running_stage(folder: Path) -> Iterator[Stage]:
    """A stage for the length of a block; matcher and loader are started by `start`."""
    with ExitStack() as open_things:
        port, controller, *doors = free_ports(2 + 3)
        kafka_links = [link for link in LINKS if link.endswith("-kafka")]
        proxies = {
            link: open_things.enter_context(FaultProxy(door)) for link, door in zip(kafka_links, doors, strict=True)
        }
        (node,) = cluster_nodes(folder / "kafka", (port, controller))
        listeners = tuple(
            Door(name=link.split("-")[0].upper(), port=proxy.target_port, advertised_port=proxy.port)
            for link, proxy in proxies.items()
        )
        nodes = (replace(node, doors=listeners),)
        java, jars = find_java(os.environ), kafka_jars(os.environ)
        prepare(nodes, java, jars)
        cluster = KafkaCluster(nodes, java, jars)
        open_things.callback(cluster.stop)
        cluster.start()
        address = open_things.enter_context(running_clickhouse(folder / "clickhouse"))
        proxies["loader-clickhouse"] = open_things.enter_context(FaultProxy(address.port))
        stage = Stage(folder=folder, bootstrap=cluster.bootstrap, cluster=cluster, store=address, proxies=proxies)
        with admin_of((stage.bootstrap,)) as admin:
            create_topics(admin, partitions=LANES, replication=1)
        with stage.tables() as client:
            migrate(client)
        try:
            yield stage
        finally:
            stage.end()


# ------------------------------------------------------------------------------------------ the world and its verdicts


def world(seed: int, *, people: int, crossings: int) -> Sent:
    """Crossings and registrations in any order, a tenth of them twice, and the heartbeats at the end."""
    chance = random.Random(seed)
    travellers = [
        Person(
            name=f"{chance.choice(['MARIA', 'YOHANES', 'ROSALIA'])} {chance.choice(['SERAN', 'BERE', 'NAHAK'])}",
            born=date(1990, 1, 1) + timedelta(days=chance.randrange(4000)),
            passport=f"XX{seed:03d}{number:04d}",
            nik=None,
        )
        for number in range(people)
    ]
    facts: list[tuple[str, Any]] = []
    for number in range(crossings):
        event = crossing(
            chance.choice(travellers),
            event_id=f"w{seed}-{number}",
            checkpoint_id=chance.choice([BATAM, NUNUKAN, TARAKAN, SEKUPANG]),
            at=T0 + timedelta(minutes=chance.randrange(50_000)),
        )
        facts.append((f"transit.{event.province.value}", event))
    facts += [("departures", departure(p, departure_id=f"w{seed}-d{n}")) for n, p in enumerate(travellers) if n % 2]
    sent: Sent = [(topic, fact.block.encode(), encode(fact), None) for topic, fact in facts]
    sent += chance.sample(sent, len(sent) // 10)
    chance.shuffle(sent)
    return sent + [("departures", None, encode(h), lane) for h in heartbeats() for lane in range(LANES)]


def right_verdicts(sent: Sent) -> dict[tuple[str, str], Assessment]:
    """What a book says that knew everything before it was asked."""
    book = Casebook(shipped_policy())
    book.replay(Admitted(decode_fact(topic, key, value), digest_of(value)) for topic, key, value, _ in sent)
    return {(a.province.value, a.event_id): a for a in book.verdicts()}


def read_verdicts(address: str) -> dict[tuple[str, str], list[Assessment]]:
    """The committed verdicts by event, oldest first."""
    found: dict[tuple[str, str], list[Assessment]] = defaultdict(list)
    for record in read(address, ASSESSMENTS):
        assessment = decode(Assessment, record.value)
        found[assessment.province.value, assessment.event_id].append(assessment)
    return found


def read(address: str, *topics: str) -> list[Any]:
    """All committed records."""
    consumer = KafkaConsumer(bootstrap_servers=address, isolation_level="read_committed", enable_auto_commit=False)
    places = [TopicPartition(topic, lane) for topic in topics for lane in range(LANES)]
    consumer.assign(places)
    consumer.seek_to_beginning()
    ends = consumer.end_offsets(places)
    found: list[Any] = []
    deadline = time.monotonic() + 60
    while any(consumer.position(p) < ends[p] for p in places):
        assert time.monotonic() < deadline, "the log could not be read to its end"
        for records in consumer.poll(timeout_ms=200).values():
            found += records
    consumer.close()
    return found
