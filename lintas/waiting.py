"""Wait until everything that was published is assessed and loaded."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from lintas.failing import Failure
from lintas.lag import by_topic, lags_of, readers
from lintas.settings import Settings
from lintas.topics_admin import admin_of

LOOK_EVERY_SECONDS = 0.25
IN_A_ROW = 2
"""So often nothing may be behind: a record that arrives between two looks is seen by the second."""

ANSWER_SECONDS = 3
SAY_AFTER_SECONDS, SAY_EVERY_SECONDS = 5.0, 10.0

Look = Callable[[], dict[tuple[str, str], int]]
Told = Callable[[int], object]
Say = Callable[[str], object]
Missing = Callable[[], str]


def wait_until_done(
    settings: Settings,
    *,
    timeout_seconds: float,
    check: Callable[[], None],
    on_look: Told = lambda _: None,
    missing: Missing = lambda: "",
    say: Say = lambda _: None,
) -> None:
    """Return when neither matcher nor loader is behind.

    Args:
        settings: whose Kafka.
        timeout_seconds: how long to wait at most.
        check: asked between two looks; raises when waiting leads nowhere, because the stack is down.
        on_look: hears how many records are still to be done.
        missing: what else must be there, asked when nothing is behind; empty = nothing is missing.
        say: hears what is waited for, once that takes longer than some seconds.

    Raises:
        Failure: the time is over; names what lags and what is missing.
    """
    with admin_of(settings.kafka_or_fail()) as admin:

        def look() -> dict[tuple[str, str], int]:
            return by_topic(lag for group, topics in readers().items() for lag in lags_of(admin, group, topics))

        settle(look, timeout_seconds=timeout_seconds, check=check, on_look=on_look, missing=missing, say=say)


def settle(
    look: Look,
    *,
    timeout_seconds: float,
    check: Callable[[], None],
    on_look: Told = lambda _: None,
    missing: Missing = lambda: "",
    say: Say = lambda _: None,
) -> None:
    """Look until nothing is behind so many times in a row, and nothing else is missing.

    Raises:
        Failure: the time is over; names what lags and what is missing.
    """
    from kafka.errors import KafkaError

    until = time.monotonic() + timeout_seconds
    say_at = time.monotonic() + SAY_AFTER_SECONDS
    calm = 0
    reason = "Kafka has not said yet how far matcher and loader are"
    while True:
        with suppress(KafkaError, OSError):  # a broker that is just electing a leader
            behind = look()
            calm = 0 if any(behind.values()) else calm + 1
            on_look(sum(behind.values()))
            reason = late(behind)
        if calm >= IN_A_ROW:
            reason = missing()
            if not reason:
                return
        check()
        if time.monotonic() >= until:
            raise Failure(_not_done(_told(reason, missing()), timeout_seconds))
        if time.monotonic() >= say_at:
            say_at = time.monotonic() + SAY_EVERY_SECONDS
            say(f"waiting: {_told(reason, missing()) or 'nothing is behind any more'}")
        time.sleep(min(LOOK_EVERY_SECONDS, max(0.0, until - time.monotonic())))


def late(behind: Mapping[tuple[str, str], int]) -> str:
    """Who is behind on what; empty = nobody."""
    found = [(reader.removeprefix("lintas-"), topic, n) for (reader, topic), n in behind.items() if n]
    return ", ".join(f"{reader} is {count} behind on {topic}" for reader, topic, count in found)


def store_is_away(settings: Settings) -> str:
    """Why ClickHouse cannot be asked; empty = it answers, or this installation has none."""
    from lintas.store import open_client

    if settings.clickhouse is None:
        return ""
    try:
        with open_client(settings, answer_seconds=ANSWER_SECONDS):
            return ""
    except Failure as error:
        return str(error)


def _told(*reasons: str) -> str:
    return "; ".join(dict.fromkeys(filter(None, reasons)))


def _not_done(reason: str, timeout_seconds: float) -> str:
    told = reason or "all was done only a moment ago"
    return f"not done after {timeout_seconds:g} s: {told}. Give it a longer --timeout, or see `lintas status`"
