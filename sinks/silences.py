"""Who says nothing although people must have passed: a checkpoint that fell silent, a ship of whom nobody came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clickhouse_driver import Client

from schemas.reference import checkpoints, province_of
from sinks.reading import Shown, each, everything, milliseconds

LATEST_MS = 9_000_000_000_000
CHECKPOINT, SAILING = "checkpoint", "sailing"
LOOK_BACK_DAYS = 14
"""Sailings of so long ago are still listed."""

# The rate is that of the last days in which it delivered; one that delivered for less than a week has none.
_RATES = """
SELECT province, checkpoint_id, last_at,
    dateDiff('second', last_at, fromUnixTimestamp64Milli(%(now)s, 'UTC')) AS silent_seconds,
    round(recent / least(%(days)s, dateDiff('hour', first_at, last_at) / 24), 1) AS daily,
    round(recent / least(%(days)s, dateDiff('hour', first_at, last_at) / 24) * silent_seconds / 86400) AS expected
FROM (
    SELECT province, checkpoint_id, min(at) AS first_at, max(at) AS last_at,
        arrayCount(one -> one > last_at - toIntervalDay(%(days)s), groupArray(at)) AS recent
    FROM (
        SELECT province, any(checkpoint_id) AS checkpoint_id, min(occurred_at) AS at
        FROM crossings FINAL
        WHERE readable AND occurred_at <= fromUnixTimestamp64Milli(%(now)s, 'UTC')
        GROUP BY province, event_id, block
    )
    GROUP BY province, checkpoint_id
)
WHERE dateDiff('hour', first_at, last_at) >= 24 * 7
    AND silent_seconds >= 3600 * %(least_hours)s AND expected >= %(least_expected)s
ORDER BY expected DESC, province, checkpoint_id
"""
_ARRIVALS = """
SELECT DISTINCT checkpoint_id, occurred_at
FROM crossings FINAL
WHERE readable AND direction = 'domestic' AND mode = 'sea' AND checkpoint_id IN %(posts)s
    AND occurred_at <= fromUnixTimestamp64Milli(%(now)s, 'UTC')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A ship that calls every week; weekdays count from Monday = 1."""

    ship: str
    checkpoint_id: str
    weekdays: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the policy says of silence."""

    least_hours: int
    """A night or a day without a ferry is no silence."""
    least_expected: int
    """Of so many whom the usual rate lets expect none came."""
    known_days: int
    """The rate is that of so many days."""
    sailing_hours: int
    """From the beginning of the day of a call until its passengers must have been seen."""
    calls: Sequence[Call]


def silences(client: Client, terms: Terms, *, now: datetime) -> Iterator[Shown]:
    """Stream what is silent at a time: checkpoints by how many must have passed, then sailings, latest first.

    Each row has `kind`, `province`, `name` (the checkpoint), `ship` and `called_on` (of a sailing), `last_at`,
    `silent_seconds`, `daily` and `expected`.
    """
    asked = {
        "now": milliseconds(now, LATEST_MS),
        "days": terms.known_days,
        "least_hours": terms.least_hours,
        "least_expected": terms.least_expected,
    }
    for row in each(client, _RATES, asked):
        yield {"kind": CHECKPOINT, "name": row.pop("checkpoint_id"), "ship": None, "called_on": None} | row
    yield from _sailings(client, terms, now)


def _sailings(client: Client, terms: Terms, now: datetime) -> Iterator[Shown]:
    posts = tuple({call.checkpoint_id for call in terms.calls if call.checkpoint_id in checkpoints()})
    if not posts:
        return
    seen: dict[str, list[datetime]] = {}
    for row in everything(client, _ARRIVALS, {"posts": posts, "now": milliseconds(now, LATEST_MS)}):
        seen.setdefault(row["checkpoint_id"], []).append(datetime.fromisoformat(row["occurred_at"]))
    for back in range(LOOK_BACK_DAYS + 1):
        for call in terms.calls:
            arrivals = sorted(seen.get(call.checkpoint_id, ()))
            zone = ZoneInfo(checkpoints()[call.checkpoint_id].tz) if arrivals else None
            if zone is None:  # a post that records no arrivals at all says nothing of one ship
                continue
            day = now.astimezone(zone).date() - timedelta(days=back)
            begins = datetime.combine(day, time(tzinfo=zone))
            ends = begins + timedelta(hours=terms.sailing_hours)
            before = [at for at in arrivals if at < begins]
            if day.isoweekday() not in call.weekdays or ends > now or not before:
                continue
            if not any(begins <= at < ends for at in arrivals):
                yield _sailing(call, day, before[-1], now)


def _sailing(call: Call, day: date, last_at: datetime, now: datetime) -> Shown:
    province = province_of(call.checkpoint_id)
    return {
        "kind": SAILING,
        "province": province.value if province else "",
        "name": call.checkpoint_id,
        "ship": call.ship,
        "called_on": day.isoformat(),
        "last_at": last_at.isoformat(timespec="seconds"),
        "silent_seconds": int((now - last_at).total_seconds()),
        "daily": None,
        "expected": None,
    }
