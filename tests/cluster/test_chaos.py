"""Three brokers, three matchers, two loaders and a store, and one disaster after another: no verdict is lost, doubled
or falsified."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import pytest
from clickhouse_driver import Client

from lintas.stack.brokers import KafkaCluster
from schemas.topics import ASSESSMENTS
from sinks.queries import accounting
from sinks.settings import StoreAddress
from sinks.store import connect
from streams.policy import shipped_policy
from tests.cluster.chaos import Chaos
from tests.cluster.explained import explained_otherwise, known_facts, sample, unexplained
from tests.cluster.facts import Facts, Sent, arrivals
from tests.cluster.oracle import Oracle, Place, Verdict
from tests.cluster.stage import LANES, PASSWORD, Partner, Stage, differences, last_of, read, repeated, said, values_of

pytestmark = pytest.mark.cluster
SEED = int(os.environ.get("LINTAS_TEST_SEED", "20261124"))
FIRST = ("matcher killed", "broker killed", "matcher asleep", "store away", "loader killed")
STOPPED = 0
SNAPSHOT_SECONDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long the test is."""

    rounds: int
    facts: int
    publishing_seconds: float
    pause_seconds: float
    """Longest pause between two disasters."""
    explained: int


SHORT = Plan(rounds=5, facts=27_000, publishing_seconds=25, pause_seconds=1.0, explained=50)
LONG = Plan(rounds=50, facts=272_000, publishing_seconds=380, pause_seconds=4.0, explained=500)


def planned(plan: Plan) -> Plan:
    """The plan with what the environment changes: `LINTAS_TEST_ROUNDS` makes it longer or shorter in proportion."""
    rounds = int(os.environ.get("LINTAS_TEST_ROUNDS", plan.rounds))
    share = rounds / plan.rounds
    return replace(
        plan, rounds=rounds, facts=int(plan.facts * share), publishing_seconds=plan.publishing_seconds * share
    )


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(SHORT, id="short", marks=pytest.mark.timeout(300)),
        pytest.param(LONG, id="long", marks=[pytest.mark.long, pytest.mark.timeout(3600)]),
    ],
)
def test_no_disaster_loses_doubles_or_falsifies_a_verdict(
    stage: Stage, brokers: KafkaCluster, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The matchers share one directory of snapshots, as on one host: what one put away, another takes up."""
    plan = planned(plan)
    monkeypatch.setenv("LINTAS_STATE_DIR", str(stage.directory / "state"))
    monkeypatch.setenv("LINTAS_SNAPSHOT_SECONDS", str(SNAPSHOT_SECONDS))
    print(f"\nseed {SEED}, {plan}", flush=True)
    chance = random.Random(SEED)
    facts = Facts(chance, partitions=LANES).world(plan.facts)
    sent = arrivals(facts, chance)
    partner = Partner(stage.kafka, sent, seconds=plan.publishing_seconds)
    stage.start_store()
    for _ in range(3):
        stage.matcher()
    for _ in range(2):
        stage.loader()
    stage.restart_the_dead()
    stage.until(lambda: sum(len(w.open_lanes()) for w in stage.workers if w.name.startswith("matcher")) == LANES)
    chaos = Chaos(stage, brokers, random.Random(SEED + 1))
    partner.start()
    chaos.run(plan.rounds, pause_seconds=plan.pause_seconds, first=FIRST)
    partner.done()
    begun = time.monotonic()
    stage.wait_done(240, loaded=True)
    print(f"all done {time.monotonic() - begun:.1f} s after the last disaster and the last fact", flush=True)

    right = Oracle(values_of(facts)).verdicts()
    found = said(stage.kafka)
    told = f"seed {SEED}, in this order: {chaos.done}"
    written, hidden = sum(map(len, found.values())), len(read(stage.kafka, ASSESSMENTS, level="read_uncommitted"))
    report = {
        "disasters": dict(chaos.count),
        "statuses": dict(Counter(v.status for v in right.values())),
        "versions": written,
        "aborted records hidden": hidden - written,
        "restarts": dict(Counter(stage.deaths)),
        "snapshots taken up": taken_up(stage, "lane taken up from its snapshot"),
        "snapshots ignored": taken_up(stage, "snapshot ignored"),
        "stops": stage.stops,
        "wrong, missing or unasked": len(differences(last_of(found), right)),
        "repeated": len(repeated(found)),
    }
    print(report, flush=True)
    assert differences(last_of(found), right) == {}, told
    assert repeated(found) == [], told
    assert unexplained(found, known_facts(facts), shipped_policy().digest) == [], told
    assert {code for _, code in stage.stops} <= {STOPPED}, told
    assert {code for _, code in stage.deaths} <= {-9, 1}, told
    assert set(Counter(v.status for v in right.values())) == {
        "MATCHED",
        "OUT_OF_SCOPE",
        "PENDING",
        "UNREGISTERED",
        "FLAGGED",
    }
    assert stage.store is not None
    address = stage.store.address
    client = connect(StoreAddress(host=address.host, port=address.port, password=PASSWORD))
    try:
        assert differences(stored(client), right) == {}, told
        assert_accounted(client, sent, right)
        places = sample(found, chance, plan.explained)
        assert explained_otherwise(client, found, places) == [], told
    finally:
        client.disconnect()


def taken_up(stage: Stage, event: str) -> int:
    """How often the matchers' logs tell of that."""
    return sum(log.read_text().count(event) for log in stage.directory.glob("matcher-*.log"))


def stored(client: Client) -> dict[Place, Verdict]:
    """The active verdicts in the store."""
    rows: list[Any] = client.execute(
        "SELECT province, event_id, status, rules, departure_id, tier, score FROM assessments FINAL"
    )
    found = {
        (province, event_id): Verdict(
            status=status, rules=tuple(sorted(rules)), departure_id=departure or None, tier=tier or None, score=score
        )
        for province, event_id, status, rules, departure, tier, score in rows
    }
    assert len(found) == len(rows), "a crossing has two active verdicts"
    return found


def assert_accounted(client: Client, sent: list[Sent], right: dict[Place, Verdict]) -> None:
    """Law 5, against what was published: nothing was refused, and what came twice counts once."""
    published = Counter(topic.removeprefix("transit.") for topic, *_ in sent if topic.startswith("transit."))
    assessed = Counter(province for province, _ in right)
    for row in accounting(client):
        province = row["province"]
        assert row["published"] == row["assessed"] + row["rejected"] + row["duplicate"], row
        assert (row["published"], row["assessed"], row["rejected"]) == (published[province], assessed[province], 0)
