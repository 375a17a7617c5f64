"""A month that the rules were not written on: what was planted is found, and no innocent traveller is flagged."""

from __future__ import annotations

import pytest

from streams.policy import shipped_policy
from tests.quality.planted import GATE_DAYS, GATE_RATE, HELD_BACK_SEED, Told, a_season, by_rule, innocents, table

FOUND = 0.95
FALSE_FINDINGS = 0.02
"""Of the planted ones: a few slips of the hand make a registration unfindable, and absence is then a finding."""


@pytest.fixture(scope="module")
def month() -> list[Told]:
    return a_season(HELD_BACK_SEED, shipped_policy(), GATE_DAYS, GATE_RATE)


def test_every_rule_is_planted_and_found(month: list[Told]) -> None:
    scores = by_rule(month)
    report = "\n".join(table(month))
    assert all(s.planted for s in scores.values()), report
    assert all(s.found for s in scores.values()), report
    assert sum(s.found for s in scores.values()) >= FOUND * sum(s.planted for s in scores.values()), report


def test_hardly_any_finding_is_false(month: list[Told]) -> None:
    scores = by_rule(month)
    planted, false = sum(s.planted for s in scores.values()), sum(s.false for s in scores.values())
    assert false <= FALSE_FINDINGS * planted, "\n".join(table(month))


def test_no_innocent_traveller_is_flagged(month: list[Told]) -> None:
    assert len(innocents(month)) > 3000
    assert sum(t.from_ntt for t in innocents(month)) > 1000
    flagged = [(t.verdict.province.value, t.verdict.event_id, sorted(t.raised)) for t in innocents(month) if t.flagged]
    assert flagged == []
