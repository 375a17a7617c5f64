"""Records, places and databases for tests of the sinks."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from clickhouse_driver import Client
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.structs import OffsetAndMetadata

from lintas.clickhouse import ClickHouseAddress
from schemas import topics
from schemas.brokers import BrokerKind
from schemas.codec import encode
from schemas.errors import Reason
from schemas.records import PolicyVersion, Record, Suppression
from schemas.verdicts import Assessment, Cluster, Finding, MatchScores, Rejected, Review
from schemas.vocabulary import Direction, DocumentType, Province, ReviewVerdict, Status, Tier
from sinks.batch import TOPICS, Batch
from sinks.consuming import Feed
from sinks.loader import Loader
from sinks.migrating import migrate
from sinks.settings import Settings, StoreAddress
from sinks.store import Store, connect
from sinks.tables import Place
from streams.policy import shipped_policy, shipped_text
from tests.people import BATAM, T0, crossing, departure, heartbeats

PARTITIONS = 2
BLOCK = "test:uzqzbdlmhi7oabwnknqgfakrda"


def finding(rule: str, *evidence: str) -> Finding:
    return Finding(
        rule=rule,
        version=1,
        weight=30,
        evidence=evidence,
        sentence_id="kalimat",
        sentence_en="sentence",
        clears_id="gugur",
        clears_en="clears",
    )


def verdict(event_id: str = "e1", status: Status = Status.FLAGGED, **changes: Any) -> Assessment:
    flagged = status is Status.FLAGGED
    fields: dict[str, Any] = {
        "event_id": event_id,
        "province": Province.KEPRI,
        "block": BLOCK,
        "checkpoint_id": BATAM,
        "occurred_at": T0,
        "direction": Direction.OUT,
        "document_type": DocumentType.PASSPORT,
        "status": status,
        "score": 60 if flagged else 0,
        "findings": (finding("R01", f"event:kepri/{event_id}", "watermark:LTSA"),) if flagged else (),
        "departure_id": "d1" if status is Status.MATCHED else None,
        "tier": Tier.PASSPORT if status is Status.MATCHED else None,
        "match": MatchScores(name_dice=1.0, same_sex=True) if status is Status.MATCHED else None,
        "policy": "2efab6d346819280",
    }
    return Assessment(**(fields | changes))


def refusal(**changes: Any) -> Rejected:
    fields: dict[str, Any] = {
        "reason": Reason.BAD_TIME,
        "message": "not a time",
        "field": "occurred_at",
        "stage": "publisher",
        "topic": "transit.kepri",
        "line": 3,
        "digest": "0" * 64,
        "happened_at": T0,
    }
    return Rejected(**(fields | changes))


def review(review_id: str = "r1", event_id: str = "e1") -> Review:
    return Review(
        review_id=review_id,
        event_id=event_id,
        province=Province.KEPRI,
        verdict=ReviewVerdict.REFERRED,
        note="diserahkan ke satgas desa",
        reviewer="analis-1",
        reviewed_at=T0 + timedelta(hours=5),
    )


def cluster(*members: str) -> Cluster:
    return Cluster(
        cluster_id="c1",
        kind="document",
        status=Status.FLAGGED,
        score=70,
        members=members,
        policy="0000000000000000",
        findings=(finding("R12"),),
    )


def version() -> PolicyVersion:
    return PolicyVersion(
        name="ntt",
        text=shipped_text(),
        digest=shipped_policy().digest,
        author="Maria",
        activated_by="Yosef",
        effective_from=T0,
        activated_at=T0,
    )


def suppression() -> Suppression:
    return Suppression(
        suppression_id="s1",
        event_id="e1",
        province=Province.KEPRI,
        block=BLOCK,
        rules=("R01",),
        reason="sudah diperiksa",
        made_by="analis-1",
        made_at=T0,
        until=T0 + timedelta(days=30),
    )


def one_of_everything(count: int = 5) -> list[tuple[str, Record | bytes]]:
    """Records for every topic that the loader reads, with two that nobody can read."""
    said: list[tuple[str, Record | bytes]] = []
    for number in range(count):
        event = crossing(event_id=f"e{number}", at=T0 + timedelta(minutes=number), device_id="gate-1", sequence=number)
        said += [
            ("transit.kepri", event),
            (topics.ASSESSMENTS, verdict(f"e{number}", Status.PENDING)),
            (topics.ASSESSMENTS, verdict(f"e{number}", Status.FLAGGED if number % 2 else Status.MATCHED)),
        ]
    said += [(topics.DEPARTURES, departure()), *((topics.DEPARTURES, beat) for beat in heartbeats())]
    said += [("transit.kalbar", b"{"), (topics.ASSESSMENTS, b'{"record":"assessment"}')]
    said += [("rejected.kepri", refusal()), ("rejected.registry", refusal(topic="departures", line=4))]
    said += [(topics.POLICIES, version()), (topics.SUPPRESSIONS, suppression()), (topics.SHADOW_ASSESSMENTS, verdict())]
    return [*said, (topics.REVIEWS, review()), (topics.CLUSTERS, cluster("e1", "e3"))]


@dataclass
class Written:
    """A log without Kafka: what is said stands at the next offset of partition 0, a second after the last."""

    client: Client
    clock: datetime = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
    offsets: Iterator[int] = field(default_factory=itertools.count)

    def say(self, *records: tuple[str, Record | bytes] | tuple[str, Record | bytes, bytes | None]) -> None:
        batch = Batch()
        for topic, record, *rest in records:
            self.clock += timedelta(seconds=1)
            key = rest[0] if rest else key_of(record)
            value = record if isinstance(record, bytes) else encode(record)
            place = Place(
                topic=topic,
                partition=0,
                offset=next(self.offsets),
                timestamp_ms=int(self.clock.timestamp() * 1000),
            )
            batch.add(key, value, place)
        for table, lines in batch.filled().items():
            assert Store(self.client).insert(table, lines) == []


def key_of(record: Record | bytes) -> bytes | None:
    if isinstance(record, Review):
        return record.event_id.encode()
    if isinstance(record, Cluster):
        return record.cluster_id.encode()
    block = getattr(record, "block", None)
    return block.encode() if block else None


_opened: list[Client] = []


def client_of(address: StoreAddress) -> Client:
    """A client that is closed with its database."""
    _opened.append(connect(address))
    return _opened[-1]


@contextmanager
def own_database(server: ClickHouseAddress) -> Iterator[StoreAddress]:
    """An empty database with all tables."""
    name = f"t{uuid.uuid4().hex[:12]}"
    address = StoreAddress(
        host=server.host, port=server.port, user=server.user, password=server.password, database=name
    )
    root = connect(StoreAddress(host=server.host, port=server.port, user=server.user, password=server.password))
    root.execute(f"CREATE DATABASE {name}")
    try:
        migrate(client_of(address))
        yield address
    finally:
        for client in [c for c in _opened if c.connection.database == name]:
            client.disconnect()
            _opened.remove(client)
        root.execute(f"DROP DATABASE {name}")
        root.disconnect()


def create_topics(bootstrap: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    wanted = {t.name: {"num_partitions": PARTITIONS, "replication_factor": 1} for t in topics.TOPICS}
    admin.create_topics(wanted)
    admin.close()


def send(bootstrap: str, records: Iterable[tuple[str, Record | bytes]]) -> None:
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    for topic, record in records:
        value = record if isinstance(record, bytes) else encode(record)
        producer.send(topic, value, key=key_of(record))
    producer.flush()
    producer.close()


class Log:
    """The part of a broker's log that one test has written: a group of its own begins where the test begins."""

    def __init__(self, bootstrap: str, kind: BrokerKind = BrokerKind.KAFKA) -> None:
        self.bootstrap, self.kind = bootstrap, kind
        self.starts = self.ends()

    def ends(self) -> dict[TopicPartition, int]:
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap)
        partitions = [TopicPartition(t, p) for t in TOPICS for p in range(PARTITIONS)]
        found: dict[TopicPartition, int] = consumer.end_offsets(partitions)
        consumer.close()
        return found

    def new_group(self) -> str:
        group = f"loader-{uuid.uuid4().hex[:12]}"
        self.go_back(group)
        return group

    def go_back(self, group: str) -> None:
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap, group_id=group, enable_auto_commit=False)
        consumer.assign(list(self.starts))
        consumer.commit({tp: OffsetAndMetadata(offset, "", -1) for tp, offset in self.starts.items()})
        consumer.close()

    def committed(self, group: str) -> dict[TopicPartition, int]:
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap, group_id=group, enable_auto_commit=False)
        consumer.assign(list(self.starts))
        found = {tp: consumer.committed(tp) for tp in self.starts}
        consumer.close()
        return found

    def settings(self, address: StoreAddress) -> Settings:
        return Settings(kafka=(self.bootstrap,), store=address, broker_kind=self.kind, pace_ms=20)


def loader_of(
    log: Log, address: StoreAddress, group: str, *, feed: type[Feed] = Feed, store: Store | None = None
) -> Loader:
    settings = log.settings(address)
    return Loader(settings, feed(settings, TOPICS, group=group), store or Store(client_of(address)))


def load_all(loader: Loader, log: Log, group: str) -> None:
    """Load until the group's offsets stand at the end of the log."""
    ends = log.ends()
    for _ in range(30):
        loader.step()
        if loader.partitions and not loader.lag and log.committed(group) == ends:
            break
    else:
        raise AssertionError(f"not at the end after 30 steps: {loader.status()}")
    loader.stop()
    loader.run()
