"""Publishing to a real broker: everything arrives, on the right partition, and what does not is named."""

from __future__ import annotations

import csv
import os
import socket
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer
from kafka.partitioner.default import murmur2

from lintas.stack.brokers import running_cluster, running_kafka
from producers.columns import CROSSINGS, DEPARTURES, HEARTBEATS, KINDS
from producers.connecting import PublishingFailed
from producers.publication import Publication, publish_file
from producers.publisher import Publisher
from schemas import topics
from schemas.codec import decode, decode_fact
from schemas.identity import LinkageKey
from schemas.records import Heartbeat, TransitEvent
from schemas.verdicts import Rejected
from schemas.vocabulary import Province

pytestmark = pytest.mark.kafka

KEY = LinkageKey("test", b"a test key of thirty-two bytes..")
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
PARTITIONS = 4
HEADER = "event_id,checkpoint_id,occurred_at,direction,name,birth_date,document_type,document_number,nik\n"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_kafka(tmp_path_factory.mktemp("kafka"), os.environ) as bootstrap:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap)
        names = (*topics.INPUTS, *topics.REJECTED)
        admin.create_topics({n: {"num_partitions": PARTITIONS, "replication_factor": 1} for n in names})
        admin.close()
        yield bootstrap


def publish(broker: str, path: Path, kind: str = "crossings", province: Province | None = None) -> Publication:
    with Publisher(broker) as publisher:
        return publish_file(path, KINDS[kind], province=province, key=KEY, clock=lambda: NOON, publisher=publisher)


def everything(broker: str, topic: str) -> list[tuple[int, bytes | None, bytes]]:
    consumer = KafkaConsumer(
        topic, bootstrap_servers=broker, auto_offset_reset="earliest", consumer_timeout_ms=4000, group_id=None
    )
    found = [(m.partition, m.key, m.value) for m in consumer]
    consumer.close()
    return found


def write(path: Path, *rows: str) -> Path:
    path.write_text(HEADER + "".join(row + "\n" for row in rows))
    return path


def test_every_row_arrives_once_under_its_block(broker: str, tmp_path: Path) -> None:
    rows = [
        f"K{i},ID-65-NNT,2026-11-03T09:30:00+08:00,out,MARIA SERAN,1998-{i % 12 + 1:02d}-17,passport,XX{i:07d},"
        for i in range(3000)
    ]
    result = publish(broker, write(tmp_path / "kaltara.csv", *rows))
    assert (result.read, result.accepted, result.records, result.exit_code) == (3000, 3000, 3000, 0)
    found = everything(broker, "transit.kaltara")
    events = [(p, k, decode_fact("transit.kaltara", k, v)) for p, k, v in found]
    ids = Counter(event.event_id for _, _, event in events if isinstance(event, TransitEvent))
    assert ids == Counter(f"K{i}" for i in range(3000))
    assert all(p == (murmur2(k or b"") & 0x7FFFFFFF) % PARTITIONS for p, k, _ in events)
    raw = b"".join(v for _, _, v in found)
    assert b"SERAN" not in raw
    assert b"XX000" not in raw
    assert b"1998-" not in raw


def test_a_refused_row_is_counted_in_the_provinces_topic_and_kept_beside_the_file(broker: str, tmp_path: Path) -> None:
    path = write(
        tmp_path / "kalbar.csv",
        "R1,ID-61-ETK,2026-11-03T09:30:00+07:00,out,MARIA SERAN,1998-05-17,passport,XX1234567,",
        'R2,ID-61-ETK,2026-11-03T09:30:00+07:00,out,"MARIA SERAN,1998-05-17,passport,XX1234568,',
        "R3,ID-61-ETK,2026-11-03T09:30:00,out,YOHANES BERE,1998-05-17,passport,XX1234569,",
        "R4,ID-21-BTC,2026-11-03T09:30:00+07:00,out,YOHANES BERE,1998-05-17,passport,XX1234569,",
    )
    result = publish(broker, path, province=Province.KALBAR)
    assert (result.read, result.accepted, result.exit_code) == (4, 1, 3)
    assert {r.value: n for r, n in result.refused.items()} == {
        "unreadable_row": 1,
        "naive_time": 1,
        "wrong_province": 1,
    }
    rejected = [decode(Rejected, v) for _, _, v in everything(broker, "rejected.kalbar")]
    assert {(r.line, r.reason.value) for r in rejected} == {
        (3, "unreadable_row"),
        (4, "naive_time"),
        (5, "wrong_province"),
    }
    assert all(r.payload_base64 is None and r.stage == "publisher" for r in rejected)
    raw = b"".join(v for _, _, v in everything(broker, "rejected.kalbar"))
    assert b"BERE" not in raw
    assert b"XX12345" not in raw
    assert result.refused_file is not None
    assert result.refused_file.stat().st_mode & 0o777 == 0o600
    with result.refused_file.open(newline="") as lines:
        kept = list(csv.DictReader(lines))
    assert [(row["line"], row["name"]) for row in kept] == [("3", ""), ("4", "YOHANES BERE"), ("5", "YOHANES BERE")]
    assert kept[0]["raw"].startswith("R2,ID-61-ETK")


def test_a_heartbeat_goes_to_every_partition_and_a_departure_under_each_of_its_blocks(
    broker: str, tmp_path: Path
) -> None:
    beats = tmp_path / "beats.csv"
    beats.write_text("source,complete_up_to\nLTSA,2026-11-03T00:00:00+08:00\n")
    assert publish(broker, beats, HEARTBEATS.name).records == PARTITIONS
    departures = tmp_path / "departures.jsonl"
    departures.write_text(
        '{"departure_id": "D1", "event": "registered", "source": "ltsa", "name": "MARIA SERAN", "birth_date": '
        '"1998-05-17", "passport": "XX1234567", "previous_passports": "XX7654321", "nik": "5399995605989001", '
        '"issued_at": "2026-10-01T08:00:00+08:00", "certificate": true}\n'
    )
    # blocks of the document's and of the NIK's birth date, weak blocks of two passports and the NIK,
    # and the years before and after either birth date
    assert publish(broker, departures, DEPARTURES.name).records == 9
    found = [(p, decode_fact("departures", k, v)) for p, k, v in everything(broker, "departures")]
    assert sorted(p for p, fact in found if isinstance(fact, Heartbeat)) == list(range(PARTITIONS))
    assert len(found) == PARTITIONS + 9


def test_without_a_broker_one_line_says_so_quickly() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(PublishingFailed, match="does not answer") as caught:
        Publisher(address, bootstrap_timeout_seconds=2)
    assert "\n" not in str(caught.value)


def test_a_missing_topic_is_named_before_anything_is_sent(broker: str) -> None:
    with Publisher(broker) as publisher, pytest.raises(PublishingFailed, match=r"transit\.bali"):
        publisher.check_topics(["transit.bali", "transit.kepri"])


def test_a_broker_that_dies_leaves_every_unacknowledged_line_named(tmp_path: Path) -> None:
    rows = [
        f"K{i},ID-21-BTC,2026-11-03T09:30:00+07:00,out,MARIA SERAN,1998-05-17,passport,XX{i:07d}," for i in range(400)
    ]
    path = write(tmp_path / "kepri.csv", *rows)
    (tmp_path / "kafka").mkdir()
    with running_kafka(tmp_path / "kafka", os.environ) as bootstrap:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap)
        names = ("transit.kepri", "rejected.kepri")
        admin.create_topics({n: {"num_partitions": PARTITIONS, "replication_factor": 1} for n in names})
        admin.close()
        publisher = Publisher(bootstrap, deadline_seconds=6, bootstrap_timeout_seconds=2)
        publisher.check_topics(names)
        assert publish_file(
            path, CROSSINGS, province=Province.KEPRI, key=KEY, clock=lambda: NOON, publisher=publisher
        ).exit_code == 0  # fmt: skip
        publisher.check_topics = lambda names: None  # type: ignore[method-assign]
    result = publish_file(path, CROSSINGS, province=Province.KEPRI, key=KEY, clock=lambda: NOON, publisher=publisher)
    assert result.exit_code == 1
    assert result.accepted == 0
    assert set(result.undelivered) == set(range(2, 402))
    assert "does not answer" in result.failure
    publisher.close(flush=False)


def test_a_broker_that_is_killed_and_comes_back_gets_every_row(tmp_path: Path) -> None:
    count = 6000
    rows = [
        f"K{i},ID-21-BTC,2026-11-03T09:30:00+07:00,out,MARIA SERAN,1998-{i % 12 + 1:02d}-17,passport,XX{i:07d},"
        for i in range(count)
    ]
    path = write(tmp_path / "kepri.csv", *rows)
    (tmp_path / "kafka").mkdir()
    with running_cluster(tmp_path / "kafka", os.environ) as cluster:
        admin = KafkaAdminClient(bootstrap_servers=cluster.bootstrap)
        names = ("transit.kepri", "rejected.kepri")
        admin.create_topics({n: {"num_partitions": PARTITIONS, "replication_factor": 1} for n in names})
        admin.close()
        (node,) = cluster.node_ids

        def interrupt(read: int) -> None:
            if read == count // 2:
                cluster.kill(node)
                cluster.start(node)

        with Publisher(cluster.bootstrap, deadline_seconds=60, bootstrap_timeout_seconds=5) as publisher:
            result = publish_file(
                path,
                CROSSINGS,
                province=Province.KEPRI,
                key=KEY,
                clock=lambda: NOON,
                publisher=publisher,
                on_progress=interrupt,
            )
        assert (result.failure, result.undelivered, result.accepted) == ("", {}, count)
        found = {decode(TransitEvent, v).event_id for _, _, v in everything(cluster.bootstrap, "transit.kepri")}
        assert found == {f"K{i}" for i in range(count)}
