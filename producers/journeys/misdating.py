"""The ways a birth date goes wrong, and the days that stand for an unknown one."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

ASSUMED_DAYS = ((1, 1), (12, 31), (7, 1))
"""Month and day that offices write where nobody knows the birthday."""


def swapped(_rng: Random, born: date) -> date | None:
    """Day and month exchanged; None where that is no date or the same one."""
    return None if born.day > 12 or born.day == born.month else date(born.year, born.day, born.month)


def year_off(rng: Random, born: date) -> date | None:
    """One year too early or too late."""
    year = born.year + rng.choice((-1, 1))
    return born.replace(year=year, day=28) if (born.month, born.day) == (2, 29) else born.replace(year=year)


def day_off(rng: Random, born: date) -> date | None:
    """One day too early or too late."""
    return born + timedelta(days=rng.choice((-1, 1)))


def day_unknown(rng: Random, born: date) -> date | None:
    """1 January or the first of the month, where the other record has the true day."""
    wrong = born.replace(day=1) if rng.random() < 0.4 else born.replace(month=1, day=1)
    return None if wrong == born else wrong


WAYS = (
    ("birth_date_swapped", swapped),
    ("birth_year_off", year_off),
    ("birth_day_off", day_off),
    ("birth_day_unknown", day_unknown),
)
"""Kind and how."""
HOW_OFTEN = (3, 3, 2, 2)


def written_wrongly(rng: Random, born: date) -> tuple[date, str]:
    """The date with one slip, and its kind."""
    while True:
        kind, way = rng.choices(WAYS, HOW_OFTEN)[0]
        wrong = way(rng, born)
        if wrong is not None:
            return wrong, kind


def near_date(rng: Random, born: date) -> date | None:
    """Another date that looks like this one with day and month exchanged or the year off by one."""
    return (swapped(rng, born) if rng.random() < 0.5 else None) or year_off(rng, born)
