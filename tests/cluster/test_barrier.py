"""A lane is judged in only after all its memory is back, also when it moves to a worker that joins under load."""

from __future__ import annotations

import os
import random

import pytest

from tests.cluster.facts import Facts, arrivals
from tests.cluster.oracle import Oracle
from tests.cluster.stage import LANES, MATCHER, Partner, Stage, differences, last_of, publish, repeated, said, values_of
from tests.cluster.starts import changed, without_replay

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(180)]
SEED = int(os.environ.get("LINTAS_TEST_SEED", "20261124"))


def moved_under_load(stage: Stage, command: tuple[str, ...]) -> tuple[int, int]:
    """Wrong and repeated verdicts after a worker has joined in the middle of the facts."""
    print(f"\nseed {SEED}")
    chance = random.Random(SEED)
    facts = Facts(chance, partitions=LANES).world(2_500)
    sent = arrivals(facts, chance)
    first = stage.matcher("matcher-first", command)
    stage.wait_open(first)
    publish(stage.kafka, sent[: len(sent) // 2])
    stage.wait_done()
    partner = Partner(stage.kafka, sent[len(sent) // 2 :], seconds=6.0)
    partner.start()
    second = stage.matcher("matcher-second", command)
    stage.wait_open(first, second)
    partner.done()
    stage.wait_done()
    found, right = said(stage.kafka), Oracle(values_of(facts)).verdicts()
    assert found.keys() == right.keys()
    return len(differences(last_of(found), right)), len(repeated(found))


def test_a_lane_that_moves_is_judged_with_all_its_memory(stage: Stage) -> None:
    assert moved_under_load(stage, MATCHER) == (0, 0)


def test_control_without_replay_a_lane_that_moves_is_judged_wrongly(stage: Stage) -> None:
    wrong, again = moved_under_load(stage, changed(without_replay))
    print(f"without replay: {wrong} wrong, {again} repeated")
    assert wrong > 0, "the test above would not notice a lost barrier"
