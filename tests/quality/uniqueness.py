"""What the fields in clear give away: how few travellers share them, and how well a block's birth date can be told."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date

from schemas.records import Departure, TransitEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """How many people stand behind the same values."""

    alone: float
    """Share of people whom nobody else is like."""
    few: float
    """Share of people in crowds smaller than five."""
    median: int
    """Size of the crowd that the median person stands in."""


def crowd(events: Iterable[TransitEvent], like: Callable[[TransitEvent], Hashable]) -> Crowd:
    """The crowds of travellers; one person is one NIK or document token."""
    people: dict[str, Hashable] = {}
    for event in events:
        person = event.nik_token or event.document.token
        if person:
            people.setdefault(person, like(event))
    sizes = Counter(people.values())
    each = sorted(sizes[value] for value in people.values())
    many = max(1, len(each))
    return Crowd(
        alone=sum(n == 1 for n in each) / many,
        few=sum(n < 5 for n in each) / many,
        median=each[many // 2] if each else 0,
    )


def days_left(events: Iterable[TransitEvent]) -> list[int]:
    """For each block, how many birth dates its crossings' ages and birth years still allow.

    Everybody in a block has one birthday, so each crossing says whether it had passed that day.
    """
    bounds: dict[str, tuple[date, date]] = {}
    for event in events:
        year, age, day = event.birth_year, event.age_years, event.occurred_at.date()
        if year is None or age is None:
            continue
        first, last = bounds.get(event.block, (date(year, 1, 1), date(year, 12, 31)))
        turning = date(year, day.month, min(day.day, 28))
        if day.year - year == age:
            last = min(last, turning)
        else:
            first = max(first, turning)
        bounds[event.block] = (first, last)
    return sorted((last - first).days + 1 for first, last in bounds.values())


def linked_blocks(departures: Iterable[Departure]) -> float:
    """Share of departures whose copies tie blocks of different birth dates to one another."""
    blocks: dict[str, set[bool]] = defaultdict(set)
    for departure in departures:
        blocks[departure.departure_id].add("near_birth_date" in departure.identity_quality)
    return sum(len(kinds) > 1 for kinds in blocks.values()) / max(1, len(blocks))
