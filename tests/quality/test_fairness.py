"""The allowance for small groups lets chance pass and nothing else."""

from __future__ import annotations

from tests.quality.fairness import Rate, at_least


def test_a_group_is_over_only_beyond_twice_the_average_and_beyond_chance() -> None:
    assert not Rate(errors=20, of=1000).over(0.01)
    assert not Rate(errors=1, of=10).over(0.01)
    assert not Rate(errors=25, of=1000).over(0.01)
    assert Rate(errors=45, of=1000).over(0.01)
    assert not Rate(errors=0, of=0).over(0.01)


def test_the_tail_is_that_of_coins() -> None:
    assert at_least(0, 5, 0.5) == 1
    assert abs(at_least(5, 5, 0.5) - 1 / 32) < 1e-12
