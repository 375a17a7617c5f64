"""What a record becomes in the store, and what never gets there."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.codec import encode
from schemas.records import CommunityReport
from sinks.batch import Batch, rows_of
from sinks.rows import digest_of, owner_of, unreadable_crossing_row
from sinks.tables import COLUMNS, LATEST_MS, Place

GOLDEN = Path(__file__).parents[1] / "golden" / "v1"
TOPIC_OF = {
    "assessment-flagged": ("assessments", ["assessment_versions", "assessments"]),
    "assessment-matched": ("assessments", ["assessment_versions", "assessments"]),
    "cluster": ("clusters", ["clusters"]),
    "departure": ("departures", ["departures"]),
    "heartbeat": ("departures", ["heartbeats"]),
    "rejected": ("rejected.kepri", ["rejected"]),
    "review": ("reviews", ["reviews"]),
    "transit_event": ("transit.kepri", ["crossings"]),
}


def place(topic: str, **changes: Any) -> Place:
    fields: dict[str, Any] = {"topic": topic, "partition": 3, "offset": 41, "timestamp_ms": 1_772_416_800_250}
    return Place(**(fields | changes))


def golden(name: str) -> tuple[bytes | None, bytes]:
    value = (GOLDEN / f"{name}.json").read_bytes()
    block = json.loads(value).get("block")
    return (block.encode() if block else None), value


def row(table: str, key: bytes | None, value: bytes, topic: str) -> dict[str, Any]:
    into, values = rows_of(key, value, digest_of(value), place(topic))
    assert table in into
    return dict(zip(COLUMNS[table], values, strict=True))


@pytest.mark.parametrize("name", TOPIC_OF)
def test_every_golden_payload_has_its_tables_and_fills_their_columns(name: str) -> None:
    topic, tables = TOPIC_OF[name]
    key, value = golden(name)
    into, values = rows_of(key, value, digest_of(value), place(topic))
    assert list(into) == tables
    assert all(len(values) == len(COLUMNS[table]) for table in into)


def test_an_assessment_carries_its_findings_and_the_offset_as_its_version() -> None:
    key, value = golden("assessment-flagged")
    found = row("assessments", key, value, "assessments")
    assert (found["status"], found["score"], found["rules"]) == ("FLAGGED", 55, ["R01", "R08", "R09"])
    assert (found["version"], found["partition"], found["assessed_at"]) == (41, 3, 1_772_416_800_250)
    assert found["occurred_at"] == datetime(2026, 3, 2, 2, tzinfo=UTC).timestamp() * 1000
    assert json.loads(found["findings"]) == json.loads(value)["findings"]
    assert (found["departure_id"], found["tier"], found["match"]) == ("", "", "")


def test_a_match_is_kept_with_its_scores() -> None:
    found = row("assessments", *golden("assessment-matched"), "assessments")
    assert json.loads(found["match"]) == {"name_dice": 1.0, "same_sex": True, "same_origin": False}


def test_fields_of_tomorrow_are_not_stored() -> None:
    key, value = golden("assessment-flagged")
    body = json.loads(value)
    body["nama"] = "RAHASIA"
    body["findings"][0]["nama"] = "RAHASIA"
    body["match"] = {"name_dice": 0.9, "nama": "RAHASIA"}
    found = row("assessments", key, json.dumps(body).encode(), "assessments")
    assert "RAHASIA" not in str(found)
    assert json.loads(found["match"]) == {"name_dice": 0.9}


@pytest.mark.parametrize("name", ["transit_event", "departure"])
def test_the_name_code_stays_in_kafka(name: str) -> None:
    key, value = golden(name)
    topic, (table,) = TOPIC_OF[name]
    found = row(table, key, value, topic)
    assert json.loads(value)["name_code"] not in str(found)
    assert "kept" not in str(found)


def test_the_ledger_counts_what_nobody_can_read() -> None:
    for value in (b"{", b"", None):
        (table,), values = rows_of(None, value, digest_of(value), place("transit.kalbar"))
        found = dict(zip(COLUMNS[table], values, strict=True))
        assert (table, found["readable"], found["province"], found["event_id"]) == ("crossings", 0, "kalbar", "")
        assert (found["offset"], found["digest"]) == (41, digest_of(value))


def test_an_unreadable_line_has_a_value_for_every_column() -> None:
    assert len(unreadable_crossing_row("0" * 64, place("transit.kepri"))) == len(COLUMNS["crossings"])


def test_a_crossing_in_another_province_s_topic_is_not_readable() -> None:
    key, value = golden("transit_event")
    assert row("crossings", key, value, "transit.kepri")["readable"] == 1
    assert row("crossings", key, value, "transit.kaltara")["readable"] == 0
    assert row("crossings", b"another key", value, "transit.kepri")["readable"] == 0


def test_what_the_pipeline_itself_said_wrongly_is_a_refusal_of_the_loader() -> None:
    value = b'{"event_id":"5399995705989001"}'
    found = row("rejected", None, value, "assessments")
    assert (found["stage"], found["reason"], found["owner"]) == ("loader", "missing_field", "")
    assert (found["topic"], found["partition"], found["offset"]) == ("assessments", 3, 41)
    assert (found["log_topic"], found["log_partition"], found["log_offset"]) == ("assessments", 3, 41)
    assert "5399995705989001" not in str(found)


def test_bytes_of_a_refusal_are_not_stored() -> None:
    found = row("rejected", *golden("rejected"), "rejected.kepri")
    assert (found["owner"], found["reason"], found["offset"]) == ("kepri", "not_json", 5)
    assert "e30=" not in str(found)


@pytest.mark.parametrize(("sent", "kept"), [(-1, 0), (0, 0), (2**63 - 1, LATEST_MS)])
def test_a_timestamp_that_a_sender_made_up_is_brought_within_what_the_store_keeps(sent: int, kept: int) -> None:
    assert place("assessments", timestamp_ms=sent).at_ms == kept


@pytest.mark.parametrize(
    ("topic", "owner"),
    [
        ("transit.kepri", "kepri"),
        ("rejected.kaltara", "kaltara"),
        ("departures", "registry"),
        ("rejected.registry", "registry"),
        ("reports", "registry"),
        ("assessments", ""),
    ],
)
def test_a_refusal_belongs_to_who_sent_the_record(topic: str, owner: str) -> None:
    assert owner_of(topic) == owner


def test_a_batch_has_one_list_a_table_and_counts_records_and_bytes() -> None:
    batch = Batch()
    sizes = 0
    for name, (topic, _) in TOPIC_OF.items():
        key, value = golden(name)
        batch.add(key, value, place(topic))
        sizes += len(value)
    assert (batch.records, batch.payload_bytes) == (len(TOPIC_OF), sizes)
    assert {table: len(lines) for table, lines in batch.filled().items()} == {
        "assessment_versions": 2,
        "assessments": 2,
        "crossings": 1,
        "departures": 1,
        "heartbeats": 1,
        "rejected": 1,
        "reviews": 1,
        "clusters": 1,
    }


def test_a_topic_that_is_not_the_loader_s_is_a_mistake_of_ours() -> None:
    report = CommunityReport.model_validate_json(golden("community_report")[1])
    with pytest.raises(ValueError, match="does not read reports"):
        Batch().add(None, encode(report), place("reports"))
