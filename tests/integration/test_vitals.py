"""Health and metrics over HTTP: the small server, and everything that a working stack exposes."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaProducer
from prometheus_client.parser import text_string_to_metric_families

from lintas.failing import Failure
from lintas.provision.__main__ import ask_health
from lintas.stackfile import METRICS_OF
from schemas.errors import Reason
from schemas.verdicts import Status
from schemas.vitals import Health, VitalsServer, address_of
from schemas.vocabulary import Source
from sinks.batch import TOPICS
from sinks.metrics import OUTAGES, OWNERS, STAGES
from sinks.tables import COLUMNS
from streams.batches import LaneState
from streams.metrics import OUTCOMES
from tests.integration.known import write
from tests.integration.stacked import Stack
from tests.integration.test_identity_canary import accepted_crossings, hits, refused_crossings

pytestmark = pytest.mark.stack

NUMBER = re.compile(r"\d+")
ALLOWED: dict[str, set[str] | re.Pattern[str]] = {
    "lane": NUMBER,
    "partition": NUMBER,
    "le": re.compile(r"[\d.]+|\+Inf"),
    "topic": {*TOPICS, "reports"},
    "owner": set(OWNERS),
    "reason": {reason.value for reason in Reason},
    "stage": set(STAGES),
    "status": {status.value for status in Status},
    "state": {state.value for state in LaneState},
    "outcome": set(OUTCOMES),
    "result": {"committed", "failed"},
    "source": {source.value for source in Source},
    "table": set(COLUMNS),
    "outage": set(OUTAGES),
    "at": set(OUTAGES),
    "cause": re.compile(r"[A-Za-z_]+"),
    "part": {"broker", "clickhouse", "provision", "matcher", "loader"},
}


@pytest.fixture
def sick() -> Iterator[VitalsServer]:
    server = VitalsServer(
        ("127.0.0.1", 0),
        metrics=lambda: ("text/plain", b"m 1\n"),
        live=lambda: Health(ok=True),
        ready=lambda: Health(ok=False, why="lanes 3 are not open"),
    )
    yield server
    server.close()


def ask(server: VitalsServer, path: str, method: str = "GET") -> tuple[int, str]:
    connection = http.client.HTTPConnection(server.address, timeout=5)
    connection.request(method, path)
    answer = connection.getresponse()
    told = answer.status, answer.read().decode()
    connection.close()
    return told


def test_the_three_paths_answer_and_others_do_not(sick: VitalsServer) -> None:
    assert ask(sick, "/metrics") == (200, "m 1\n")
    assert ask(sick, "/livez") == (200, '{"ok": true, "why": ""}\n')
    assert ask(sick, "/readyz") == (503, '{"ok": false, "why": "lanes 3 are not open"}\n')
    assert ask(sick, "/readyz", "HEAD") == (503, "")
    assert ask(sick, "/")[0] == 404
    assert ask(sick, "/metrics", "POST")[0] == 501


def test_a_client_that_says_nothing_does_not_keep_others_waiting(sick: VitalsServer) -> None:
    host, port = address_of(sick.address)
    silent = http.client.HTTPConnection(host, port)
    silent.connect()
    assert ask(sick, "/livez")[0] == 200
    silent.close()


def test_a_health_check_fails_with_the_words_of_the_process(sick: VitalsServer) -> None:
    ask_health(f"http://{sick.address}/livez")
    with pytest.raises(Failure, match="lanes 3 are not open"):
        ask_health(f"http://{sick.address}/readyz")
    sick_address = sick.address
    with pytest.raises(Failure, match="does not answer"):
        ask_health(f"http://{sick_address.rpartition(':')[0]}:1/readyz")


def test_the_server_ends_with_its_thread() -> None:
    before = threading.active_count()
    server = VitalsServer(
        ("127.0.0.1", 0), metrics=lambda: ("", b""), live=lambda: Health(ok=True), ready=lambda: Health(ok=True)
    )
    server.close()
    assert threading.active_count() == before


def strangers(text: str) -> list[str]:
    """Labels whose name or value is none of this program's own."""
    found = []
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            for name, value in sample.labels.items():
                allowed = ALLOWED.get(name, set())
                known = value in allowed if isinstance(allowed, set) else allowed.fullmatch(value)
                if not known:
                    found.append(f"{sample.name}{{{name}={value}}}")
    return found


@pytest.mark.parametrize("label", ['event_id="canary-1"', 'topic="ZWQORILLA"', 'lane="5399992911619471x"'])
def test_a_label_that_names_anything_else_is_seen(label: str) -> None:
    assert strangers(f"lintas_matcher_facts{{{label}}} 1\n")


def test_a_working_stack_exposes_counts_and_no_person(stack: Stack, tmp_path: Path) -> None:
    rows = [*accepted_crossings()[:40], *refused_crossings()[:40]]
    rows = [row | {"event_id": f"vitals-{row['event_id']}"} for row in rows]
    stack.publish("crossings", write(tmp_path / "canary.csv", "crossings", rows), expect=3)
    producer = KafkaProducer(bootstrap_servers=stack.kafka)
    producer.send("transit.kepri", key=b"ZWQORILLA", value=b'{"name": "ZWQORILLA')
    producer.send("assessments", key=b"ZWQORILLA", value=b'{"name": "ZWQORILLA')
    producer.flush()
    producer.close()
    stack.wait()
    told = {}
    for part in METRICS_OF:
        connection = http.client.HTTPConnection("127.0.0.1", stack.ports[METRICS_OF[part]], timeout=10)
        connection.request("GET", "/metrics")
        told[part] = connection.getresponse().read().decode()
        connection.close()
        ask_health(f"http://127.0.0.1:{stack.ports[METRICS_OF[part]]}/livez")
        ask_health(f"http://127.0.0.1:{stack.ports[METRICS_OF[part]]}/readyz")
        assert strangers(told[part]) == []
        assert hits(told[part].encode()) == []
    assert value(told["matcher"], "lintas_matcher_refused_total", topic="transit.kepri", reason="not_json") >= 1
    assert value(told["matcher"], "lintas_matcher_outcomes_total", outcome="fact") >= 1
    assert value(told["loader"], "lintas_loader_rejected_total", owner="kepri", stage="publisher") >= 1
    assert value(told["loader"], "lintas_loader_rejected_total", owner="", stage="loader") >= 1
    assert value(told["loader"], "lintas_loader_rows_total", table="crossings") >= 40
    assert value(told["supervisor"], "lintas_part_up", part="loader") == 1


def value(text: str, name: str, **labels: str) -> float:
    """One sample."""
    families = text_string_to_metric_families(text)
    (found,) = [s.value for f in families for s in f.samples if s.name == name and s.labels == labels]
    return float(found)


def test_status_shows_lanes_counts_and_where_the_metrics_are(stack: Stack) -> None:
    told = stack.run("status", "--format", "json").rows
    parts = {row["part"]: row for row in told if row["kind"] == "part"}
    for part, name in METRICS_OF.items():
        assert parts[part]["metrics"] == f"127.0.0.1:{stack.ports[name]}"
    lanes = [row for row in told if row["kind"] == "lane"]
    assert [row["lane"] for row in lanes] == [0, 1, 2, 3]
    assert {row["state"] for row in lanes} == {"open"}
    assert {row["part"] for row in told if row["kind"] == "outcome"} == {"matcher", "loader"}
    screen = stack.run("status").out
    assert f"127.0.0.1:{stack.ports['metrics_matcher']}" in screen
    assert "4 lanes open" in screen
