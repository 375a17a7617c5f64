"""What became of each record that a province has sent, and what a day of them comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from clickhouse_driver import Client

from schemas import reference
from schemas.vocabulary import PROVINCE_CODES, Province
from sinks.reading import Shown, each, milliseconds

ACCEPTED, DUPLICATE, REJECTED, WAITING = "accepted", "duplicate", "rejected", "waiting"
OUTCOMES: Final = (ACCEPTED, DUPLICATE, REJECTED, WAITING)

# a window over one event's copies needs those of other days too: the first of them may have come long before
_RECEIPTS = """
SELECT event_id, digest, outcome, code, assessed, occurred_at, published_at FROM
(
    SELECT
        c.event_id AS event_id,
        toString(c.digest) AS digest,
        multiIf(r.reason != '', 'rejected', NOT c.readable, 'waiting', c.copy = 1, 'accepted', 'duplicate') AS outcome,
        toString(r.reason) AS code,
        c.copy = 1 AND a.version_of != '' AS assessed,
        if(c.readable, toNullable(c.occurred_at), NULL) AS occurred_at,
        c.published_at AS published_at
    FROM
    (
        SELECT *, row_number() OVER (PARTITION BY event_id, block, taken ORDER BY `partition`, `offset`) AS copy
        FROM
        (
            SELECT event_id, block, digest, readable, occurred_at, published_at, topic, `partition`, `offset`,
                readable AND (topic, `partition`, `offset`) NOT IN (
                    SELECT topic, assumeNotNull(`partition`), assumeNotNull(`offset`)
                    FROM rejected WHERE stage = 'matcher'
                ) AS taken
            FROM crossings FINAL
            WHERE province = %(province)s AND (event_id, block) IN (
                SELECT event_id, block FROM crossings WHERE province = %(province)s AND {asked}
            )
        )
    ) AS c
    LEFT JOIN
    (
        SELECT topic, assumeNotNull(`partition`) AS `partition`, assumeNotNull(`offset`) AS `offset`,
            any(reason) AS reason
        FROM rejected FINAL
        WHERE stage = 'matcher' AND `partition` IS NOT NULL
        GROUP BY topic, `partition`, `offset`
    ) AS r ON c.topic = r.topic AND c.`partition` = r.`partition` AND c.`offset` = r.`offset`
    LEFT JOIN
    (
        SELECT event_id, block, any(event_id) AS version_of FROM assessments FINAL
        WHERE province = %(province)s GROUP BY event_id, block
    ) AS a ON c.event_id = a.event_id AND c.block = a.block
    UNION ALL
    SELECT '' AS event_id, digest, 'rejected' AS outcome, toString(reason) AS code, 0 AS assessed,
        CAST(NULL AS Nullable(DateTime64(3, 'UTC'))) AS occurred_at, recorded_at AS published_at
    FROM rejected FINAL
    WHERE owner = %(province)s AND (stage = 'publisher' OR (stage = 'loader' AND startsWith(topic, 'transit.')))
)
WHERE {wanted}
ORDER BY published_at, event_id, digest, outcome
"""
_ONE = {"asked": "event_id = %(event)s", "wanted": "event_id = %(event)s OR digest = %(event)s"}
_SPAN = (
    "published_at >= fromUnixTimestamp64Milli(%(since)s, 'UTC') "
    "AND published_at < fromUnixTimestamp64Milli(%(until)s, 'UTC')"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A calendar day in the zone of a province."""

    province: Province
    day: date
    since: datetime
    until: datetime

    @classmethod
    def of(cls, province: Province, day: date) -> Day:
        """The day from midnight to midnight where the province is."""
        zone = zone_of(province)
        since, until = (datetime.combine(d, time(), zone).astimezone(UTC) for d in (day, day + timedelta(days=1)))
        return cls(province=province, day=day, since=since, until=until)


@dataclass(slots=True, kw_only=True)
class Tally:
    """What the receipts of one day come to."""

    outcomes: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)

    def add(self, receipt: Shown) -> None:
        """Count one."""
        self.outcomes[receipt["outcome"]] += 1
        if receipt["code"]:
            self.codes[receipt["code"]] += 1

    def shown(self) -> dict[str, Any]:
        """As it is written: published is the sum of the others."""
        counts = {outcome: self.outcomes[outcome] for outcome in OUTCOMES}
        return {"published": self.outcomes.total(), **counts, "codes": dict(sorted(self.codes.items()))}


def zone_of(province: Province) -> ZoneInfo:
    """The zone in which most of a province's checkpoints lie."""
    zones = Counter(c.tz for c in reference.checkpoints().values() if PROVINCE_CODES[c.province_code] is province)
    return ZoneInfo(zones.most_common(1)[0][0])


def receipts_of_day(client: Client, day: Day) -> Iterator[Shown]:
    """Stream what Kafka took of a province on one day, by the broker's clock."""
    asked = {"asked": _SPAN, "wanted": _SPAN}
    bounds = {"since": milliseconds(day.since, 0), "until": milliseconds(day.until, 0)}
    return _shown(each(client, _RECEIPTS.format(**asked), {"province": day.province.value} | bounds))


def receipts_of_event(client: Client, province: Province, event: str) -> Iterator[Shown]:
    """Stream every record of one event, or the refusals of one row by its digest."""
    return _shown(each(client, _RECEIPTS.format(**_ONE), {"province": province.value, "event": event}))


def _shown(rows: Iterator[Shown]) -> Iterator[Shown]:
    return (row | {"assessed": bool(row["assessed"])} for row in rows)
