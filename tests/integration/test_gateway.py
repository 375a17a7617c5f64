"""The gateway on a real broker: a row over HTTP is the row of a file, and is accepted once Kafka has it."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer

from lintas.stack.brokers import running_cluster, running_kafka
from lintas.topics_admin import admin_of, create_topics
from producers.columns import CROSSINGS
from producers.publication import publish_file
from producers.publisher import Publisher
from schemas.codec import decode
from schemas.errors import MEND, Reason
from schemas.records import TransitEvent
from schemas.verdicts import Rejected
from tests.integration.gatewayed import KEY, NDJSON, Gateway, fuzz, running_gateway
from tests.integration.stacked import lintas
from tests.integration.test_identity_canary import (
    accepted_crossings,
    hits,
    json_lines,
    refused_crossings,
    registrations,
    sightings,
)

pytestmark = pytest.mark.kafka

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
ROW = {
    "checkpoint_id": "ID-21-TBK",
    "occurred_at": "2026-11-03T09:30:00+07:00",
    "direction": "out",
    "document_number": "XX0000017",
    "name": "MARIA CONTOH",
    "birth_date": "1998-05-17",
}


def with_topics(bootstrap: str) -> str:
    with admin_of([bootstrap]) as admin:
        create_topics(admin, partitions=4, replication=1)
    return bootstrap


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_kafka(tmp_path_factory.mktemp("kafka"), os.environ) as bootstrap:
        yield with_topics(bootstrap)


@pytest.fixture(scope="module")
def gateway(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    place = tmp_path_factory.mktemp("gateway")
    with running_gateway(place, broker, "--rate", "1000", "--burst", "10000") as running:
        yield running


@pytest.fixture(scope="module")
def kepri(gateway: Gateway) -> str:
    return gateway.key("--province", "kepri")


def values(broker: str, topic: str) -> list[tuple[bytes | None, bytes]]:
    consumer = KafkaConsumer(
        topic, bootstrap_servers=broker, auto_offset_reset="earliest", consumer_timeout_ms=3000, group_id=None
    )
    found = [(m.key, m.value) for m in consumer]
    consumer.close()
    return found


def events(broker: str, prefix: str, topic: str = "transit.kepri") -> list[str]:
    found = [decode(TransitEvent, value).event_id for _, value in values(broker, topic)]
    return [one for one in found if one.startswith(prefix)]


def test_a_row_over_http_is_byte_for_byte_the_row_of_a_file(
    broker: str, gateway: Gateway, kepri: str, tmp_path: Path
) -> None:
    rows = [ROW | {"purpose": "berlibur", "carrier": "KM LANTERN", "payer": "0811", "sequence": n} for n in range(3)]
    reply = gateway.post("crossings", rows, kepri)
    assert (reply.status, reply.json["taken"]) == (200, 3)
    assert reply.results[0]["warnings"] == ["unknown_word:purpose"]
    ids = {one["event_id"] for one in reply.results}
    file = tmp_path / "same.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with Publisher(broker) as publisher:
        done = publish_file(file, CROSSINGS, province=None, key=KEY, clock=lambda: NOON, publisher=publisher)
    assert done.accepted == 3
    mine = [one for one in values(broker, "transit.kepri") if decode(TransitEvent, one[1]).event_id in ids]
    assert len(mine) == 6
    assert len(set(mine)) == 3


def test_each_row_is_told_what_became_of_it_and_refusals_are_counted(broker: str, gateway: Gateway, kepri: str) -> None:
    rows: list[Any] = [
        ROW | {"event_id": "P-0"},
        ROW | {"event_id": "P-1", "occurred_at": "2026-11-03T09:30:00"},
        ROW | {"event_id": "P-2", "checkpoint_id": "ID-61-ETK"},
        17,
        ROW | {"event_id": "P-4"},
        ROW | {"event_id": "P-5", "document_number": ["XX0000017"]},
    ]
    reply = gateway.post("crossings", rows, kepri)
    assert reply.status == 207
    told = [(one["index"], one["status"], one.get("code")) for one in reply.results]
    assert told == [
        (0, "accepted", None),
        (1, "rejected", "naive_time"),
        (2, "rejected", "wrong_province"),
        (3, "rejected", "not_an_object"),
        (4, "accepted", None),
        (5, "rejected", "wrong_type"),
    ]
    assert reply.results[1]["field"] == "occurred_at"
    assert reply.results[1]["mend"] == MEND[Reason.NAIVE_TIME]
    assert sorted(events(broker, "P-")) == ["P-0", "P-4"]
    refused = {r.digest: r for r in (decode(Rejected, value) for _, value in values(broker, "rejected.kepri"))}
    for one in reply.results:
        if one["status"] == "rejected":
            found = refused[one["digest"]]
            assert (found.reason.value, found.line, found.stage) == (one["code"], one["index"] + 1, "publisher")
            assert found.payload_base64 is None


def test_a_request_of_which_nothing_is_taken_is_no_success(gateway: Gateway, kepri: str) -> None:
    assert gateway.post("crossings", ROW | {"direction": "up"}, kepri).status == 422


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"", "application/json", 400, "empty"),
        (b"[]", "application/json", 400, "empty"),
        (b"\n\n", NDJSON, 400, "empty"),
        (b"17", "application/json", 400, "not_an_object"),
        (b'{"name": "MARIA', "application/json", 400, "not_json"),
        (b'[{"a": 1}, {"b": 2}', "application/json", 400, "not_json"),
        (b'[{"a": 1}] tail', "application/json", 400, "not_json"),
        (b'{"a": 1}, {"b": 2}', "application/json", 400, "not_json"),
        (b"[" * 100_000, "application/json", 400, "not_json"),
        (b'{"a": "\xff"}', "application/json", 400, "not_utf8"),
        (b"a,b\n1,2\n", "text/csv", 415, "unsupported_form"),
        (b"{}", "application/json; charset=latin-1", 415, "unsupported_form"),
    ],
)
def test_a_body_that_cannot_be_read_publishes_nothing_and_says_why(
    gateway: Gateway, kepri: str, body: bytes, kind: str, status: int, code: str
) -> None:
    reply = gateway.ask("/v1/crossings", body, key=kepri, kind=kind)
    assert (reply.status, reply.json["code"]) == (status, code)
    assert reply.headers["content-type"] == "application/problem+json"


def test_an_array_that_breaks_after_many_rows_publishes_none_of_them(broker: str, gateway: Gateway, kepri: str) -> None:
    whole = json.dumps([ROW | {"event_id": f"BROKEN-{i}"} for i in range(1200)]).encode()
    assert gateway.ask("/v1/crossings", whole[:-1], key=kepri).json["code"] == "not_json"
    assert events(broker, "BROKEN-") == []


def test_ndjson_is_taken_line_by_line(broker: str, gateway: Gateway, kepri: str) -> None:
    lines = [json.dumps(ROW | {"event_id": f"ND-{i}"}).encode() for i in range(3000)]
    lines[1700] = b"{not json"
    lines[2000] = json.dumps(ROW | {"name": "X" * 300_000}).encode()
    reply = gateway.ask("/v1/crossings", b"\n\n".join(lines), key=kepri, kind=NDJSON)
    assert (reply.status, reply.json["taken"], reply.json["rejected"]) == (207, 2998, 2)
    refused = {one["index"]: one["code"] for one in reply.results if one["status"] == "rejected"}
    assert refused == {1700: "not_json", 2000: "too_large"}
    assert len(events(broker, "ND-")) == 2998


def test_a_dry_run_reads_everything_and_publishes_nothing(broker: str, gateway: Gateway, kepri: str) -> None:
    body = json.dumps([ROW | {"event_id": "DRY-1"}, {}]).encode()
    reply = gateway.ask("/v1/crossings?dry_run=true", body, key=kepri)
    assert [one["status"] for one in reply.results] == ["checked", "rejected"]
    assert events(broker, "DRY-") == []


def test_the_same_key_and_body_have_one_answer_and_another_body_is_a_conflict(
    broker: str, gateway: Gateway, kepri: str
) -> None:
    row = ROW | {"event_id": "IDEM-1"}
    first = gateway.post("crossings", row, kepri, Idempotency_Key="one")
    again = gateway.post("crossings", row, kepri, Idempotency_Key="one")
    assert (first.status, again.status, again.body) == (200, 200, first.body)
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    other = gateway.post("crossings", row | {"sequence": 2}, kepri, Idempotency_Key="one")
    assert (other.status, other.json["code"]) == (409, "idempotency_key_reused")
    assert events(broker, "IDEM-") == ["IDEM-1"]
    elsewhere = gateway.key("--province", "kepri")
    assert gateway.post("crossings", row | {"sequence": 3}, elsewhere, Idempotency_Key="one").status == 200


def test_two_at_once_with_one_idempotency_key_are_done_once(broker: str, gateway: Gateway, kepri: str) -> None:
    rows = [ROW | {"event_id": f"TWICE-{i}"} for i in range(400)]
    found: list[int] = []

    def post() -> None:
        found.append(gateway.post("crossings", rows, kepri, Idempotency_Key="both").status)

    threads = [threading.Thread(target=post) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert set(found) <= {200, 409}
    assert 200 in found
    assert len(events(broker, "TWICE-")) == 400


def test_a_key_opens_only_what_is_its_owners(broker: str, gateway: Gateway, kepri: str) -> None:
    batam = gateway.key("--province", "kepri", "--checkpoint", "ID-21-BTC", "--note", "Batam Centre")
    registry, sisaga = gateway.key("--for", "registry"), gateway.key("--for", "sisaga")
    wrong = gateway.post("crossings", ROW | {"event_id": "OWN-1"}, batam)
    assert (wrong.status, wrong.results[0]["code"]) == (422, "wrong_checkpoint")
    assert gateway.post("crossings", ROW | {"event_id": "OWN-2", "checkpoint_id": "ID-21-BTC"}, batam).status == 200
    beat = {"source": "LTSA", "complete_up_to": "2026-11-03T00:00:00+08:00"}
    assert gateway.post("heartbeats", beat, registry).status == 200
    for kind, key in (("heartbeats", kepri), ("crossings", registry), ("reports", registry), ("departures", sisaga)):
        assert gateway.post(kind, beat, key).json["code"] == "wrong_key"
    for bad in ("", "x", kepri[:-1], kepri.replace("lintas.", "lintas"), f"{kepri}x"):
        assert gateway.post("crossings", ROW, bad).status == 401
    assert events(broker, "OWN-") == ["OWN-2"]


def test_a_revoked_key_is_let_in_no_more_and_no_secret_stands_in_the_file(gateway: Gateway) -> None:
    key = gateway.key("--province", "kepri")
    assert gateway.post("crossings", ROW, key).status == 200
    name, secret = key.split(".")[1:]
    kept = (gateway.directory / "gateway" / "keys.json").read_text()
    assert name in kept
    assert secret not in kept
    assert lintas("gateway", "key", "revoke", name, "--dir", gateway.directory).code == 0
    assert gateway.post("crossings", ROW, key).status == 401
    assert lintas("gateway", "key", "revoke", name, "--dir", gateway.directory).code == 1


def test_a_report_with_a_key_too_many_is_refused_as_a_whole(broker: str, gateway: Gateway) -> None:
    sisaga = gateway.key("--for", "sisaga")
    report = {"case_id": "S-1", "reported_at": "2026-11-03T08:00:00+08:00", "name": "MARIA CONTOH"}
    before = len(values(broker, "reports"))
    reply = gateway.post("reports", [report, report | {"reporter": "YOHANES BERE"}], sisaga)
    assert (reply.status, reply.json["code"]) == (400, "unknown_column")
    assert b"BERE" not in reply.body
    assert b'reporter"' not in reply.body
    assert len(values(broker, "reports")) == before
    assert gateway.post("reports", report, sisaga).status == 200


def test_too_many_requests_and_too_large_bodies_are_told_so(broker: str, tmp_path: Path) -> None:
    with running_gateway(tmp_path / "g", broker, "--rate", "0.5", "--burst", "3", "--body-bytes", "2000") as small:
        key, other = small.key("--province", "kepri"), small.key("--province", "kepri")
        large = small.ask("/v1/crossings", json.dumps(ROW | {"name": "X" * 3000}).encode(), key=key)
        assert (large.status, large.json["code"]) == (413, "body_too_large")

        def endless() -> Iterator[bytes]:
            yield from [b'{"name": "' + b"X" * 1000] * 5

        chunked = small.ask("/v1/crossings", endless(), key=key)  # type: ignore[arg-type]
        assert chunked.status == 413
        assert small.post("crossings", ROW, key).status == 200
        limited = small.post("crossings", ROW, key)
        assert limited.status == 429
        assert 1 <= int(limited.headers["retry-after"]) <= 2
        assert small.post("crossings", ROW, other).status == 200
        time.sleep(2.1)
        assert small.post("crossings", ROW, key).status == 200


def test_while_kafka_is_away_nothing_is_acknowledged_and_afterwards_all_is_taken(tmp_path: Path) -> None:
    (tmp_path / "kafka").mkdir()
    with running_cluster(tmp_path / "kafka", os.environ) as cluster:
        with_topics(cluster.bootstrap)
        (node,) = cluster.node_ids
        with running_gateway(tmp_path / "g", cluster.bootstrap) as gateway:
            key = gateway.key("--province", "kepri")
            assert gateway.post("crossings", ROW | {"event_id": "AWAY-0"}, key).status == 200
            cluster.kill(node)
            rows = [ROW | {"event_id": f"AWAY-{i}"} for i in range(1, 4)]
            away = gateway.post("crossings", rows, key, Idempotency_Key="away")
            assert (away.status, away.json["code"]) == (503, "kafka_away")
            assert int(away.headers["retry-after"]) > 0
            assert "results" not in away.json
            assert gateway.ask("/readyz").status == 503
            assert gateway.ask("/livez").status == 200
            cluster.start(node)
            until = time.monotonic() + 60
            while gateway.ask("/readyz").status != 200:
                assert time.monotonic() < until
                time.sleep(0.2)
            again = gateway.post("crossings", rows, key, Idempotency_Key="away")
            assert (again.status, again.json["taken"]) == (200, 3)
        assert set(events(cluster.bootstrap, "AWAY-")) == {f"AWAY-{i}" for i in range(4)}


def test_no_identity_stands_in_an_answer_or_in_the_log(gateway: Gateway, kepri: str) -> None:
    """The rows of the canary of files, over HTTP; and identities in paths, queries and headers."""
    registry, sisaga = gateway.key("--for", "registry"), gateway.key("--for", "sisaga")
    gateway.replies.clear()
    for kind, (good, bad), key in (
        ("crossings", (accepted_crossings(), refused_crossings()), kepri),
        ("departures", registrations(), registry),
        ("reports", sightings(), sisaga),
    ):
        assert gateway.post(kind, good, key).status == 200
        assert gateway.post(kind, bad, key).status == 422
    gateway.ask("/v1/crossings", b"\n".join(json_lines()), key=kepri, kind=NDJSON)
    for line in json_lines():
        gateway.ask("/v1/crossings", line, key=kepri)
    for path in ("/v1/ZWQORILLA", "/v1/crossings?dry_run=5399992911619471", "/v1/crossings?nik=5399992911619471"):
        gateway.ask(path, b"{}", key=kepri)
        gateway.ask(path)
    gateway.ask("/v1/crossings", b"{}", key="ZWQORILLA")
    gateway.post("crossings", ROW, kepri, Idempotency_Key="5399992911619471 ZWQORILLA")
    gateway.post("crossings", ROW, kepri, Idempotency_Key="5399992911619471")
    gateway.ask("/v1/crossings", b"{}", key=kepri, kind="application/ZWQORILLA")
    assert len(gateway.replies) > 25
    for reply in gateway.replies:
        assert reply.status < 500
        assert hits(reply.body) == []
    assert '"route": "/v1/crossings"' in gateway.log
    assert hits(gateway.log.encode()) == []
    for file in (gateway.directory / "gateway").iterdir():
        assert hits(file.read_bytes()) == [], file


def test_fuzzing_by_the_openapi_document_finds_nothing(gateway: Gateway, kepri: str, tmp_path: Path) -> None:
    """Schemathesis writes requests by the document and against it, and compares every answer with it."""
    keys = {
        "crossings": kepri,
        "departures": gateway.key("--for", "registry"),
        "reports": gateway.key("--for", "sisaga"),
    }
    keys["heartbeats"] = keys["departures"]
    fuzz(gateway, keys, tmp_path, "--exclude-path", "/v1/receipts", "--max-time", "60")  # it has no store to ask
