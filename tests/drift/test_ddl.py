"""Tables, the loader's columns and the treaty's fields are one list each, held equal here."""

from __future__ import annotations

import re

import pytest

from schemas.records import Departure, Document, Heartbeat, PolicyVersion, Readiness, Suppression, TransitEvent
from schemas.topics import TOPICS
from schemas.verdicts import Assessment, Cluster, Finding, MatchScores, Rejected, Review
from sinks import batch, rows
from sinks.migrating import shipped_migrations, statements
from sinks.tables import COLUMNS
from streams.policy import shipped_policy

_TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS (\w+)\s*\((.*?)\n\)\nENGINE", re.DOTALL)
_COLUMN = re.compile(r"^    `(\w+)` (.+?)(?: COMMENT '((?:''|[^'])+)')?(?: CODEC\(.*\))?,?$", re.MULTILINE)
SQL = [statement for migration in shipped_migrations() for statement in statements(migration.text)]
TABLES = {match[1]: _COLUMN.findall(match[2]) for statement in SQL if (match := _TABLE.match(statement))}
_ALTERED = re.compile(r"(?:--.*\n|\s)*ALTER TABLE (\w+)")
_ADDED = re.compile(
    r"ADD COLUMN IF NOT EXISTS `(\w+)` (.+?)(?: DEFAULT '\w+')? COMMENT '((?:''|[^'])+)'(?: AFTER `(\w+)`)?"
)
for _statement in SQL:
    if _match := _ALTERED.match(_statement):
        _columns = TABLES[_match[1]]
        for _name, _kind, _comment, _after in _ADDED.findall(_statement):
            _place = [c[0] for c in _columns].index(_after) + 1 if _after else len(_columns)
            _columns.insert(_place, (_name, _kind, _comment))
ALL_SQL = "\n".join(SQL)


def test_every_table_has_the_columns_that_the_loader_writes_in_that_order() -> None:
    made = {table: tuple(name for name, _, _ in columns) for table, columns in TABLES.items() if table != "settings"}
    assert made == dict(COLUMNS)


def test_every_column_says_what_it_is() -> None:
    assert [(table, name) for table, columns in TABLES.items() for name, _, comment in columns if not comment] == []


def test_times_are_utc_milliseconds_and_numbers_and_days_may_be_unknown() -> None:
    for columns in TABLES.values():
        for name, kind, _ in columns:
            if name.endswith("_at") or name == "complete_up_to":
                assert kind in ("DateTime64(3, 'UTC')", "Nullable(DateTime64(3, 'UTC'))"), name
            assert "Nullable(String)" not in kind


def test_no_column_can_hold_a_name_or_its_code() -> None:
    names = {name for columns in TABLES.values() for name, _, _ in columns}
    assert not {name for name in names if "name_code" in name or name in {"nik", "passport", "payload", "phone"}}
    assert {name for name in names if "nik" in name} == {"nik_token", "nik_birth_year"}


@pytest.mark.parametrize(
    ("model", "table", "elsewhere"),
    [
        (Assessment, "assessments", set()),
        (TransitEvent, "crossings", {"document", "name_code"}),
        (Departure, "departures", {"readiness", "name_code"}),
        (Heartbeat, "heartbeats", set()),
        (Rejected, "rejected", {"key_base64", "payload_base64"}),
        (Review, "reviews", set()),
        (Cluster, "clusters", set()),
        (PolicyVersion, "policies", set()),
        (Suppression, "suppressions", set()),
    ],
)
def test_every_field_of_a_record_has_its_column(model: type, table: str, elsewhere: set[str]) -> None:
    fields = set(model.model_fields) - {"schema_version", "record"}  # type: ignore[attr-defined]
    assert fields - set(COLUMNS[table]) == elsewhere


def test_nested_fields_have_their_columns() -> None:
    assert {f"document_{name}" for name in Document.model_fields} <= set(COLUMNS["crossings"])
    assert set(Readiness.model_fields) <= set(COLUMNS["departures"])
    assert set(Finding.model_fields) == set(rows._FINDING)
    assert set(MatchScores.model_fields) == rows._MATCH


def test_the_loader_reads_what_the_treaty_gives_it() -> None:
    assert set(batch.TOPICS) == {topic.name for topic in TOPICS if "loader" in topic.readers}


def test_the_views_begin_with_the_shipped_policy_s_allowance() -> None:
    (hours,) = re.findall(r"if\(count\(\) = 0, (\d+)\.,", ALL_SQL)
    assert int(hours) == shipped_policy().silence_allowance_hours


def test_nothing_needs_a_cluster_or_an_experimental_type() -> None:
    assert not re.search(r"\b(Replicated\w*|JSON\s*\(|Dynamic|Variant|MATERIALIZED VIEW|ON CLUSTER)\b", ALL_SQL)
