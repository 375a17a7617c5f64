"""Records gathered into rows by table; pure, so that what is built can be tested without Kafka or ClickHouse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.codec import decode, decode_fact
from schemas.errors import RecordRejected
from schemas.records import Departure, Fact, Heartbeat, PolicyVersion, Suppression, TransitEvent
from schemas.topics import (
    ASSESSMENTS,
    CLUSTERS,
    DEPARTURES,
    POLICIES,
    REJECTED,
    REVIEWS,
    SHADOW_ASSESSMENTS,
    SUPPRESSIONS,
    TRANSIT,
)
from schemas.verdicts import Assessment, Cluster, Rejected, Review
from sinks.rows import (
    assessment_row,
    cluster_row,
    crossing_row,
    departure_row,
    digest_of,
    heartbeat_row,
    policy_row,
    refused_row,
    rejected_row,
    review_row,
    suppression_row,
    unreadable_crossing_row,
)
from sinks.tables import COLUMNS, Place, Row

TOPICS: tuple[str, ...] = (
    *TRANSIT,
    DEPARTURES,
    ASSESSMENTS,
    CLUSTERS,
    *REJECTED,
    REVIEWS,
    POLICIES,
    SUPPRESSIONS,
    SHADOW_ASSESSMENTS,
)
"""What the loader reads."""

Tables = tuple[str, ...]
_VERDICTS: Tables = ("assessment_versions", "assessments")
_CROSSINGS: Tables = ("crossings",)
_REJECTED: Tables = ("rejected",)


@dataclass(slots=True)  # one a record: frozen it would take three times as long to make
class Line:
    """One row, and what has to be said about its record if the store refuses it."""

    row: Row
    place: Place
    digest: str


@dataclass(slots=True)
class Batch:
    """Rows that wait for one insert a table."""

    tables: dict[str, list[Line]] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    records: int = 0
    payload_bytes: int = 0

    def add(self, key: bytes | None, value: bytes | None, place: Place) -> None:
        """Read one record and gather its rows; one that cannot be read becomes a row too, never an exception."""
        self.records += 1
        self.payload_bytes += len(value or b"")
        digest = digest_of(value)
        tables, row = rows_of(key, value, digest, place)
        line = Line(row, place, digest)
        for table in tables:
            self.tables[table].append(line)

    def filled(self) -> Mapping[str, list[Line]]:
        """The tables that have rows."""
        return {name: lines for name, lines in self.tables.items() if lines}


def rows_of(key: bytes | None, value: bytes | None, digest: str, place: Place) -> tuple[Tables, Row]:
    """The row of one record, and the tables that it goes into; none for a registration that the matcher refuses."""
    topic = place.topic
    try:
        if topic == ASSESSMENTS:  # nine of ten records of a season
            return _VERDICTS, assessment_row(decode(Assessment, value), place)
        if topic == SHADOW_ASSESSMENTS:
            return ("shadow_assessments",), assessment_row(decode(Assessment, value), place)
        if topic in TRANSIT or topic == DEPARTURES:
            return _fact_row(decode_fact(topic, key, value), digest, place)
        return _other_row(value, place)
    except RecordRejected as error:
        if topic in TRANSIT:  # the ledger counts it; the matcher refuses it and says why
            return _CROSSINGS, unreadable_crossing_row(digest, place)
        if topic in (DEPARTURES, POLICIES, SUPPRESSIONS):  # the matcher refuses it and says why
            return (), ()
        return _REJECTED, refused_row(error.reason.value, error.message, error.field, digest, place)


def _fact_row(fact: Fact, digest: str, place: Place) -> tuple[Tables, Row]:
    if isinstance(fact, TransitEvent):
        return _CROSSINGS, crossing_row(fact, digest, place)
    if isinstance(fact, Departure):
        return ("departures",), departure_row(fact, place)
    if isinstance(fact, Heartbeat):
        return ("heartbeats",), heartbeat_row(fact, place)
    msg = f"{type(fact).__name__} has no table"
    raise TypeError(msg)


def _other_row(value: bytes | None, place: Place) -> tuple[Tables, Row]:
    if place.topic == CLUSTERS:
        return ("clusters",), cluster_row(decode(Cluster, value), place)
    if place.topic == REVIEWS:
        return ("reviews",), review_row(decode(Review, value), place)
    if place.topic == POLICIES:
        return ("policies",), policy_row(decode(PolicyVersion, value), place)
    if place.topic == SUPPRESSIONS:
        return ("suppressions",), suppression_row(decode(Suppression, value), place)
    if place.topic in REJECTED:
        return _REJECTED, rejected_row(decode(Rejected, value), place)
    msg = f"the loader does not read {place.topic}"
    raise ValueError(msg)
