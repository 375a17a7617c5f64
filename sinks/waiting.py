"""What the loader waits for, said once when it begins, now and then while it lasts, and when it is over."""

from __future__ import annotations

import time

import structlog

REMIND_SECONDS = 60.0

log = structlog.get_logger("sinks")


class Waiting:
    """At most one thing at a time."""

    def __init__(self, what: str) -> None:
        self.what = what
        """The thing and its address, such as `Kafka at 127.0.0.1:9092`; empty = it waits for nothing."""
        self._since = time.monotonic()
        self._said: float | None = None

    def begin(self, what: str, why: str) -> None:
        """It does not answer, or is not ready."""
        now = time.monotonic()
        if what != self.what or self._said is None:
            self.what, self._since, self._said = what, now, None
        if self._said is None or now - self._said > REMIND_SECONDS:
            self._said = now
            log.warning(f"waiting for {what}", error=why, seconds=round(now - self._since, 1))

    def over(self) -> None:
        """It answered."""
        if self._said is not None:
            log.info(f"{self.what} answers again", seconds=round(time.monotonic() - self._since, 1))
        self.what, self._said = "", None
