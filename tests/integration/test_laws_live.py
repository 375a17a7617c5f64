"""The laws, on the running stack: what holds for the pure core holds for what analysts see."""

from __future__ import annotations

import csv
import random
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.integration.known import (
    NOT_YET_REPORTED,
    NUNUKAN,
    Traveller,
    crossing,
    departure,
    heartbeats,
    world,
    write,
    write_all,
)
from tests.integration.simulated import Reference, publish_all, simulated
from tests.integration.stacked import (
    Stack,
    assert_balanced,
    difference,
    repeated,
    running_stack,
    verdicts,
    versions_of,
)

pytestmark = [pytest.mark.stack, pytest.mark.twice]
SEED = 20260302
PARTS = 2


def test_the_same_facts_shuffled_doubled_and_split_give_the_same_flags(reference: Reference, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    pieces = []
    for kind, file in simulated(tmp_path / "in"):
        with file.open(encoding="utf-8", newline="") as source:
            header, *rows = csv.reader(source)
        rows += rows
        chance.shuffle(rows)
        for number in range(PARTS):
            piece = tmp_path / f"{number}-{file.name}"
            with piece.open("w", encoding="utf-8", newline="") as target:
                csv.writer(target).writerows([header, *rows[number::PARTS]])
            pieces.append((kind, piece))
    chance.shuffle(pieces)
    with running_stack(tmp_path / "s") as other:
        publish_all(other, pieces)
        found, accounts = other.flags(), other.accounting()
    assert verdicts(found) == verdicts(reference.flags), f"seed {SEED}"
    assert_balanced(accounts)
    for province, row in reference.accounting.items():
        assert accounts[province]["assessed"] == row["assessed"]
        assert accounts[province]["duplicate"] == row["published"]


def test_a_late_registration_withdraws_and_the_history_keeps_both_verdicts(stack: Stack, tmp_path: Path) -> None:
    people = [Traveller(number=n, world=10, name=name) for n, name in enumerate(("LAURENSIA BAU", "YULIANA SERAN"))]
    flagged = Traveller(number=2, world=10, name="THERESIA ABUK")
    ids = ("late-pending", "late-unregistered", "late-flagged")
    rows = [
        crossing(ids[0], people[0], day=NOT_YET_REPORTED),
        crossing(ids[1], people[1]),
        crossing(ids[2], flagged, issue_office="Blitar", issued_on="2026-02-01"),
    ]
    stack.publish("heartbeats", write(tmp_path / "h.csv", "heartbeats", heartbeats()))
    stack.publish("crossings", write(tmp_path / "c.csv", "crossings", rows))
    stack.wait()
    first = stack.flags("late-")
    assert [first[i]["status"] for i in ids] == ["PENDING", "UNREGISTERED", "FLAGGED"]
    before = _now()
    registrations = [
        departure("LATE-0", people[0], planned_date=NOT_YET_REPORTED),
        departure("LATE-1", people[1]),
        departure("LATE-2", flagged),
    ]
    stack.publish("departures", write(tmp_path / "d.csv", "departures", registrations))
    stack.wait()
    second = stack.flags("late-")
    assert [second[i]["status"] for i in ids] == ["MATCHED", "MATCHED", "MATCHED"]
    assert [second[i]["departure_id"] for i in ids] == ["LATE-0", "LATE-1", "LATE-2"]
    assert stack.flags("late-", "--as-of", before) == first
    assert stack.flags("late-", "--as-of", _now()) == second
    withdrawn = stack.run("flags", "--status", "WITHDRAWN", "--format", "json").rows
    assert [row["event_id"] for row in withdrawn if row["event_id"].startswith("late-")] == ["late-flagged"]
    for event_id in ids:
        (told,) = stack.run("explain", event_id, "--format", "json").rows
        assert [h["status"] for h in told["history"]] == [first[event_id]["status"], "MATCHED"]
        for lang in ("id", "en"):
            text = stack.run("explain", event_id, "--lang", lang).out
            assert first[event_id]["status"] in text
            assert "MATCHED" in text


def test_absence_counts_only_once_every_registry_has_reported_past_the_grace(stack: Stack, tmp_path: Path) -> None:
    who = Traveller(number=3, world=10, name="EMERENSIANA HALE")
    row = crossing("absence-1", who, place=NUNUKAN, day=date(2028, 2, 3))
    stack.publish("crossings", write(tmp_path / "c.csv", "crossings", [row]))
    reported = heartbeats("2028-02-06T09:30:00+08:00")  # the crossing plus 72 hours, to the second
    for name, some, wanted in (
        ("three", reported[:3], "PENDING"),
        ("early", ({"source": "G2G", "complete_up_to": "2028-02-06T09:29:59+08:00"},), "PENDING"),
        ("all", reported, "UNREGISTERED"),
    ):
        stack.publish("heartbeats", write(tmp_path / f"{name}.csv", "heartbeats", some))
        stack.wait()
        assert stack.flags("absence-1")["absence-1"]["status"] == wanted, name


def test_publishing_the_same_files_again_changes_no_verdict_and_adds_no_version(stack: Stack, tmp_path: Path) -> None:
    known = world("again", 11)
    files = write_all(known, tmp_path)
    publish_all(stack, files)
    first, versions, accounts = stack.flags("again"), versions_of(stack, "again"), stack.accounting()
    assert len(first) == len(known.expected)
    publish_all(stack, files)
    assert stack.flags("again") == first
    assert versions_of(stack, "again") == versions
    assert not repeated(versions)
    after = stack.accounting()
    assert_balanced(after)
    assert difference(accounts, after) == {
        province: {"published": len(rows), "assessed": 0, "rejected": 0, "duplicate": len(rows)}
        for province, rows in known.crossings.items()
    }


def test_the_store_is_the_same_after_a_rebuild_from_the_log(stack: Stack, tmp_path: Path) -> None:
    publish_all(stack, write_all(world("rebuilt", 12), tmp_path))
    flags, accounts, sums = stack.flags(), stack.accounting(), dict(_sums(stack))
    assert sums["assessments"][0] >= len(flags) > 0
    told = stack.run("rebuild", "--format", "json").rows
    assert {row["table"] for row in told} == sums.keys() - {"settings", "schema_migrations"}
    assert all(row["equal"] and row["before"] == row["after"] for row in told)
    assert stack.flags() == flags
    assert stack.accounting() == accounts
    assert dict(_sums(stack)) == sums
    assert [row for row in told if row["rows_before"] != row["rows_after"]] == []


def _sums(stack: Stack) -> Iterator[tuple[str, tuple[int, int]]]:
    """A checksum of our own over every column of every table."""
    with stack.tables() as client:
        names = client.execute(
            "SELECT name FROM system.tables WHERE database = 'lintas' AND engine LIKE '%MergeTree' ORDER BY name"
        )
        for (name,) in names:
            ((count, total),) = client.execute(f"SELECT count(), groupBitXor(sipHash64(*)) FROM {name} FINAL")
            yield name, (count, total)


def _now() -> str:
    time.sleep(0.05)  # later than what was just assessed, by any clock that counts milliseconds
    moment = datetime.now(UTC).isoformat()
    time.sleep(0.05)
    return moment
