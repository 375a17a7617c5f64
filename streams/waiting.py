"""The crossings whose verdict waits for the registries, by the hour in which their grace ends."""

from __future__ import annotations

from array import array
from collections.abc import Callable

_HOUR_US = 3_600_000_000


class Waiting:
    """Row numbers by the hour in which they are due: four bytes each, the moment itself is told by the row."""

    __slots__ = ("_by_hour",)

    def __init__(self) -> None:
        self._by_hour: dict[int, array[int]] = {}

    def add(self, due_us: int, number: int) -> None:
        """Let a row wait; one that waits twice is due once."""
        hour = due_us // _HOUR_US
        waiting = self._by_hour.get(hour)
        if waiting is None:
            waiting = self._by_hour[hour] = array("I")
        waiting.append(number)

    def take_due(self, mark_us: int, due_us: Callable[[int], int]) -> list[int]:
        """Take out who is due by then, in the order of the rows; `due_us` says of a row when it is.

        A row whose moment was moved while it waited stands under both hours, and is given out under either.
        """
        last = mark_us // _HOUR_US
        due: set[int] = set()
        for hour in [h for h in self._by_hour if h <= last]:
            numbers = self._by_hour.pop(hour)
            if hour < last:
                due.update(numbers)
                continue
            early = [n for n in numbers if due_us(n) <= mark_us]
            due.update(early)
            if len(early) < len(numbers):
                self._by_hour[hour] = array("I", (n for n in numbers if due_us(n) > mark_us))
        return sorted(due)
