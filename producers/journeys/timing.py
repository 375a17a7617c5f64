"""Times at which many leave outside the procedure: what is expected of a crossing's hour and day."""

from __future__ import annotations

from datetime import date, timedelta

from producers.journeys.files import Sighting
from producers.journeys.posts import post

SHIP_FROM_NTT, CALLS_AT = "KM LAMBELU", "ID-65-NNT"
FEASTS_END = (date(2026, 3, 21), date(2026, 12, 26))
DAYTIME = range(5, 22)


def ship_days() -> frozenset[int]:
    """Weekdays on which the ship from NTT calls, Monday = 0."""
    return next(s.weekdays for s in post(CALLS_AT).domestic if s.number == SHIP_FROM_NTT)


def telling(seen: Sighting) -> bool:
    """Whether the crossing is a day or two after the ship's call, within two weeks of a feast, or at night."""
    day = seen.at.date()
    after_ship = seen.checkpoint_id == CALLS_AT and any(
        (day - timedelta(days=n)).weekday() in ship_days() for n in (1, 2)
    )
    return after_ship or any(0 < (day - f).days <= 14 for f in FEASTS_END) or seen.at.hour not in DAYTIME
