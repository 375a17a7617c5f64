"""The eight steps of NTT in figures, as far as there are data; each says how it is counted and what is not known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from clickhouse_driver import Client

from schemas.reference import office_region
from schemas.reference.regions import districts
from schemas.vocabulary import Province
from sinks.indicator_texts import INDICATORS
from sinks.queries import EARLIEST_MS, LATEST_MS
from sinks.reading import Shown, everything, milliseconds

NTT = "53"
LEAST_CELL = 5
"""A count of persons in a district below this is withheld."""
COLUMNS = (
    *("step", "indicator", "area", "value", "of", "unit", "withheld"),
    *("name_id", "name_en", "method_id", "method_en", "unknown_id", "unknown_en"),
)
WHOLE = ("count", "hours", "seconds")

_CROSSINGS = """
SELECT
    countIf(has(rules, 'R03')) AS moratorium_breaches,
    countIf(departure_id != '') AS registered_crossings,
    countIf(has(rules, 'R25')) AS case_crossings,
    uniqExactArrayIf(extractAll(findings, '"report:([^"]+)"'), has(rules, 'R25')) AS cases_met,
    countIf(direction = 'out' AND status IN ('FLAGGED', 'UNREGISTERED') AND departure_id = '') AS non_procedural,
    countIf(direction = 'out' AND status IN ('MATCHED', 'FLAGGED', 'UNREGISTERED')) AS decided,
    countIf(direction = 'out' AND status = 'PENDING') AS undecided
FROM assessments FINAL
WHERE startsWith(origin_region, '53') AND (%(province)s = '' OR province = %(province)s)
    AND occurred_at >= fromUnixTimestamp64Milli(%(since)s, 'UTC')
    AND occurred_at < fromUnixTimestamp64Milli(%(until)s, 'UTC')
"""
_REGISTRATIONS = """
SELECT substring(region, 1, 4) AS district, count() AS registrations,
    countIf(has_certificate = 1) AS certified,
    countIf(has_certificate = 1 AND employer IN ('corporate', 'government', 'vessel')) AS certified_formal,
    countIf(work = 'domestic_work' AND ifNull(has_certificate, 0) = 0) AS barred
FROM
(
    SELECT departure_id, argMax(origin_region, revision) AS region, argMax(certificate, revision) AS has_certificate,
        argMax(employer_type, revision) AS employer, argMax(sector, revision) AS work
    FROM departures
    WHERE startsWith(origin_region, '53') AND issued_at >= fromUnixTimestamp64Milli(%(since)s, 'UTC')
        AND issued_at < fromUnixTimestamp64Milli(%(until)s, 'UTC')
    GROUP BY departure_id
)
GROUP BY district ORDER BY district
"""
_OFFICES = """
SELECT ltsa_office AS office, uniqExact(departure_id) AS registrations, max(issued_at) AS last_at,
    greatest(0, dateDiff('hour', max(issued_at), fromUnixTimestamp64Milli(%(now)s, 'UTC'))) AS silent_hours
FROM departures
WHERE ltsa_office != '' AND issued_at < fromUnixTimestamp64Milli(%(until)s, 'UTC')
GROUP BY office ORDER BY office
"""
_REST = """
SELECT
    (SELECT uniqExact(training_institution) FROM departures WHERE training_institution != ''
        AND startsWith(origin_region, '53')) AS training_institutions,
    (SELECT count() FROM watermarks WHERE silent) AS silent_registries,
    (SELECT medianExact(dateDiff('hour', issued_at, published_at)) FROM departures
        WHERE revision = 1 AND published_at >= issued_at) AS registration_delay
"""
_REFERRALS = """
SELECT substring(origin_region, 1, 4) AS district, count() AS referrals,
    groupArray(dateDiff('minute', occurred_at, moved_at) / 60.) AS hours
FROM flag_cases
WHERE concluded = 'referred' AND startsWith(origin_region, '53')
    AND (%(province)s = '' OR province = %(province)s)
    AND occurred_at >= fromUnixTimestamp64Milli(%(since)s, 'UTC')
    AND occurred_at < fromUnixTimestamp64Milli(%(until)s, 'UTC')
GROUP BY district ORDER BY district
"""
_FEEDS = """
SELECT province, sum(events) AS events, sum(missing) AS missing, max(median_seconds) AS slowest
FROM feeds WHERE kind = 'checkpoint' AND (%(province)s = '' OR province = %(province)s)
GROUP BY province ORDER BY province
"""


def indicators(
    client: Client,
    *,
    now: datetime,
    province: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Shown]:
    """One row a figure, by step; `area` is a province or a district (Kemendagri code), or empty for all.

    `value` is None where there are no data, and where it is `withheld`; `of` is what a share or count is part of.
    `since` and `until` bound crossings by their time and registrations by their issue.
    """
    asked = {
        "province": province,
        "since": milliseconds(since, EARLIEST_MS),
        "until": milliseconds(until, LATEST_MS),
        "now": milliseconds(now, LATEST_MS),
    }
    (crossings,) = everything(client, _CROSSINGS, asked)
    registrations = everything(client, _REGISTRATIONS, asked)
    offices = everything(client, _OFFICES, asked)
    (rest,) = everything(client, _REST, asked)
    rows = _of_registrations(registrations, offices, rest)
    rows += _of_crossings(crossings)
    rows += _of_referrals(everything(client, _REFERRALS, asked))
    rows += _of_feeds(everything(client, _FEEDS, asked), [province] if province else [p.value for p in Province])
    rows += [_row(name, None) for name in ("acknowledged", "reports_received", "targets", "village_supervision")]
    order = list(INDICATORS)
    return sorted(rows, key=lambda row: (row["step"], order.index(row["indicator"]), row["area"]))


def withhold(counts: Mapping[str, int]) -> set[str]:
    """The areas whose counts must not be shown: small ones, and one more where a single one could be subtracted."""
    small = {area for area, count in counts.items() if 0 < count < LEAST_CELL}
    if len(small) == 1:
        others = [(count, area) for area, count in counts.items() if area not in small and count > 0]
        small |= {min(others)[1]} if others else set()
    return small


def _of_registrations(found: Sequence[Shown], offices: Sequence[Shown], rest: Shown) -> list[Shown]:
    total = {name: sum(row[name] for row in found) for name in found[0] if name != "district"} if found else {}
    count = total.get("registrations", 0)
    served = {region for row in offices if (region := office_region(row["office"]))}
    every = districts(NTT)
    rows = [
        _row("barred_registrations", total.get("barred", 0), of=count),
        _row("registrations", count),
        _row("offices", len(offices)),
        _row("districts_without_office", sum(d not in served for d in every) if offices else None, of=len(every)),
        _row("registration_delay", _number(rest["registration_delay"])),
        _row("silent_registries", rest["silent_registries"]),
        _row("certified_share", total.get("certified", 0) / count if count else None, of=count),
        _row("training_institutions", rest["training_institutions"]),
        _row("certified_formal", total.get("certified_formal", 0), of=count),
    ]
    rows += [_row("office_silence", row["silent_hours"], area=row["office"]) for row in offices]
    small = withhold({row["district"]: row["registrations"] for row in found})
    few = withhold({row["district"]: row["certified"] for row in found})
    for row in found:
        hidden, district = row["district"] in small, row["district"]
        rows.append(_row("district_registrations", row["registrations"], area=district, withheld=hidden))
        share, of = row["certified"] / row["registrations"], row["registrations"]
        rows.append(_row("district_certified", share, area=district, of=of, withheld=hidden or district in few))
    return rows


def _of_crossings(found: Shown) -> list[Shown]:
    return [
        _row("moratorium_breaches", found["moratorium_breaches"], of=found["registered_crossings"]),
        _row("case_crossings", found["case_crossings"]),
        _row("cases_met", found["cases_met"]),
        _row("non_procedural", found["non_procedural"], of=found["decided"]),
        _row("undecided", found["undecided"], of=found["decided"] + found["undecided"]),
    ]


def _of_feeds(found: Sequence[Shown], provinces: Iterable[str]) -> list[Shown]:
    """A province that delivers nothing is told too."""
    feeds = {feed["province"]: feed for feed in found}
    rows = []
    for province in provinces:
        feed = feeds.get(province, {"events": 0, "missing": None, "slowest": None})
        rows += [
            _row("feed_events", feed["events"], area=province),
            _row("feed_missing", feed["missing"], area=province),
            _row("feed_delay", feed["slowest"], area=province),
        ]
    return rows


def _of_referrals(found: Sequence[Shown]) -> list[Shown]:
    hours = sorted(hour for row in found for hour in row["hours"])
    small = withhold({row["district"]: row["referrals"] for row in found})
    rows = [
        _row("referrals", len(hours)),
        _row("referral_hours", hours[len(hours) // 2] if hours else None),
    ]
    return rows + [
        _row("district_referrals", row["referrals"], area=row["district"], withheld=row["district"] in small)
        for row in found
    ]


def _row(name: str, value: float | None, *, area: str = "", of: int | None = None, withheld: bool = False) -> Shown:
    told = INDICATORS[name]
    return {
        "step": told.step,
        "indicator": name,
        "area": area,
        "value": None if withheld or value is None else round(value, 4),
        "of": None if withheld else of,
        "unit": told.unit,
        "withheld": withheld,
        "name_id": told.name[0],
        "name_en": told.name[1],
        "method_id": told.method[0],
        "method_en": told.method[1],
        "unknown_id": told.unknown[0],
        "unknown_en": told.unknown[1],
    }


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)  # nan: of no rows
