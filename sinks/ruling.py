"""How each rule does: how much it raises, how that moves, and how often analysts agree."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import sqrt

from clickhouse_driver import Client

from sinks.queries import LATEST_MS
from sinks.reading import Shown, everything, milliseconds

WEEKS = 8
Z = 1.96
"""Of a 95 % interval."""

_RULES = """
SELECT rule, crossings, flags, weekly, agreed, disagreed, undecided
FROM
(
    SELECT arrayJoin(rules) AS rule, count() AS crossings, countIf(status = 'FLAGGED') AS flags,
        [{weekly}] AS weekly
    FROM assessments FINAL
    WHERE notEmpty(rules) AND (%(province)s = '' OR province = %(province)s)
        AND occurred_at <= fromUnixTimestamp64Milli(%(now)s, 'UTC')
    GROUP BY rule
) AS v
LEFT JOIN
(
    SELECT arrayJoin(rules) AS rule, countIf(concluded IN ('confirmed', 'referred')) AS agreed,
        countIf(concluded = 'false_positive') AS disagreed, countIf(concluded = 'inconclusive') AS undecided
    FROM flag_cases
    WHERE closed AND (%(province)s = '' OR province = %(province)s)
    GROUP BY rule
) AS r ON v.rule = r.rule
ORDER BY rule
"""


def rule_figures(client: Client, *, now: datetime, province: str = "") -> list[Shown]:
    """One row a rule: `crossings` and `flags` that carry it, `weekly` (oldest week first) and what reviews say of it.

    `precision` is the share of closed reviews that confirmed or referred, with its 95 % interval (Wilson); None where
    nobody has concluded yet. A review judges the flag, not the rule: rules that come together share its verdict.
    """
    age = "dateDiff('second', occurred_at, fromUnixTimestamp64Milli(%(now)s, 'UTC'))"
    weekly = (f"countIf(intDiv({age}, 604800) = {week})" for week in reversed(range(WEEKS)))
    sql = _RULES.format(weekly=", ".join(weekly))
    rows = everything(client, sql, {"province": province, "now": milliseconds(now, LATEST_MS)})
    return [_with_precision(row) for row in rows]


def weeks_until(now: datetime) -> list[datetime]:
    """When the weeks of `weekly` begin."""
    return [now - timedelta(weeks=WEEKS - week) for week in range(WEEKS)]


def wilson(agreed: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share: right for few cases, too."""
    share, square = agreed / of, Z * Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = Z * sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def _with_precision(row: Shown) -> Shown:
    decided = row["agreed"] + row["disagreed"]
    low, high = wilson(row["agreed"], decided) if decided else (None, None)
    return row | {
        "reviewed": decided,
        "precision": round(row["agreed"] / decided, 4) if decided else None,
        "precision_low": None if low is None else round(low, 4),
        "precision_high": None if high is None else round(high, 4),
    }
