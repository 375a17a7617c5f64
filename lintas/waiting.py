"""Wait until everything that was published is assessed and loaded."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from lintas.failing import Failure
from lintas.lag import by_topic, lags_of, readers
from lintas.settings import Settings
from lintas.topics_admin import admin_of

LOOK_EVERY_SECONDS = 0.25
IN_A_ROW = 2
"""So often nothing may be behind: a record that arrives between two looks is seen by the second."""

Look = Callable[[], dict[tuple[str, str], int]]
Told = Callable[[int], object]


def wait_until_done(
    settings: Settings, *, timeout_seconds: float, check: Callable[[], None], on_look: Told = lambda _: None
) -> None:
    """Return when neither matcher nor loader is behind.

    Args:
        settings: whose Kafka.
        timeout_seconds: how long to wait at most.
        check: asked between two looks; raises when waiting leads nowhere, because the stack is down.
        on_look: hears how many records are still to be done.

    Raises:
        Failure: the time is over; names what lags.
    """
    with admin_of(settings.kafka_or_fail()) as admin:

        def look() -> dict[tuple[str, str], int]:
            return by_topic(lag for group, topics in readers().items() for lag in lags_of(admin, group, topics))

        settle(look, timeout_seconds=timeout_seconds, check=check, on_look=on_look)


def settle(look: Look, *, timeout_seconds: float, check: Callable[[], None], on_look: Told = lambda _: None) -> None:
    """Look until nothing is behind so many times in a row.

    Raises:
        Failure: the time is over; names what lags.
    """
    from kafka.errors import KafkaError

    until = time.monotonic() + timeout_seconds
    calm = 0
    behind: dict[tuple[str, str], int] = {}
    answered = False
    while True:
        with suppress(KafkaError, OSError):  # a broker that is just electing a leader
            behind = look()
            answered = True
            calm = 0 if any(behind.values()) else calm + 1
            on_look(sum(behind.values()))
        if calm >= IN_A_ROW:
            return
        check()
        if time.monotonic() >= until:
            raise Failure(_late(behind, timeout_seconds, answered))
        time.sleep(min(LOOK_EVERY_SECONDS, max(0.0, until - time.monotonic())))


def _late(behind: dict[tuple[str, str], int], timeout_seconds: float, answered: bool) -> str:
    if not answered:
        return f"Kafka did not say within {timeout_seconds:g} s how far matcher and loader are"
    late = [(reader, topic, count) for (reader, topic), count in behind.items() if count]
    told = ", ".join(f"{reader.removeprefix('lintas-')} is {count} behind on {topic}" for reader, topic, count in late)
    return (
        f"not done after {timeout_seconds:g} s: {told or 'all was done only a moment ago'}. "
        "Give it a longer --timeout, or see `lintas status`"
    )
