"""How well each checkpoint delivers: delay, completeness, copies, refusals, clocks, gaps, silence and contracts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from clickhouse_driver import Client

from schemas.records import SCHEMA_VERSION
from schemas.vocabulary import Province
from sinks.reading import Shown, each, milliseconds

MEASURES: Final = (
    *("events", "duplicates", "delay_p50_seconds", "delay_p95_seconds", "ahead_seconds", "silence_seconds"),
    *("completeness", "missing_numbers", "rejected", "contract", "linkage_key"),
)
"""In the order in which they are listed.

ahead_seconds is how far a crossing lay after the broker's stamp at most: so far at least is the device's clock ahead.
"""
_FIELDS: Final = (
    *("device_id", "sequence", "mode", "carrier", "service_no", "from_place", "to_place", "document_token"),
    *("document_issue_office", "document_issued_on", "document_expires_on", "document_mrz_ok", "nik_token", "kk_token"),
    *("birth_year", "sex", "nationality", "origin_region", "purpose", "destination_country", "destination_place"),
    *("payer_token", "booking_token", "party_token", "officer_action"),
)
"""Those of the ledger that a partner may leave empty; a name has no column, a missing one is a quality remark."""
_TEXTS: Final = frozenset(_FIELDS) - {
    *("sequence", "document_issued_on", "document_expires_on", "document_mrz_ok", "birth_year"),
}
_FILLED = ", ".join(
    f"('{name}', {name} != '')" if name in _TEXTS else f"('{name}', {name} IS NOT NULL)" for name in _FIELDS
)

_LEDGER = """(
    SELECT * FROM crossings FINAL
    WHERE readable AND published_at >= fromUnixTimestamp64Milli(%(since)s, 'UTC')
        AND (%(province)s = '' OR province = %(province)s)
)"""
_QUALITY = f"""
WITH
    delivered AS
    (
        SELECT province, checkpoint_id, count() AS records, uniqExact(event_id, block) AS events,
            quantilesExact(0.5, 0.95)(dateDiff('millisecond', occurred_at, published_at) / 1000) AS delays,
            greatest(0, max(dateDiff('millisecond', published_at, occurred_at))) / 1000 AS ahead,
            dateDiff('second', max(published_at), fromUnixTimestamp64Milli(%(now)s, 'UTC')) AS silence
        FROM {_LEDGER}
        GROUP BY province, checkpoint_id
    )
SELECT toString(province) AS province, toString(checkpoint_id) AS checkpoint_id, measure, name, round(value, 3) AS value
FROM
(
    SELECT province, checkpoint_id, told.1 AS measure, '' AS name, told.2 AS value
    FROM delivered
    ARRAY JOIN [
        ('events', toFloat64(events)), ('duplicates', toFloat64(records - events)),
        ('delay_p50_seconds', toFloat64(delays[1])), ('delay_p95_seconds', toFloat64(delays[2])),
        ('ahead_seconds', toFloat64(ahead)), ('silence_seconds', toFloat64(silence))
    ] AS told
    UNION ALL
    SELECT province, checkpoint_id, 'contract' AS measure, 'v{SCHEMA_VERSION}' AS name, toFloat64(count()) AS value
    FROM {_LEDGER} GROUP BY province, checkpoint_id
    UNION ALL
    SELECT province, checkpoint_id, 'completeness' AS measure, filled.1 AS name, avg(filled.2) AS value
    FROM {_LEDGER} ARRAY JOIN [{_FILLED}] AS filled
    GROUP BY province, checkpoint_id, name
    UNION ALL
    SELECT province, checkpoint_id, 'linkage_key' AS measure, toString(key_id) AS name, toFloat64(count()) AS value
    FROM {_LEDGER} GROUP BY province, checkpoint_id, name
    UNION ALL
    SELECT province, checkpoint_id, 'missing_numbers' AS measure, toString(device_id) AS name, toFloat64(sum(missing))
    FROM device_gaps
    WHERE (%(province)s = '' OR province = %(province)s)
    GROUP BY province, checkpoint_id, name
    UNION ALL
    SELECT toString(owner) AS province, '' AS checkpoint_id, 'rejected' AS measure, toString(reason) AS name,
        toFloat64(count()) AS value
    FROM rejected FINAL
    WHERE owner NOT IN ('', 'registry') AND (%(province)s = '' OR owner = %(province)s)
        AND recorded_at >= fromUnixTimestamp64Milli(%(since)s, 'UTC')
    GROUP BY owner, reason
)
ORDER BY province, checkpoint_id, indexOf(%(measures)s, measure), name
"""


def feed_quality(
    client: Client, *, since: datetime, now: datetime, province: Province | None = None
) -> Iterator[Shown]:
    """Stream one row a measure of each checkpoint; refusals before publishing are known by province only.

    Args:
        client: not to be used for anything else until the last row is taken.
        since: what the broker stamped from then on.
        now: up to when silence is counted.
        province: only this one.
    """
    asked = {
        "since": milliseconds(since, 0),
        "now": milliseconds(now, 0),
        "province": province.value if province else "",
        "measures": list(MEASURES),
    }
    return each(client, _QUALITY, asked)
