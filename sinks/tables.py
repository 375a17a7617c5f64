"""Every table that the loader fills, with its columns in the order of its rows' values, and where a record stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Row = tuple[Any, ...]

LATEST_MS = 9_000_000_000_000
"""A sender chooses a record's timestamp freely; beyond the year 2255 the store could not keep it."""


@dataclass(slots=True)  # one a record: frozen and by keyword it would take twice as long to make
class Place:
    """Where a record stands in Kafka, and the timestamp it has there."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int

    @property
    def at_ms(self) -> int:
        """The timestamp, within what the store can keep."""
        return min(max(self.timestamp_ms, 0), LATEST_MS)


ASSESSMENT_COLUMNS = (
    *("province", "event_id", "block", "checkpoint_id", "occurred_at", "direction", "document_type", "sex"),
    *("age_years", "origin_region", "purpose", "destination_country", "service_no", "officer_action", "status"),
    *("score", "rules", "findings", "departure_id", "tier", "match", "missing", "policy"),
    *("assessed_at", "partition", "offset", "version", "suppressed"),
)
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "assessment_versions": ASSESSMENT_COLUMNS,
    "assessments": ASSESSMENT_COLUMNS,
    "shadow_assessments": ASSESSMENT_COLUMNS,
    "crossings": (
        *("province", "event_id", "block", "readable", "digest", "checkpoint_id", "device_id", "sequence"),
        *("occurred_at", "direction", "mode", "carrier", "service_no", "from_place", "to_place"),
        *("document_type", "document_token", "document_issue_office", "document_issued_on", "document_expires_on"),
        *("document_mrz_ok", "nik_token", "kk_token", "payer_token", "booking_token", "party_token", "birth_year"),
        *("nik_birth_year", "age_years", "sex", "nationality", "origin_region", "purpose", "destination_country"),
        *("destination_place", "officer_action", "identity_quality", "key_id"),
        *("published_at", "topic", "partition", "offset"),
    ),
    "departures": (
        *("departure_id", "revision", "event", "source", "block", "passport_token", "previous_passport_tokens"),
        *("nik_token", "birth_year", "sex", "origin_region", "scheme", "p3mi_licence", "p3mi_valid_to", "sector"),
        *("employer_type", "destination_country", "planned_date", "valid_from", "valid_to", "checkpoint_id", "mode"),
        *("certificate", "opp", "health", "insurance", "permission", "visa", "training_institution", "ltsa_office"),
        *("issued_at", "identity_quality", "key_id", "published_at", "topic", "partition", "offset"),
    ),
    "heartbeats": ("source", "complete_up_to", "published_at", "topic", "partition", "offset"),
    "policies": (
        *("name", "digest", "text", "author", "activated_by", "effective_from", "activated_at"),
        *("recorded_at", "partition", "offset"),
    ),
    "suppressions": (
        *("suppression_id", "event_id", "province", "block", "token", "rules", "reason", "made_by", "made_at", "until"),
        *("recorded_at", "partition", "offset"),
    ),
    "rejected": (
        *("owner", "reason", "message", "field", "stage", "topic", "partition", "offset", "line", "digest"),
        *("happened_at", "recorded_at", "log_topic", "log_partition", "log_offset"),
    ),
    "reviews": (
        *("review_id", "event_id", "province", "verdict", "note", "reviewer", "reviewed_at", "assessment_version"),
        *("recorded_at", "partition", "offset", "move", "after", "assignee", "due_at", "snoozed_until"),
    ),
    "clusters": (
        *(
            "cluster_id",
            "kind",
            "status",
            "score",
            "members",
            "member_count",
            "left_out",
            "first_at",
            "last_at",
            "suppressed",
        ),
        *("rules", "findings", "policy"),
        *("assessed_at", "partition", "offset", "version"),
    ),
}
"""Every table that the loader fills, with the order of its rows' values."""
