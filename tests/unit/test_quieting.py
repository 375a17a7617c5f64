"""A library that says the same thing again and again is heard now and then, and ours always."""

from __future__ import annotations

import logging

import pytest

from schemas import quieting
from schemas.quieting import SECONDS, Quieting


def record(name: str, argument: int) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, __file__, 1, "no answer to request %d", (argument,), None)


def test_a_repeated_message_is_held_and_counted_and_another_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(quieting.time, "monotonic", lambda: now)
    quiet = Quieting("streams")
    assert quiet.filter(record("aiokafka", 1))
    assert [quiet.filter(record("aiokafka", n)) for n in (2, 3, 4)] == [False, False, False]
    assert quiet.filter(record("kafka", 5))
    now += SECONDS
    later = record("aiokafka", 6)
    assert quiet.filter(later)
    assert later.getMessage() == "no answer to request 6 (and 3 times before)"


def test_ours_always_pass() -> None:
    quiet = Quieting("streams")
    assert all(quiet.filter(record("streams.lanes", n)) for n in range(5))
