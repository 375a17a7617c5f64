"""How often somebody may try: attempts are counted in memory, in a window that slides."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

MOST_NAMES = 10_000


class Pace:
    """At most so many attempts in so many seconds, for each name."""

    def __init__(self, *, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._tried: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def takes(self, name: str, now_seconds: float) -> bool:
        """Count an attempt; False where it is one too many."""
        with self._lock:
            if len(self._tried) > MOST_NAMES:
                self._forget(now_seconds)
            tried = self._tried.setdefault(name, deque())
            while tried and tried[0] <= now_seconds - self._seconds:
                tried.popleft()
            if len(tried) >= self._most:
                return False
            tried.append(now_seconds)
            return True

    def forgive(self, name: str) -> None:
        """Forget the attempts of a name."""
        with self._lock:
            self._tried.pop(name, None)

    def _forget(self, now_seconds: float) -> None:
        old = [name for name, tried in self._tried.items() if not tried or tried[-1] <= now_seconds - self._seconds]
        for name in old:
            del self._tried[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paces:
    """The paces of one console."""

    names: Pace = field(default_factory=lambda: Pace(most=5, seconds=900.0))
    """Logins of one name; a right one forgives the others."""
    addresses: Pace = field(default_factory=lambda: Pace(most=30, seconds=900.0))
    """Logins from one address."""
    pages: Pace = field(default_factory=lambda: Pace(most=240, seconds=60.0))
    """Pages of one session."""
