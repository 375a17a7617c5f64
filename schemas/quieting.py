"""Keeps logs readable while Kafka is away: its clients say the same thing again and again, many times a second."""

from __future__ import annotations

import logging
import time

SECONDS = 30.0
MOST_KEPT = 1_000


class Quieting(logging.Filter):
    """Lets a library's message pass once in a while; the next that passes says how many did not."""

    def __init__(self, ours: str) -> None:
        super().__init__()
        self._ours = ours
        """The room whose own messages always pass."""
        self._last: dict[tuple[str, object], float] = {}
        self._held: dict[tuple[str, object], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        if record.name.split(".", 1)[0] == self._ours:
            return True
        what = (record.name, record.msg)  # without its arguments, which name another request each time
        now = time.monotonic()
        if now - self._last.get(what, -SECONDS) < SECONDS:
            self._held[what] = self._held.get(what, 0) + 1
            return False
        if len(self._last) >= MOST_KEPT:
            self._last.clear()
            self._held.clear()
        self._last[what] = now
        if held := self._held.pop(what, 0):
            record.msg = f"{record.msg} (and {held} times before)"
        return True
