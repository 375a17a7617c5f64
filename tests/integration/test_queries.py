"""What analysts ask, on the real engine: the answers are the same before and after merges."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from lintas.clickhouse import ClickHouseAddress, running_clickhouse
from schemas.records import Heartbeat
from schemas.vocabulary import Source, Status
from sinks.explaining import explain, reviews_of
from sinks.queries import (
    ANY,
    STATUSES,
    QueryError,
    accounting,
    clusters,
    feeds,
    flags,
    gaps,
    rejected,
    rejected_counts,
    set_silence_allowance,
)
from sinks.tables import COLUMNS
from sinks.upkeep import content_checksum, counts
from tests.integration.sinking import Written, client_of, cluster, finding, own_database, refusal, review, verdict
from tests.people import MARIA, NUNUKAN, T0, Person, crossing, departure

pytestmark = pytest.mark.clickhouse

KEYS = [
    *("event_id", "province", "checkpoint_id", "occurred_at", "status", "score", "rules"),
    *("departure_id", "tier", "policy", "version"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseAddress]:
    with running_clickhouse(tmp_path_factory.mktemp("clickhouse")) as address:
        yield address


@pytest.fixture
def written(server: ClickHouseAddress) -> Iterator[Written]:
    with own_database(server) as address:
        yield Written(client_of(address))


def merge(written: Written) -> None:
    for table in COLUMNS:
        written.client.execute(f"OPTIMIZE TABLE {table} FINAL")


def ids(rows: Iterator[dict[str, Any]]) -> list[str]:
    return [row["event_id"] for row in rows]


def seconds(at: datetime) -> datetime:
    return at + timedelta(milliseconds=500)


def test_a_flag_has_exactly_the_promised_keys(written: Written) -> None:
    at = datetime.fromisoformat("2026-03-02T09:00:00.250+07:00")
    written.say(("assessments", verdict("e1", occurred_at=at)), ("assessments", verdict("e2", Status.MATCHED)))
    (flag,) = flags(written.client)
    assert list(flag) == KEYS
    assert flag == {
        "event_id": "e1",
        "province": "kepri",
        "checkpoint_id": "ID-21-BTC",
        "occurred_at": "2026-03-02T02:00:00.250+00:00",
        "status": "FLAGGED",
        "score": 60,
        "rules": ["R01"],
        "departure_id": None,
        "tier": None,
        "policy": "2efab6d346819280",
        "version": 0,
    }
    (matched,) = flags(written.client, status="MATCHED")
    assert (matched["departure_id"], matched["tier"]) == ("d1", "passport")


def test_the_newest_version_counts_whatever_order_they_come_in(written: Written) -> None:
    written.say(("assessments", verdict("e1", Status.PENDING)), ("assessments", verdict("e1", Status.FLAGGED)))
    again = Written(written.client)  # the first version once more, after the second
    again.say(("assessments", verdict("e1", Status.PENDING)))
    assert ids(flags(written.client)) == ["e1"]
    assert ids(flags(written.client, status="PENDING")) == []
    merge(written)
    assert ids(flags(written.client)) == ["e1"]
    assert counts(written.client)["assessment_versions"] == 2


def test_flags_are_filtered_and_in_order_of_time(written: Written) -> None:
    for number, hours in enumerate((3, 1, 2)):
        written.say(("assessments", verdict(f"e{number}", occurred_at=T0 + timedelta(hours=hours))))
    kaltara = verdict(
        "k1", province="kaltara", checkpoint_id=NUNUKAN, occurred_at=T0, findings=(finding("R02"), finding("R15"))
    )
    written.say(("assessments", kaltara))
    client = written.client
    assert ids(flags(client)) == ["k1", "e1", "e2", "e0"]
    assert ids(flags(client, province="kaltara")) == ["k1"]
    assert ids(flags(client, rule="R15")) == ["k1"]
    assert ids(flags(client, since=T0 + timedelta(hours=1), until=T0 + timedelta(hours=3))) == ["e1", "e2"]
    assert ids(flags(client, province="x' OR 1 --", status=ANY)) == []


def test_what_was_known_then_can_be_asked(written: Written) -> None:
    written.say(("assessments", verdict("e1", Status.PENDING)))
    pending = written.clock
    written.say(("assessments", verdict("e1", Status.FLAGGED)))
    flagged = written.clock
    written.say(("assessments", verdict("e1", Status.MATCHED)))
    client = written.client
    for _ in range(2):
        assert ids(flags(client)) == []
        assert ids(flags(client, as_of=pending)) == []
        assert ids(flags(client, as_of=pending, status="PENDING")) == ["e1"]
        assert ids(flags(client, as_of=seconds(pending))) == []
        assert ids(flags(client, as_of=flagged)) == ["e1"]
        assert ids(flags(client, as_of=flagged, status="WITHDRAWN")) == []
        assert ids(flags(client, status="WITHDRAWN")) == ["e1"]
        assert ids(flags(client, as_of=pending - timedelta(seconds=1), status=ANY)) == []
        assert client.execute("SELECT event_id, status FROM flags_withdrawn") == [("e1", "MATCHED")]
        merge(written)


def test_two_provinces_may_use_one_event_id(written: Written) -> None:
    written.say(
        ("assessments", verdict("e1", Status.MATCHED)),
        ("assessments", verdict("e1", province="kalbar", checkpoint_id="ID-61-ETK")),
    )
    assert [(row["province"], row["status"]) for row in flags(written.client, status=ANY)] == [
        ("kalbar", "FLAGGED"),
        ("kepri", "MATCHED"),
    ]
    assert [entry["province"] for entry in explain(written.client, "e1")] == ["kalbar", "kepri"]
    assert [entry["province"] for entry in explain(written.client, "e1", "kepri")] == ["kepri"]


def test_a_naive_time_and_an_unknown_status_are_refused(written: Written) -> None:
    with pytest.raises(ValueError, match="offset"):
        flags(written.client, since=datetime(2026, 3, 2))  # noqa: DTZ001
    with pytest.raises(QueryError, match="FLAGGED"):
        flags(written.client, status="SUSPECT")
    with pytest.raises(QueryError, match="PENDING"):
        flags(written.client, status="UNVERIFIABLE", as_of=T0)


def test_a_stream_that_is_left_early_leaves_the_client_usable(written: Written) -> None:
    written.client.execute(
        "INSERT INTO assessments (event_id, province, status, version, occurred_at)"
        " SELECT toString(number), 'kepri', 'FLAGGED', number, now() FROM numbers(200000)"
    )
    rows = flags(written.client)
    next(rows)
    rows.close()  # type: ignore[attr-defined]
    assert sum(1 for _ in flags(written.client)) == 200_000  # and there is no limit


def test_pending_is_unverifiable_while_a_registry_that_it_waits_for_is_silent(written: Written) -> None:
    now = written.client.execute("SELECT now64(3, 'UTC')")[0][0]
    waits = verdict("e1", Status.PENDING, missing=("nik", "watermark"), occurred_at=now - timedelta(hours=90))
    old = verdict("e2", Status.PENDING, missing=("watermark",), occurred_at=now - timedelta(hours=200))
    written.say(("assessments", waits), ("assessments", old))
    assert ids(flags(written.client, status="UNVERIFIABLE")) == ["e2", "e1"]  # no registry was ever heard
    fresh = now - timedelta(hours=1)
    say_all_at(written, BP3MI=fresh, SISKOP2MI=fresh, G2G=fresh, LTSA=now - timedelta(hours=97))
    assert ids(flags(written.client, status="UNVERIFIABLE")) == ["e1"]  # LTSA has passed the old one
    assert ids(flags(written.client, status="PENDING")) == ["e2", "e1"]  # the log's own word stays
    set_silence_allowance(written.client, 98, changed_at=now)
    assert ids(flags(written.client, status="UNVERIFIABLE")) == []
    set_silence_allowance(written.client, 0.5, changed_at=now + timedelta(seconds=1))
    assert ids(flags(written.client, status="UNVERIFIABLE")) == ["e1"]


def say_all_at(written: Written, **up_to: datetime) -> None:
    written.say(*(("departures", Heartbeat(source=Source(name), complete_up_to=at)) for name, at in up_to.items()))


def row_of(written: Written, province: str) -> tuple[int, int, int, int]:
    (row,) = [row for row in accounting(written.client) if row["province"] == province]
    return row["published"], row["assessed"], row["rejected"], row["duplicate"]


def test_accounting_adds_up_with_repetitions_refusals_and_repairs(written: Written) -> None:
    assert [row["province"] for row in accounting(written.client)] == ["kepri", "kalbar", "kaltara"]
    assert row_of(written, "kepri") == (0, 0, 0, 0)
    written.say(("transit.kepri", crossing(event_id="e1")), ("transit.kepri", crossing(event_id="e2")))
    assert row_of(written, "kepri") == (2, 0, 0, 0)  # not in balance while verdicts are under way
    written.say(("assessments", verdict("e1", Status.PENDING)), ("assessments", verdict("e1", Status.FLAGGED)))
    written.say(("assessments", verdict("e2", Status.MATCHED)), ("transit.kepri", crossing(event_id="e1")))
    assert row_of(written, "kepri") == (3, 2, 0, 1)
    written.say(("transit.kepri", b"no json"))
    refused = {"stage": "matcher", "line": None, "partition": 0, "offset": 6}
    written.say(("rejected.kepri", refusal(**refused)), ("rejected.kepri", refusal(**refused)))
    assert row_of(written, "kepri") == (4, 2, 1, 1)
    written.say(("rejected.kepri", refusal(line=1)), ("rejected.kepri", refusal(line=2)))
    assert row_of(written, "kepri") == (6, 2, 3, 1)
    # refused by the matcher for its place only, then sent again to the right one: not a duplicate
    written.say(("transit.kepri", crossing(event_id="e3")))
    written.say(("rejected.kepri", refusal(stage="matcher", line=None, partition=0, offset=11)))
    written.say(("transit.kepri", crossing(event_id="e3")), ("assessments", verdict("e3", Status.MATCHED)))
    published, *rest = row_of(written, "kepri")
    assert (published, rest) == (8, [3, 4, 1])
    assert published == sum(rest)
    written.say(("rejected.registry", refusal(topic="departures")))
    merge(written)
    assert row_of(written, "kepri") == (8, 3, 4, 1)
    assert row_of(written, "kalbar") == (0, 0, 0, 0)


def test_feeds_show_silence_waiting_and_missing_numbers(written: Written) -> None:
    for number in (1, 2, 5, 9):
        written.say(("transit.kepri", crossing(event_id=f"e{number}", device_id="gate-1", sequence=number)))
    written.say(("transit.kepri", crossing(event_id="e1", device_id="gate-1", sequence=1)))  # twice is no gap
    written.say(("assessments", verdict("e1")), ("assessments", verdict("e2")))
    say_all_at(written, LTSA=T0)
    checkpoint, registry = sorted(feeds(written.client), key=lambda row: row["kind"])
    assert (registry["kind"], registry["name"], registry["last_at"]) == (
        "registry",
        "LTSA",
        "2026-03-02T02:00:00+00:00",
    )
    assert registry["silence_seconds"] > 0
    assert (checkpoint["kind"], checkpoint["province"], checkpoint["name"]) == ("checkpoint", "kepri", "ID-21-BTC")
    assert (checkpoint["events"], checkpoint["waiting"], checkpoint["missing"]) == (4, 2, 5)
    assert checkpoint["median_seconds"] == pytest.approx(5)
    assert [(g["first_missing"], g["last_missing"]) for g in gaps(written.client)] == [(3, 4), (6, 8)]


def test_an_explanation_has_every_fact_that_the_verdict_names(written: Written) -> None:
    other = Person(name="YUSUF BERE", passport="XX7654321")
    written.say(
        ("transit.kepri", crossing(event_id="e1")),
        ("transit.kaltara", crossing(other, event_id="e9", checkpoint_id=NUNUKAN)),
        ("departures", departure()),
        ("departures", departure()),  # a second copy, under another block in life
        ("departures", departure(revision=2, event="cancelled", issued_at=T0 - timedelta(days=2))),
    )
    named = (
        finding("R01", "event:kepri/e1", "watermark:LTSA", "departure:d1"),
        finding("R12", "event:kepri/e1", "event:kaltara/e9", "report:case-1"),
    )
    block = MARIA.block
    written.say(
        ("assessments", verdict("e1", Status.PENDING, block=block)),
        ("assessments", verdict("e1", findings=named, block=block)),
        ("reviews", review()),
        ("clusters", cluster("e1", "e9")),
    )
    for _ in range(2):
        (entry,) = explain(written.client, "e1")
        assert entry["assessment"]["status"] == "FLAGGED"
        assert [found["rule"] for found in entry["assessment"]["findings"]] == ["R01", "R12"]
        assert [version["status"] for version in entry["history"]] == ["PENDING", "FLAGGED"]
        assert entry["crossing"]["document_token"] == MARIA.tokens()[0]
        assert entry["published"] == 1
        assert [(d["revision"], d["event"]) for d in entry["departures"]] == [(1, "registered"), (2, "cancelled")]
        assert [(c["province"], c["event_id"]) for c in entry["crossings"]] == [("kaltara", "e9")]
        assert (entry["reports"], entry["watermarks"]) == (["case-1"], ["LTSA"])
        assert [r["verdict"] for r in entry["reviews"]] == ["referred"]
        assert [c["cluster_id"] for c in entry["clusters"]] == ["c1"]
        merge(written)
    assert explain(written.client, "nobody") == []
    assert [r["review_id"] for r in reviews_of(written.client, "e1")] == ["r1"]
    assert [c["members"] for c in clusters(written.client)] == [["e1", "e9"]]


def test_a_crossing_without_a_verdict_is_explained_as_waiting(written: Written) -> None:
    written.say(("transit.kepri", crossing(event_id="e1")))
    (entry,) = explain(written.client, "e1")
    assert entry["assessment"] is None
    assert entry["crossing"]["event_id"] == "e1"


def test_refusals_are_listed_without_bytes(written: Written) -> None:
    written.say(("rejected.kepri", refusal(payload_base64="cmFoYXNpYQ==", key_base64="a2V5")))
    written.say(("assessments", b'{"nik":"5399995705989001"}'))
    own, published = sorted(rejected(written.client), key=lambda row: row["stage"])
    assert (published["owner"], published["line"], published["reason"]) == ("kepri", 3, "bad_time")
    assert (own["owner"], own["stage"], own["reason"]) == ("", "loader", "missing_field")
    text = str([own, published])
    assert "5399995705989001" not in text
    assert "cmFoYXNpYQ" not in text
    assert [row["records"] for row in rejected_counts(written.client)] == [1, 1]
    assert [row["stage"] for row in rejected(written.client, owner="kepri", reason="bad_time")] == ["publisher"]


def test_the_checksum_sees_content_only(written: Written, server: ClickHouseAddress) -> None:
    said = [("assessments", verdict(f"e{n}")) for n in range(10)] + [("transit.kepri", crossing())]
    written.say(*said)
    before = content_checksum(written.client)
    with own_database(server) as address:
        twin = Written(client_of(address))
        for record in said:
            twin.say(record)  # one insert each
        Written(twin.client).say(*said)  # and all of it again
        assert content_checksum(twin.client) == before
        merge(twin)
        assert content_checksum(twin.client) == before
        twin.say(("assessments", verdict("e3", score=61)))
        changed = content_checksum(twin.client)
    assert {table for table in COLUMNS if changed[table] != before[table]} == {"assessments", "assessment_versions"}


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_can_be_asked_for(written: Written, status: str) -> None:
    assert list(flags(written.client, status=status)) == []
