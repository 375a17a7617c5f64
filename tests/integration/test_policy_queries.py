"""Versions, suppressions and shadows as analysts read them, on the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from lintas.clickhouse import ClickHouseAddress, running_clickhouse
from lintas.shadowing import compared
from schemas.errors import Reason
from schemas.records import PolicyVersion, Suppression
from schemas.verdicts import Suppressed
from schemas.vocabulary import Province, Status
from sinks import queries
from sinks.explaining import explain
from streams.backtest import Outcome
from tests.integration.sinking import BLOCK, Written, client_of, finding, own_database, refusal, verdict
from tests.people import T0, crossing

pytestmark = pytest.mark.clickhouse
DAY = timedelta(days=1)
TRIED = "aaaaaaaaaaaaaaaa"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseAddress]:
    with running_clickhouse(tmp_path_factory.mktemp("clickhouse")) as address:
        yield address


@pytest.fixture
def written(server: ClickHouseAddress) -> Iterator[Written]:
    with own_database(server) as address:
        yield Written(client_of(address))


def version(digest: str, since: datetime, at: datetime = T0) -> PolicyVersion:
    return PolicyVersion(
        name="ntt", text=f"name: {digest}", digest=digest * 16, author="Maria", activated_by="Yosef",
        effective_from=since, activated_at=at,
    )  # fmt: skip


def test_the_versions_in_force_are_listed_with_their_time(written: Written) -> None:
    for record in (version("b", T0 + DAY), version("a", T0), version("c", T0 + DAY, T0 + DAY), version("a", T0)):
        written.say(("policies", record))
    listed = list(queries.policy_versions(written.client))
    assert [(r["digest"][0], r["effective_from"], r["effective_until"]) for r in listed] == [
        ("a", "2026-03-02T02:00:00+00:00", "2026-03-03T02:00:00+00:00"),
        ("c", "2026-03-03T02:00:00+00:00", "2199-12-31T00:00:00+00:00"),
    ]
    texts = [text for _, text in queries.policy_texts(written.client, until=T0 + DAY - timedelta(seconds=1))]
    assert texts == ["name: a"]


def test_a_version_that_the_matcher_refused_is_not_listed(written: Written) -> None:
    written.say(("policies", version("a", T0)))
    (place,) = written.client.execute("SELECT `partition`, `offset` FROM policies")
    said = refusal(
        reason=Reason.OUT_OF_RANGE, stage="matcher", topic="policies", partition=place[0], offset=place[1], line=None
    )
    written.say(("rejected.registry", said))
    assert list(queries.policy_versions(written.client)) == []


def suppression(identifier: str, **changes: Any) -> Suppression:
    about: dict[str, Any] = {"token": "test:abcdefghijklmnopqrstuvwxyz"} if "event_id" not in changes else {}
    fields = {
        "suppression_id": identifier, "rules": ("R08",), "reason": "a flood", "made_by": "analis-1", "made_at": T0,
        "until": T0 + 9 * DAY,
    }  # fmt: skip
    return Suppression(**(fields | about | changes))


def aside(by: str) -> Suppressed:
    return Suppressed(finding=finding("R08", "event:kepri/e9"), kind="analyst", by=by, reason="a flood", until=T0 + DAY)


def test_suppressions_are_listed_and_counted_with_the_verdicts_that_they_concern(written: Written) -> None:
    one = suppression("s2", event_id="e2", province=Province.KEPRI, block=BLOCK, until=T0 + DAY)
    for record in (suppression("s1"), suppression("s1"), one):
        written.say(("suppressions", record))
    for event_id, by in (("e1", "suppression:s1"), ("e2", "suppression:s1"), ("e3", "departure:d1")):
        written.say(("assessments", verdict(event_id, Status.MATCHED, suppressed=(aside(by),))))
    written.say(("assessments", verdict("e4")))
    listed = {r["suppression_id"]: r for r in queries.suppressions(written.client)}
    assert {i: (r["verdicts"], r["event_id"], r["rules"]) for i, r in listed.items()} == {
        "s1": (2, "", ["R08"]),
        "s2": (0, "e2", ["R08"]),
    }
    for now, holding in ((T0, 2), (T0 + 2 * DAY, 1), (T0 + 10 * DAY, 0)):
        assert queries.suppression_counts(written.client, now=now) == {"suppressions": holding, "verdicts": 3}


def test_an_explanation_has_the_findings_that_do_not_count_and_their_facts(written: Written) -> None:
    told = verdict("e1", Status.MATCHED, suppressed=(aside("suppression:s1"),))
    other = crossing(event_id="e9")
    written.say(("transit.kepri", crossing(event_id="e1").model_copy(update={"block": BLOCK})), ("assessments", told))
    written.say(("transit.kepri", other))
    (entry,) = explain(written.client, "e1")
    (found,) = entry["assessment"]["suppressed"]
    assert (found["rule"], found["kind"], found["by"], found["reason"]) == (
        "R08",
        "analyst",
        "suppression:s1",
        "a flood",
    )
    assert datetime.fromisoformat(found["until"]) == T0 + DAY
    assert [c["event_id"] for c in entry["crossings"]] == ["e9"]


def test_a_shadow_is_compared_with_what_stands_and_with_nothing_else(written: Written) -> None:
    for event_id, now, tried in (
        ("e1", Status.MATCHED, Status.FLAGGED),
        ("e2", Status.FLAGGED, Status.MATCHED),
        ("e3", Status.FLAGGED, Status.FLAGGED),
        ("e4", Status.PENDING, Status.UNREGISTERED),
        ("e5", Status.MATCHED, Status.MATCHED),
    ):
        written.say(("assessments", verdict(event_id, now)))
        written.say(("assessments.shadow", verdict(event_id, tried, policy=TRIED)))
    written.say(("assessments.shadow", verdict("e3", Status.MATCHED, policy="bbbbbbbbbbbbbbbb")))
    tally = compared(written.client, TRIED)
    assert (tally.crossings, tally.flags_before, tally.flags_after) == (5, 2, 2)
    assert [tally.number(outcome) for outcome in Outcome] == [1, 1, 1]
    assert tally.samples[Outcome.GAINED] == ["kepri/e1"]
    assert compared(written.client, "cccccccccccccccc").crossings == 0
    assert [row["event_id"] for row in queries.flags(written.client)] == ["e2", "e3"]
