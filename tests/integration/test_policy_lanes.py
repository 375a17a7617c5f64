"""Versions of the policy in lanes on a real broker: many verdicts at once, restarts, and lanes that were put away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from schemas.codec import encode
from schemas.records import PolicyVersion
from streams.admission import partition_of
from streams.policy import load_policy, shipped_text
from tests.integration import test_lanes as lanes
from tests.integration.test_lanes import LANES, Matcher, Sent, assert_right, publish, said, wait_for_all, world
from tests.people import T0, Person, crossing

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]
kafka = lanes.kafka
broker = lanes.broker
start = lanes.start
MORE_THAN_A_PART = 5_600


def version(since_days: int, change: str) -> Sent:
    """The shipped policy with another weight for R01, from some days after T0 on, to every lane."""
    since = T0 + timedelta(days=since_days)
    text = shipped_text().replace("2025-07-02T00:00:00+08:00", since.isoformat()).replace("R01: 25", change)
    record = PolicyVersion(
        name="ntt",
        text=text,
        digest=load_policy(text).digest,
        author="Maria",
        activated_by="Yosef",
        effective_from=since,
        activated_at=T0,
    )
    return [("policies", None, encode(record), lane) for lane in range(LANES)]


def one_lane(count: int) -> Sent:
    """So many crossings, of a person each, whose births all belong to lane 0."""
    births = [d for n in range(400) if _lane(d := date(1980, 1, 1) + timedelta(days=n)) == 0][:40]
    events = [
        crossing(
            Person(name="MARIA SERAN", born=births[n % len(births)], passport=f"XX{n:07d}", nik=None),
            event_id=f"p{n}",
            at=T0 + timedelta(minutes=n),
        )
        for n in range(count)
    ]
    return [(f"transit.{e.province.value}", e.block.encode(), encode(e), None) for e in events]


def _lane(born: date) -> int:
    return partition_of(Person(born=born).block.encode(), LANES)


def test_a_policy_for_the_past_says_every_verdict_anew_in_several_transactions(
    broker: str, start: Callable[..., Matcher]
) -> None:
    sent = one_lane(MORE_THAN_A_PART)
    matcher = start(broker)
    matcher.wait_open()
    publish(broker, sent)
    wait_for_all(broker, matcher)
    # the status is written once a second: it may not tell of the last transactions yet
    lanes.until(lambda: matcher.status()["totals"]["assessments"] == MORE_THAN_A_PART)
    transactions = matcher.status()["totals"]["transactions"]
    change = version(-1, "R01: 55")
    publish(broker, change)
    wait_for_all(broker, matcher)
    assert_right(broker, sent + change)
    lanes.until(lambda: matcher.status()["totals"]["assessments"] == 2 * MORE_THAN_A_PART)
    lanes.until(lambda: matcher.status()["totals"]["transactions"] - transactions == LANES + 1)
    assert {len(verdicts) for verdicts in said(broker).values()} == {2}


def test_versions_survive_restarts_with_and_without_snapshots(
    broker: str, start: Callable[..., Matcher], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Published before, among and after the crossings; taken up from the log and from the lanes' snapshots."""
    facts = world(31)
    sent = [*version(3, "R01: 55"), *facts[:400], *version(10, "R01: 35"), *facts[400:], *version(20, "R01: 65")]
    first = start(broker)
    publish(broker, sent[:500])
    first.wait_open()
    wait_for_all(broker, first)
    assert first.end() == 0
    monkeypatch.setenv("LINTAS_STATE_DIR", str(tmp_path / "state"))
    second = start(broker)
    second.wait_open()
    publish(broker, sent[500:800])
    wait_for_all(broker, second)
    assert second.end() == 0
    third = start(broker)
    third.wait_open()
    assert third.log.read_text().count("lane taken up from its snapshot") == LANES
    publish(broker, sent[800:])
    wait_for_all(broker, third)
    assert_right(broker, sent)
    assert len({verdicts[-1].policy for verdicts in said(broker).values()}) == 4
