"""Who waits for the registries is given out when it is due, once, and not before."""

from __future__ import annotations

import random

from streams.waiting import Waiting

HOUR_US = 3_600_000_000


def test_nobody_is_due_before_the_moment() -> None:
    waiting = Waiting()
    waiting.add(5 * HOUR_US + 7, 1)
    assert waiting.take_due(5 * HOUR_US + 6, lambda n: 5 * HOUR_US + 7) == []
    assert waiting.take_due(5 * HOUR_US + 7, lambda n: 5 * HOUR_US + 7) == [1]
    assert waiting.take_due(9 * HOUR_US, lambda n: 5 * HOUR_US + 7) == []


def test_every_row_is_given_out_exactly_when_its_moment_has_passed() -> None:
    chance, waiting = random.Random(3), Waiting()
    moments = [chance.randrange(40 * HOUR_US) for _ in range(3_000)]
    for number, due_us in enumerate(moments):
        waiting.add(due_us, number)
    mark = 0
    while mark < 40 * HOUR_US:
        before, mark = mark, mark + chance.randrange(1, 2 * HOUR_US)
        first = 0 if before == 0 else before + 1
        due = [n for n, at in enumerate(moments) if first <= at <= mark]
        assert waiting.take_due(mark, moments.__getitem__) == due


def test_a_row_whose_moment_moved_is_given_out_by_its_new_moment() -> None:
    waiting, moment = Waiting(), 2 * HOUR_US + 5
    waiting.add(moment, 4)
    moment = 8 * HOUR_US + 1
    waiting.add(moment, 4)
    waiting.take_due(3 * HOUR_US, lambda n: moment)
    assert waiting.take_due(8 * HOUR_US, lambda n: moment) == []
    assert waiting.take_due(8 * HOUR_US + 1, lambda n: moment) == [4]
