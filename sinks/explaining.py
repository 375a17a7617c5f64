"""All that is known of one crossing: its verdicts, its findings with their evidence, and what analysts concluded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from clickhouse_driver import Client

from sinks.reading import Shown, everything

# Where all rows of a key are equal, LIMIT BY does what FINAL does and reads less.
_CURRENT = """
SELECT * FROM current_assessments
WHERE event_id = %(event_id)s AND (%(province)s = '' OR province = %(province)s)
ORDER BY province, block
"""
_HISTORY = """
SELECT province, block, version, assessed_at, status, score, rules, departure_id, tier, missing, policy, findings
FROM assessment_versions
WHERE event_id = %(event_id)s AND (%(province)s = '' OR province = %(province)s)
ORDER BY version
LIMIT 1 BY province, block, version
"""
_LEDGER = """
SELECT * FROM crossings
WHERE event_id = %(event_id)s AND readable AND (%(province)s = '' OR province = %(province)s)
ORDER BY topic, `partition`, `offset`
LIMIT 1 BY topic, `partition`, `offset`
"""
_OTHERS = """
SELECT * FROM crossings
WHERE (province, event_id) IN %(events)s AND readable
ORDER BY occurred_at, topic, `partition`, `offset`
LIMIT 1 BY province, event_id, block
"""
_DEPARTURES = """
SELECT * FROM departures
WHERE departure_id IN %(ids)s
ORDER BY departure_id, revision, topic, `partition`, `offset`
LIMIT 1 BY departure_id, revision, event, issued_at
"""
_REVIEWS = """
SELECT review_id, event_id, province, move, nullIf(toString(verdict), '') AS verdict, note, reviewer, reviewed_at,
    assessment_version, nullIf(after, '') AS after, nullIf(toString(assignee), '') AS assignee, due_at, snoozed_until
FROM reviews FINAL
WHERE event_id = %(event_id)s AND (%(province)s = '' OR province = %(province)s)
ORDER BY `partition`, `offset`
"""
_CLUSTERS_OF = """
SELECT cluster_id, kind, status, score, members, member_count, left_out, first_at, last_at, rules, suppressed, findings,
    policy, version
FROM active_clusters
WHERE has(members, %(event_id)s) OR has(members, concat(%(province)s, '/', %(event_id)s))
ORDER BY score DESC, cluster_id
"""
_NO_PLACE = ("topic", "partition", "offset")


def explain(client: Client, event_id: str, province: str | None = None) -> list[Shown]:
    """What is known of an event: one entry a province and block that have it, mostly one; none if it is unknown.

    Each entry has: `event_id`, `province`, `block`; `assessment` (None while it waits for its verdict) with its
    findings as a list; `history` (every version, oldest first); `crossing` (None if the ledger has no such record)
    and `published` (how often it was); `departures` and `crossings` (the facts that findings name), `reports` and
    `watermarks` (named ones, by id only); `reviews`; `clusters`.
    """
    asked = {"event_id": event_id, "province": province or ""}
    current = {_place(row): row for row in everything(client, _CURRENT, asked)}
    history = [_opened(row) for row in everything(client, _HISTORY, asked)]
    ledger = everything(client, _LEDGER, asked)
    places = sorted({*current, *(_place(row) for row in ledger)})
    entries = []
    for place in places:
        assessment = _opened(current[place]) if place in current else None
        records = [row for row in ledger if _place(row) == place]
        entry = {
            "event_id": event_id,
            "province": place[0],
            "block": place[1],
            "assessment": assessment,
            "history": [row for row in history if _place(row) == place],
            "crossing": records[0] if records else None,
            "published": len(records),
            "reviews": reviews_of(client, event_id, place[0]),
            "clusters": clusters_of(client, event_id, place[0]),
        }
        entries.append(entry | _evidence(client, assessment, place[0], event_id))
    return entries


def _evidence(client: Client, assessment: Shown | None, province: str, event_id: str) -> Shown:
    named: list[str] = []
    if assessment is not None:
        named = [f for one in (*assessment["findings"], *assessment["suppressed"]) for f in one["evidence"]]
        if assessment["departure_id"]:
            named.append(f"departure:{assessment['departure_id']}")
    events = {(where, what) for where, _, what in (id_.partition("/") for id_ in _ids(named, "event:"))}
    return {
        "departures": departures_of(client, sorted(set(_ids(named, "departure:")))),
        "crossings": other_crossings(client, sorted(events - {(province, event_id)})),
        "reports": sorted(set(_ids(named, "report:"))),
        "watermarks": sorted(set(_ids(named, "watermark:"))),
    }


def departures_of(client: Client, departure_ids: Sequence[str]) -> list[Shown]:
    """Every revision of these registrations, one row for all its copies."""
    if not departure_ids:
        return []
    rows = everything(client, _DEPARTURES, {"ids": tuple(departure_ids)})
    return [{name: value for name, value in row.items() if name not in _NO_PLACE} for row in rows]


def other_crossings(client: Client, events: Sequence[tuple[str, str]]) -> list[Shown]:
    """The ledger's rows of these (province, event_id)."""
    return everything(client, _OTHERS, {"events": tuple(events)}) if events else []


def reviews_of(client: Client, event_id: str, province: str | None = None) -> list[Shown]:
    """What analysts did with an event, in the order of the log."""
    return everything(client, _REVIEWS, {"event_id": event_id, "province": province or ""})


def clusters_of(client: Client, event_id: str, province: str) -> list[Shown]:
    """The groups that have an event among their members."""
    rows = everything(client, _CLUSTERS_OF, {"event_id": event_id, "province": province})
    return [row | {"findings": orjson.loads(row["findings"])} for row in rows]


def _place(row: Shown) -> tuple[str, str]:
    return row["province"], row["block"]


def _opened(row: Shown) -> Shown:
    """The row with its JSON columns read; empty words are None."""
    opened: dict[str, Any] = dict(row)
    for name in ("departure_id", "tier", "sex", "origin_region", "purpose", "destination_country"):
        if name in opened:
            opened[name] = opened[name] or None
    opened["findings"] = orjson.loads(row["findings"])
    if "suppressed" in row:
        opened["suppressed"] = orjson.loads(row["suppressed"])
    if "match" in row:
        opened["match"] = orjson.loads(row["match"]) if row["match"] else None
    return opened


def _ids(named: Iterable[str], kind: str) -> list[str]:
    return [fact.removeprefix(kind) for fact in named if fact.startswith(kind)]
