"""Whoever is registered is found, and hardly anybody is taken for another: the promise, on pairs never tuned on."""

from __future__ import annotations

import pytest

from streams.policy import shipped_policy
from tests.quality.pairs import GATE_SEED, Outcome, corpus, judge_alone, judge_together, score, table

RECALL, PRECISION = 0.97, 0.995
GATE_PAIRS = 4000


@pytest.fixture(scope="module")
def outcomes() -> dict[str, list[Outcome]]:
    pairs, policy = corpus(GATE_SEED, GATE_PAIRS), shipped_policy()
    return {"alone": list(judge_alone(pairs, policy)), "together": list(judge_together(pairs, policy))}


def test_the_corpus_is_large_and_always_the_same(outcomes: dict[str, list[Outcome]]) -> None:
    assert len(outcomes["alone"]) == GATE_PAIRS
    again = corpus(GATE_SEED, 50)
    assert [p.raw for p in again] == [o.pair.raw for o in outcomes["alone"][:50]]
    assert [p.facts for p in again] == [o.pair.facts for o in outcomes["alone"][:50]]


@pytest.mark.parametrize("how", ["alone", "together"])
def test_recall_and_precision_are_as_promised(outcomes: dict[str, list[Outcome]], how: str) -> None:
    measured = score(outcomes[how])
    report = "\n".join(table(outcomes[how]))
    assert measured.recall >= RECALL, report
    assert measured.precision >= PRECISION, report
