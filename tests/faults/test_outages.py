"""Whatever happens to a link, nothing is lost or said twice, memory stays, and the process names what it waits for."""

from __future__ import annotations

import re
import sys

import pytest

from tests.faults.kept import watched
from tests.faults.outages import OUTAGES
from tests.faults.stage import Stage

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(300)]

MOST_GROWTH_BYTES = 48 << 20
MOST_LOG_BYTES = 64 << 10
SHORT, LONG = 12.0, 25.0
SHORT_FORM = {("matcher-kafka", "silent"), ("loader-kafka", "cut"), ("loader-clickhouse", "refused")}
"""Each link once; the publisher's is reset by its own test."""


def cases() -> list[object]:
    links = ("matcher-kafka", "loader-kafka", "loader-clickhouse")
    short = [pytest.param(link, name, SHORT, id=f"{link}, {name}, short") for link, name in sorted(SHORT_FORM)]
    every = [(link, name) for link in links for name in OUTAGES]
    return short + [
        pytest.param(link, name, LONG, id=f"{link}, {name}", marks=pytest.mark.long) for link, name in every
    ]


@pytest.mark.parametrize(("link", "name", "seconds"), cases())
def test_an_outage_changes_nothing_in_the_end(stage: Stage, link: str, name: str, seconds: float) -> None:
    outage, proxy, process = OUTAGES[name], stage.proxies[link], stage.kept[link.split("-")[0]]
    thing = "ClickHouse" if link.endswith("clickhouse") else "Kafka"
    named = f"{thing} at {proxy.address}"
    facts = stage.new_world()
    stage.publish(facts[: len(facts) // 4])
    position, lives_before = len(process.log.read_bytes()), len(process.codes)
    waited_for: set[str] = set()
    with watched(process) as lives, stage.publishing(facts[len(facts) // 4 :], seconds=seconds):
        outage.last(proxy, seconds, lambda: waited_for.add(process.status().get("waiting_for", "")))
    stage.wait_done()
    stage.assert_right()

    said = process.said(since=position)
    if outage.is_total:
        assert named in waited_for, f"its status named only {waited_for}\n{said[-2000:]}"
        # ClickHouse may think about an insert for a minute before that is an outage and worth a line
        is_said = not (link.endswith("clickhouse") and name.startswith("silent"))
        assert not is_said or f"waiting for {named}" in said
        if is_said and len(process.codes) == lives_before:
            assert re.search(rf"{named} answers again", said), said[-2000:]
    memory = max(lives, key=lambda life: life.growth_bytes())
    restarts = len(process.codes) - lives_before
    sys.stdout.write(
        f"\n{link}, {name}, {seconds:.0f} s: {memory.slope_kb_per_minute():.0f} kB/min, "
        f"grew {memory.growth_bytes() >> 10} kB, {restarts} restarts, {len(said) >> 10} kB of log\n"
    )
    assert memory.growth_bytes() < MOST_GROWTH_BYTES
    assert len(said) < MOST_LOG_BYTES * (1 + restarts)
