"""How much one key may ask: a bucket of requests that refills, so that one broken client does not starve the others."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass

MOST_BUCKETS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a gateway takes."""

    requests_per_second: float = 20.0
    burst_requests: int = 100
    body_bytes: int = 8 << 20
    """Of a JSON body, or of NDJSON with an idempotency key: what has to be held in memory whole."""
    stream_bytes: int = 256 << 20
    """Of an NDJSON body that is read as it comes."""
    rows: int = 100_000
    """Of one request: their results are held until its end."""
    at_once: int = 8
    """Requests that are worked on at one time."""
    idle_seconds: float = 30.0
    """So long a client may send nothing in the middle of a body."""


class Buckets:
    """One bucket for each key."""

    def __init__(self, limits: Limits) -> None:
        self._rate, self._burst = limits.requests_per_second, float(limits.burst_requests)
        self._lock = threading.Lock()
        self._filled: dict[str, tuple[float, float]] = {}

    def take(self, name: str, now: float) -> int | None:
        """Take one request; else whole seconds until there is one again.

        Args:
            name: whose bucket.
            now: seconds of a clock that never goes back.
        """
        with self._lock:
            if len(self._filled) >= MOST_BUCKETS:
                self._filled.clear()
            level, since = self._filled.get(name, (self._burst, now))
            level = min(self._burst, level + (now - since) * self._rate)
            if level < 1.0:
                self._filled[name] = (level, now)
                return max(1, math.ceil((1.0 - level) / self._rate))
            self._filled[name] = (level - 1.0, now)
            return None
