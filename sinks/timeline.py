"""One pseudonymous person through time: every crossing and registration with the same document number or NIK."""

from __future__ import annotations

from typing import Any

from clickhouse_driver import Client

from sinks.reading import Shown, everything

MOST = 500
"""Crossings of one person at most; more would be a shared number, not a person."""

_TOKENS = """
SELECT DISTINCT document_token, nik_token FROM crossings
WHERE event_id = %(event_id)s AND province = %(province)s AND readable
"""
_CROSSINGS = """
SELECT c.province AS province, c.event_id AS event_id, c.block AS block, c.checkpoint_id AS checkpoint_id,
    c.occurred_at AS occurred_at, c.direction AS direction, c.mode AS mode, c.carrier AS carrier,
    c.service_no AS service_no, c.from_place AS from_place, c.to_place AS to_place, c.document_type AS document_type,
    c.purpose AS purpose, c.destination_country AS destination_country, c.officer_action AS officer_action,
    c.document_token IN %(tokens)s AND c.document_token != '' AS same_document,
    c.nik_token IN %(tokens)s AND c.nik_token != '' AS same_nik,
    a.status AS status, a.score AS score, a.rules AS rules, nullIf(a.departure_id, '') AS departure_id,
    a.version AS version
FROM
(
    SELECT * FROM crossings
    WHERE readable AND (document_token IN %(tokens)s OR nik_token IN %(tokens)s)
    ORDER BY occurred_at, topic, `partition`, `offset`
    LIMIT 1 BY province, event_id, block
    LIMIT %(most)s
) AS c
LEFT JOIN (SELECT * FROM assessments FINAL WHERE (province, event_id) IN (
    SELECT province, event_id FROM crossings
    WHERE readable AND (document_token IN %(tokens)s OR nik_token IN %(tokens)s)
)) AS a ON a.province = c.province AND a.event_id = c.event_id AND a.block = c.block
ORDER BY c.occurred_at, c.event_id
"""
_DEPARTURES = """
SELECT departure_id, revision, event, source, scheme, sector, employer_type, destination_country, planned_date,
    valid_from, valid_to, checkpoint_id, p3mi_licence, ltsa_office, issued_at
FROM departures
WHERE passport_token IN %(tokens)s OR nik_token IN %(tokens)s OR hasAny(previous_passport_tokens, %(listed)s)
    OR departure_id IN %(ids)s
ORDER BY issued_at, departure_id, revision, topic, `partition`, `offset`
LIMIT 1 BY departure_id, revision, event, issued_at
"""
_REVIEWS = """
SELECT province, event_id, move, nullIf(toString(verdict), '') AS verdict, reviewer, reviewed_at
FROM reviews FINAL
WHERE (province, event_id) IN %(events)s
ORDER BY reviewed_at, `offset`
"""


def timeline(client: Client, province: str, event_id: str, *, only_province: str = "") -> Shown | None:
    """Crossings, registrations and reviews of whoever was seen at a crossing; None where no such crossing is known.

    No name and no number is stored, so a person is whoever shows the same tokens: a second passport without a NIK is
    somebody else here, and a shared document makes two people one. `only_province` leaves other provinces' crossings
    out and counts them as `hidden`.
    """
    rows = client.execute(_TOKENS, {"event_id": event_id, "province": province})
    if not rows:
        return None
    tokens = sorted({token for row in rows for token in row if token})
    if not tokens:
        return {"crossings": [], "departures": [], "reviews": [], "tokens": 0, "hidden": 0}
    asked: dict[str, Any] = {"tokens": tuple(tokens), "listed": tokens, "most": MOST}
    found = everything(client, _CROSSINGS, asked)
    crossings = [row for row in found if only_province in ("", row["province"])]
    ids = sorted({row["departure_id"] for row in crossings if row["departure_id"]}) or [""]
    events = tuple(sorted({(row["province"], row["event_id"]) for row in crossings}))
    return {
        "crossings": crossings,
        "departures": everything(client, _DEPARTURES, asked | {"ids": tuple(ids)}),
        "reviews": everything(client, _REVIEWS, {"events": events}) if events else [],
        "tokens": len(tokens),
        "hidden": len(found) - len(crossings),
    }
