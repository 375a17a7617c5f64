"""What analysts ask, as functions that give rows; right before and after merges. All SQL of readers stands here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from clickhouse_driver import Client

from schemas.vocabulary import Province, Status
from sinks.reading import Shown, each, everything, milliseconds

EARLIEST_MS, LATEST_MS = -2_000_000_000_000, 9_000_000_000_000
ANY, WITHDRAWN, UNVERIFIABLE = "any", "WITHDRAWN", "UNVERIFIABLE"
STATUSES = (*(status.value for status in Status), WITHDRAWN, UNVERIFIABLE, ANY)
"""What `flags` can be asked for; WITHDRAWN and UNVERIFIABLE are views of a status, not statuses."""

_FLAG = """
SELECT event_id, province, checkpoint_id, occurred_at, {status} AS status, score, rules,
    nullIf(departure_id, '') AS departure_id, nullIf(toString(tier), '') AS tier, policy, version
FROM {source}
WHERE (%(province)s = '' OR a.province = %(province)s)
    AND a.occurred_at >= fromUnixTimestamp64Milli(%(since)s, 'UTC')
    AND a.occurred_at < fromUnixTimestamp64Milli(%(until)s, 'UTC')
    AND (%(rule)s = '' OR has(a.rules, %(rule)s))
    AND {condition}
ORDER BY a.occurred_at, a.event_id, a.province, a.block
"""
_NOW = "assessments AS a FINAL"
_SHOWN_NOW = "current_assessments AS a"
_THEN = """(
    SELECT * FROM assessment_versions WHERE assessed_at <= fromUnixTimestamp64Milli(%(as_of)s, 'UTC')
    ORDER BY version DESC LIMIT 1 BY province, event_id, block
) AS a"""
_HAS_STATUS = "a.status = %(status)s"
_IS_WITHDRAWN = """a.status != 'FLAGGED' AND (a.province, a.event_id, a.block) IN (
    SELECT province, event_id, block FROM assessment_versions
    WHERE status = 'FLAGGED' AND assessed_at <= fromUnixTimestamp64Milli(%(as_of)s, 'UTC')
)"""
_IS_UNVERIFIABLE = "a.shown_status = %(status)s"

_POLICY_VERSIONS = """
SELECT name, digest, author, activated_by, effective_from, effective_until, activated_at
FROM policy_versions
ORDER BY effective_from
"""
_POLICY_TEXTS = """
SELECT toString(digest), text
FROM policy_versions
WHERE effective_from <= fromUnixTimestamp64Milli(%(until)s, 'UTC')
ORDER BY effective_from
"""
_SHADOW_PAIRS = """
SELECT a.province AS province, a.event_id AS event_id, a.block AS block, a.origin_region AS origin_region, a.sex AS sex,
    a.status AS now_status, a.score AS now_score, a.findings AS now_findings, a.departure_id AS now_departure_id,
    a.tier AS now_tier, s.status AS shadow_status, s.score AS shadow_score, s.findings AS shadow_findings,
    s.departure_id AS shadow_departure_id, s.tier AS shadow_tier
FROM (SELECT * FROM assessments FINAL) AS a
INNER JOIN (SELECT * FROM shadow_assessments FINAL WHERE policy = %(digest)s) AS s
    ON a.province = s.province AND a.event_id = s.event_id AND a.block = s.block
ORDER BY province, event_id, block
"""
_SUPPRESSIONS = """
SELECT suppression_id, event_id, province, token, rules, reason, made_by, made_at, until,
    countIf(a.by != '') AS verdicts
FROM (SELECT * FROM suppressions FINAL LIMIT 1 BY suppression_id, token, province, event_id, block) AS s
LEFT JOIN (
    SELECT event_id AS event, arrayJoin(arrayDistinct(JSONExtract(suppressed, 'Array(Tuple(by String))').by)) AS by
    FROM assessments FINAL
    WHERE suppressed NOT IN ('', '[]')
) AS a ON a.by = concat('suppression:', s.suppression_id)
GROUP BY suppression_id, event_id, province, token, rules, reason, made_by, made_at, until
ORDER BY made_at, suppression_id
"""
_SUPPRESSION_COUNTS = """
SELECT
    (
        SELECT uniqExact(suppression_id) FROM suppressions FINAL
        WHERE until > fromUnixTimestamp64Milli(%(now)s, 'UTC')
    ) AS suppressions,
    (SELECT count() FROM assessments FINAL WHERE suppressed NOT IN ('', '[]')) AS verdicts
"""
_REJECTED = """
SELECT owner, stage, reason, message, field, topic, `partition`, `offset`, line, digest, happened_at,
    log_topic, log_partition, log_offset
FROM rejected FINAL
WHERE (%(owner)s = '' OR owner = %(owner)s) AND (%(reason)s = '' OR reason = %(reason)s)
    AND (%(stage)s = '' OR stage = %(stage)s)
ORDER BY happened_at, log_topic, log_partition, log_offset
"""
_REJECTED_COUNTS = """
SELECT owner, stage, reason, count() AS records, max(happened_at) AS last_at
FROM rejected FINAL
GROUP BY owner, stage, reason
ORDER BY owner, records DESC, stage, reason
"""
_CLUSTERS = """
SELECT cluster_id, kind, status, score, members, member_count, left_out, first_at, last_at, rules, suppressed, policy,
       version
FROM active_clusters
WHERE (%(status)s = '' OR status = %(status)s) AND (%(rule)s = '' OR has(rules, %(rule)s))
    AND (%(event)s = '' OR has(members, %(event)s))
ORDER BY score DESC, cluster_id
"""
_ACCOUNTING = "SELECT province, published, assessed, rejected, duplicate FROM accounting"
_FEEDS = "SELECT * FROM feeds ORDER BY kind DESC, province, name"
_GAPS = "SELECT * FROM device_gaps ORDER BY province, checkpoint_id, device_id, first_missing"
_SET_ALLOWANCE = "INSERT INTO settings (name, value, changed_at) VALUES"


class QueryError(ValueError):
    """The question has no answer as it is asked; the text says what may be asked."""


def flags(
    client: Client,
    *,
    province: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    rule: str | None = None,
    status: str = Status.FLAGGED.value,
    as_of: datetime | None = None,
) -> Iterator[Shown]:
    """Stream the newest verdicts with one status (or any), by time of the crossing.

    Args:
        client: not to be used for anything else until the last row is taken.
        province: only this one.
        since: crossings from then on.
        until: crossings before then.
        rule: only verdicts that this rule contributed to.
        status: one of `STATUSES`.
        as_of: what was known then.

    Raises:
        QueryError: an unknown status, or UNVERIFIABLE in the past.
    """
    if status not in STATUSES:
        msg = f"the status must be one of {', '.join(STATUSES)}"
        raise QueryError(msg)
    if status == UNVERIFIABLE and as_of is not None:
        msg = "UNVERIFIABLE depends on the present silence of the registries: ask for PENDING with --as-of"
        raise QueryError(msg)
    conditions = {ANY: "1", WITHDRAWN: _IS_WITHDRAWN, UNVERIFIABLE: _IS_UNVERIFIABLE}
    source = _NOW if as_of is None else _THEN
    sql = _FLAG.format(
        source=_SHOWN_NOW if status == UNVERIFIABLE else source,
        status="a.shown_status" if status == UNVERIFIABLE else "a.status",
        condition=conditions.get(status, _HAS_STATUS),
    )
    parameters = {
        "province": province or "",
        "since": milliseconds(since, EARLIEST_MS),
        "until": milliseconds(until, LATEST_MS),
        "rule": rule or "",
        "status": status,
        "as_of": milliseconds(as_of, LATEST_MS),
    }
    return each(client, sql, parameters)


def accounting(client: Client) -> list[Shown]:
    """Law 5: one row a province with published, assessed, rejected and duplicate."""
    found = {row["province"]: row for row in everything(client, _ACCOUNTING)}
    nothing: dict[str, Any] = {"published": 0, "assessed": 0, "rejected": 0, "duplicate": 0}
    return [found.get(province.value, {"province": province.value} | nothing) for province in Province]


def feeds(client: Client) -> list[Shown]:
    """Registries by watermark and checkpoints by last crossing: silence, missing numbers, waiting, delay."""
    return everything(client, _FEEDS)


def gaps(client: Client) -> Iterator[Shown]:
    """Ranges of device sequence numbers that have not arrived."""
    return each(client, _GAPS)


def rejected(
    client: Client, *, owner: str | None = None, reason: str | None = None, stage: str | None = None
) -> Iterator[Shown]:
    """Stream refusals by time; `owner` is a province, `registry`, or empty for the pipeline's own records."""
    return each(client, _REJECTED, {"owner": owner or "", "reason": reason or "", "stage": stage or ""})


def rejected_counts(client: Client) -> list[Shown]:
    """Refusals by owner, stage and reason."""
    return everything(client, _REJECTED_COUNTS)


def clusters(
    client: Client, *, status: str | None = None, rule: str | None = None, event_id: str | None = None
) -> Iterator[Shown]:
    """Stream the groups of which something is found now, the highest score first."""
    return each(client, _CLUSTERS, {"status": status or "", "rule": rule or "", "event": event_id or ""})


def policy_versions(client: Client) -> Iterator[Shown]:
    """Stream the activated versions of the policy, each with when it is in force, by its beginning."""
    return each(client, _POLICY_VERSIONS)


def policy_texts(client: Client, *, until: datetime | None = None) -> list[tuple[str, str]]:
    """Digest and text of the activated policy files that are in force by then, by their beginning."""
    found: list[tuple[str, str]] = client.execute(_POLICY_TEXTS, {"until": milliseconds(until, LATEST_MS)})
    return found


def shadow_pairs(client: Client, digest: str) -> Iterator[Shown]:
    """Stream every verdict of a policy that is tried out, beside the one that stands."""
    return each(client, _SHADOW_PAIRS, {"digest": digest})


def suppressions(client: Client) -> Iterator[Shown]:
    """Stream what analysts said does not count, with how many verdicts it now concerns, oldest first."""
    return each(client, _SUPPRESSIONS)


def suppression_counts(client: Client, *, now: datetime) -> Shown:
    """How many suppressions hold for a crossing of now, and how many verdicts have findings that do not count."""
    (row,) = everything(client, _SUPPRESSION_COUNTS, {"now": milliseconds(now, LATEST_MS)})
    return row


def set_silence_allowance(client: Client, hours: float, *, changed_at: datetime) -> None:
    """Tell the views after how many hours without a heartbeat a registry counts as silent (of the active policy)."""
    client.execute(_SET_ALLOWANCE, [("silence_allowance_hours", f"{hours:g}", changed_at)])
