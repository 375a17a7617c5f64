"""A broker whose disk is full ends itself; once there is room it goes on, and so does who was publishing."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lintas.stack.brokers import running_cluster
from lintas.topics_admin import admin_of, create_topics
from producers.columns import CROSSINGS
from producers.publication import Publication, publish_file
from producers.publisher import Publisher
from schemas.codec import decode
from schemas.identity import LinkageKey
from schemas.records import TransitEvent
from schemas.vocabulary import Province
from tests.faults.disks import fill, small_disk
from tests.faults.kept import until
from tests.faults.stage import LANES, read

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(200)]

DISK_BYTES = 128 << 20
LEFT_BYTES = 512 << 10
"""Less than the file takes. With nothing at all left the broker's mapped indexes have no page to grow into, and the
virtual machine may die of SIGBUS before Kafka can say why."""
ROWS = 6_000
HEADER = "event_id,checkpoint_id,occurred_at,direction,name,birth_date,document_type,document_number\n"


def test_a_full_broker_ends_itself_and_everything_arrives_when_there_is_room(tmp_path: Path) -> None:
    path, results, told = tmp_path / "crossings.csv", list[Publication](), list[str]()
    events = {f"d{number}" for number in range(ROWS)}
    row = "ID-21-BTC,2026-11-03T09:30:00+07:00,out,MARIA SERAN"
    path.write_text(HEADER + "".join(f"d{n},{row},19{n % 60 + 40}-03-17,passport,XX{n:07d}\n" for n in range(ROWS)))
    with small_disk(tmp_path / "disk", DISK_BYTES) as disk, running_cluster(disk / "kafka", os.environ) as cluster:
        with admin_of((cluster.bootstrap,)) as admin:
            create_topics(admin, partitions=LANES, replication=1)
        with Publisher(cluster.bootstrap, deadline_seconds=100, on_wait=told.append) as publisher:
            publish = threading.Thread(target=lambda: results.append(published(path, publisher)))
            ballast = fill(disk, but_bytes=LEFT_BYTES)
            publish.start()
            until(lambda: cluster.exit_code(1) is not None)
            assert cluster.exit_code(1) == 1
            assert "No space left on device" in (disk / "kafka" / "n1" / "broker.log").read_text()
            until(lambda: told)
            assert told[0].startswith(f"Kafka at {cluster.bootstrap} acknowledges nothing: waiting for it")
            ballast.unlink()
            cluster.start(1)
            publish.join(100)
        (result,) = results
        assert (result.failure, result.exit_code, result.accepted) == ("", 0, ROWS)
        arrived = (decode(TransitEvent, record.value).event_id for record in read(cluster.bootstrap, "transit.kepri"))
        assert set(arrived) == events
        assert told[-1] == f"Kafka at {cluster.bootstrap} answers again"


def published(path: Path, publisher: Publisher) -> Publication:
    key, noon = LinkageKey("test", b"a test key of thirty-two bytes.."), datetime(2026, 11, 3, 12, tzinfo=UTC)
    return publish_file(path, CROSSINGS, province=Province.KEPRI, key=key, clock=lambda: noon, publisher=publisher)
