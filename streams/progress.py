"""How far a replay is and how long it will still take; pure."""

from __future__ import annotations

from dataclasses import dataclass

SURE_AFTER_SECONDS = 1.0
"""A rate measured over less says little."""


@dataclass(slots=True, kw_only=True)
class Progress:
    """One lane's replay since it was first seen; times are of the monotonic clock."""

    began: float
    first: int
    """Records that were read when it was first seen."""
    done: int = 0
    total: int = 0

    def reach(self, done: int, total: int) -> None:
        """So many records of so many are read."""
        self.done, self.total = done, total

    def seconds_left(self, now: float) -> float | None:
        """At the rate so far; None while that is unknown."""
        spent, read = now - self.began, self.done - self.first
        if spent < SURE_AFTER_SECONDS or read <= 0:
            return None
        return round(max(0, self.total - self.done) * spent / read, 1)


def progress_line(lane: int, progress: Progress, now: float) -> str:
    """A line for people, such as `replaying lane 3: 412 000 of 1 000 000 records, 26 s left`."""
    left = progress.seconds_left(now)
    told = "time left unknown" if left is None else f"{left:.0f} s left"
    return f"replaying lane {lane}: {_spaced(progress.done)} of {_spaced(progress.total)} records, {told}"


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")
