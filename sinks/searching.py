"""Search by an id that a partner or a registry gave: event, departure or case."""

from __future__ import annotations

from clickhouse_driver import Client

from sinks.reading import Shown, everything

MOST = 100

_SEARCH = """
SELECT * FROM
(
    SELECT 'event' AS kind, event_id AS found, province, event_id, checkpoint_id, occurred_at, status, score, rules
    FROM assessments FINAL
    WHERE event_id = %(text)s
    UNION ALL
    SELECT 'departure' AS kind, departure_id AS found, province, event_id, checkpoint_id, occurred_at, status, score,
        rules
    FROM assessments FINAL
    WHERE departure_id = %(text)s
    UNION ALL
    SELECT 'case' AS kind, %(text)s AS found, province, event_id, checkpoint_id, occurred_at, status, score, rules
    FROM assessments FINAL
    WHERE has(rules, 'R25') AND position(findings, concat('"report:', %(text)s, '"')) > 0
)
WHERE %(province)s = '' OR province = %(province)s
ORDER BY occurred_at DESC, province, event_id, kind
LIMIT %(most)s
"""
_REGISTERED = """
SELECT departure_id, revision, event, source, destination_country, planned_date
FROM departures WHERE departure_id = %(text)s ORDER BY revision DESC LIMIT 1
"""


def search(client: Client, text: str, *, province: str = "") -> list[Shown]:
    """Crossings that have this id, are covered by this departure, or met this case; the newest first."""
    return everything(client, _SEARCH, {"text": text, "province": province, "most": MOST})


def registered(client: Client, departure_id: str) -> list[Shown]:
    """The registration of that id, in one row; none where it is unknown."""
    return everything(client, _REGISTERED, {"text": departure_id})
