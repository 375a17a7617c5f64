"""The crossings whose verdict waits for the registries, by the hour in which their grace ends."""

from __future__ import annotations

from array import array

_HOUR_US = 3_600_000_000


class Waiting:
    """Row numbers and the moment at which each is due; four bytes each besides the hour they share."""

    __slots__ = ("_by_hour",)

    def __init__(self) -> None:
        self._by_hour: dict[int, tuple[array[int], array[int]]] = {}

    def add(self, due_us: int, number: int) -> None:
        """Let a row wait; one that waits twice is due twice."""
        hour, into_us = divmod(due_us, _HOUR_US)
        numbers, moments = self._by_hour.setdefault(hour, (array("I"), array("I")))
        numbers.append(number)
        moments.append(into_us)

    def take_due(self, mark_us: int) -> list[int]:
        """Take out who is due by then, in the order of the rows."""
        last, into_us = divmod(mark_us, _HOUR_US)
        due: set[int] = set()
        for hour in [h for h in self._by_hour if h <= last]:
            numbers, moments = self._by_hour.pop(hour)
            if hour < last:
                due.update(numbers)
                continue
            for number, moment in zip(numbers, moments, strict=True):
                if moment <= into_us:
                    due.add(number)
                else:
                    self.add(hour * _HOUR_US + moment, number)
        return sorted(due)
