"""The rules of what never came: who left and did not return, and who arrived and was not seen again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clickhouse_driver import Client

from schemas.reference import checkpoints
from schemas.verdicts import Finding
from sinks.reading import Shown, each, milliseconds

EARLIEST_MS, LATEST_MS = -2_000_000_000_000, 9_000_000_000_000
NOT_RETURNED, NOT_SEEN_AGAIN = "R14", "R18"
ABSENCES = (NOT_RETURNED, NOT_SEEN_AGAIN)

# A checkpoint that was not heard since says nothing of who is missing (law 4).
_SELECT = """
SELECT event_id, province, block, checkpoint_id, occurred_at, status, rule,
    nullIf(departure_id, '') AS departure_id, nullIf(toString(tier), '') AS tier, version
FROM (
    SELECT *, multiIf(
            direction = 'out' AND document_type = 'passport' AND purpose IN %(purposes)s AND departure_id = ''
                AND nationality IN ('', 'IDN', 'XXX')
                AND officer_action NOT IN ('refused', 'postponed', 'returned'), 'R14',
            direction = 'domestic' AND mode = 'sea' AND checkpoint_id IN %(posts)s, 'R18',
            '') AS rule,
        occurred_at + toIntervalDay(if(rule = 'R14', %(visit)s, %(settle)s)) AS due
    FROM next_sightings
    WHERE substring(origin_region, 1, 2) IN %(origins)s
)
WHERE rule != '' AND (%(rule)s = '' OR rule = %(rule)s)
    AND due <= fromUnixTimestamp64Milli(%(now)s, 'UTC') AND due <= heard_at
    AND (next_at IS NULL OR next_at > due)
    AND (%(province)s = '' OR province = %(province)s) AND (%(event_id)s = '' OR event_id = %(event_id)s)
    AND occurred_at >= fromUnixTimestamp64Milli(%(since)s, 'UTC')
    AND occurred_at < fromUnixTimestamp64Milli(%(until)s, 'UTC')
ORDER BY occurred_at, event_id, province, block
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the policy says of absences."""

    policy: str
    """Its digest."""
    origin_provinces: Sequence[str]
    visit_days: int
    """How long a visitor may stay abroad."""
    visit_purposes: Sequence[str]
    settle_days: int
    """After an arrival by ship."""
    arrival_posts: Sequence[str]
    weights: Mapping[str, int]


def absences(
    client: Client,
    terms: Terms,
    *,
    now: datetime,
    rule: str | None = None,
    province: str | None = None,
    event_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[Shown]:
    """Stream who is missing at that time, by time of the crossing; each row has its `finding`, and keys as a flag has.

    Weak signs all of them: who came home through Java or settled at the port is not seen here. The status is that of
    the crossing's verdict, the score is the finding's weight.
    """
    asked = {
        "purposes": tuple(terms.visit_purposes),
        "posts": tuple(terms.arrival_posts),
        "origins": tuple(terms.origin_provinces),
        "visit": terms.visit_days,
        "settle": terms.settle_days,
        "rule": rule or "",
        "province": province or "",
        "event_id": event_id or "",
        "now": milliseconds(now, LATEST_MS),
        "since": milliseconds(since, EARLIEST_MS),
        "until": milliseconds(until, LATEST_MS),
    }
    for row in each(client, _SELECT, asked):
        found = _finding(row, terms)
        yield row | {
            "score": found.weight,
            "rules": [found.rule],
            "policy": terms.policy,
            "finding": found.model_dump(mode="json"),
        }


def _finding(row: Mapping[str, Any], terms: Terms) -> Finding:
    post = checkpoints().get(row["checkpoint_id"])
    where = post.name if post else row["checkpoint_id"]
    says = _not_returned(where, terms) if row["rule"] == NOT_RETURNED else _not_seen_again(where, terms)
    return Finding(
        rule=row["rule"],
        version=1,
        weight=terms.weights[row["rule"]],
        evidence=(f"event:{row['province']}/{row['event_id']}",),
        sentence_id=says[0],
        sentence_en=says[1],
        clears_id=says[2],
        clears_en=says[3],
    )


def _not_returned(where: str, terms: Terms) -> tuple[str, str, str, str]:
    """Source: 62 of 236 deportees at Nunukan had overstayed (benuanta.co.id, 13 September 2024)."""
    return (
        f"Keluar sebagai pengunjung lewat {where} dan tidak terlihat kembali dalam {terms.visit_days} hari.",
        f"Left as a visitor through {where} and was not seen to return within {terms.visit_days} days.",
        "Akan gugur bila perlintasan pulang diterima; pulang di luar tiga provinsi tidak terlihat di sini.",
        "Cleared when the crossing home arrives; a return outside the three provinces is not seen here.",
    )


def _not_seen_again(where: str, terms: Terms) -> tuple[str, str, str, str]:
    """Source: 123 of those 236 had entered illegally; 41 were caught in October and November 2024 (voi.id)."""
    return (
        f"Tiba dengan kapal di {where} dan tidak terlihat lagi dalam {terms.settle_days} hari.",
        f"Arrived by ship at {where} and was not seen again within {terms.settle_days} days.",
        "Akan gugur bila perlintasan berikutnya diterima; banyak yang menetap atau bekerja di sekitar pelabuhan.",
        "Cleared when a later crossing arrives; many settle or work near the port.",
    )
