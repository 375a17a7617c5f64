"""Notices that Kafka does not answer, and says so: aiokafka tries again in silence, for as long as it takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from aiokafka.errors import KafkaError

SILENCE_SECONDS = 2.0
"""So long without a record before the broker is asked for a sign of life."""
ANSWER_SECONDS = 3.0
REMIND_SECONDS = 60.0

log = structlog.get_logger("streams.vigil")


class Vigil:
    """What the worker waits for; said once when it begins, now and then while it lasts, and when it is over."""

    def __init__(self, kafka: tuple[str, ...]) -> None:
        self._name = f"Kafka at {','.join(kafka)}"
        self._heard = time.monotonic()
        self._said: float | None = None
        self.waiting_for = ""
        """The thing and its address; empty = it waits for nothing."""

    def heard(self) -> None:
        """The broker answered."""
        self._heard_at(time.monotonic())

    def missing(self, why: str) -> None:
        """It does not answer, or not as it should."""
        now = time.monotonic()
        self.waiting_for = self._name
        if self._said is None or now - self._said > REMIND_SECONDS:
            self._said = now
            log.warning(f"waiting for {self._name}", error=why, seconds=round(now - self._heard, 1))

    async def look(self, ask: Callable[[], Awaitable[object]]) -> None:
        """Ask a broker that has been silent for long; returns at once after a sign of life."""
        if time.monotonic() - self._heard < SILENCE_SECONDS:
            return
        try:
            await asyncio.wait_for(ask(), ANSWER_SECONDS)
        except (KafkaError, OSError, TimeoutError) as error:
            self.missing(type(error).__name__)
        else:
            self.heard()

    def _heard_at(self, now: float) -> None:
        if self._said is not None:
            log.info(f"{self._name} answers again", seconds=round(now - self._heard, 1))
        self._heard, self._said, self.waiting_for = now, None, ""
