"""Every topic in one table: its key, its retention, who writes it and who reads it."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.vocabulary import Province

DAY_MS = 86_400_000
FOREVER_MS = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic of the treaty."""

    name: str
    key: str
    retention_ms: int
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    records: tuple[str, ...]
    """The `record` values that may stand in it."""
    max_message_bytes: int = 1 << 20


def transit_topic(province: Province) -> str:
    """The topic of a province's crossings."""
    return f"transit.{province.value}"


def rejected_topic(owner: str) -> str:
    """The topic of refusals of a province, or of `registry`."""
    return f"rejected.{owner}"


REGISTRY = "registry"
SISAGA = "sisaga"
DEPARTURES = "departures"
REPORTS = "reports"
POLICIES = "policies"
SUPPRESSIONS = "suppressions"
ASSESSMENTS = "assessments"
SHADOW_ASSESSMENTS = "assessments.shadow"
CLUSTER_MEMBERS = "cluster.members"
CLUSTERS = "clusters"
REVIEWS = "reviews"

TRANSIT: tuple[str, ...] = tuple(transit_topic(p) for p in Province)
REJECTED: tuple[str, ...] = (*(rejected_topic(p.value) for p in Province), rejected_topic(REGISTRY))

INPUTS: tuple[str, ...] = (*TRANSIT, DEPARTURES, REPORTS, POLICIES, SUPPRESSIONS)
"""What the matcher reads, co-partitioned."""

TOPICS: tuple[Topic, ...] = (
    *(
        Topic(
            name=transit_topic(p),
            key="block",
            retention_ms=400 * DAY_MS,
            writers=(p.value,),
            readers=("streams", "loader"),
            records=("transit_event",),
        )
        for p in Province
    ),
    Topic(
        name=DEPARTURES,
        key="block",
        retention_ms=800 * DAY_MS,
        writers=(REGISTRY,),
        readers=("streams", "loader"),
        records=("departure", "heartbeat"),
    ),
    Topic(
        name=REPORTS,
        key="block",
        retention_ms=400 * DAY_MS,
        writers=(SISAGA,),
        readers=("streams",),
        records=("community_report",),
    ),
    Topic(
        name=POLICIES,
        key="none: one record to every partition",
        retention_ms=FOREVER_MS,
        writers=("policy",),
        readers=("streams", "loader"),
        records=("policy",),
    ),
    Topic(
        name=SUPPRESSIONS,
        key="block of the crossing; none: one record to every partition",
        retention_ms=5 * 365 * DAY_MS,
        writers=("console", "cli"),
        readers=("streams", "loader"),
        records=("suppression",),
    ),
    Topic(
        name=ASSESSMENTS,
        key="block",
        retention_ms=400 * DAY_MS,
        writers=("streams",),
        readers=("loader", "subscribers"),
        records=("assessment",),
    ),
    Topic(
        name=SHADOW_ASSESSMENTS,
        key="block",
        retention_ms=30 * DAY_MS,
        writers=("streams",),
        readers=("loader",),
        records=("assessment",),
    ),
    Topic(
        name=CLUSTER_MEMBERS,
        key="cluster key",
        retention_ms=400 * DAY_MS,  # as long as the crossings: a lane of groups reads it again from the beginning
        writers=("streams",),
        readers=("streams",),
        records=("cluster_member",),
    ),
    Topic(
        name=CLUSTERS,
        key="cluster key",
        retention_ms=400 * DAY_MS,
        writers=("streams",),
        readers=("loader",),
        records=("cluster",),
    ),
    *(
        Topic(
            name=rejected_topic(owner),
            key="original key",
            retention_ms=400 * DAY_MS,
            writers=("streams", owner),
            readers=("loader", owner),
            records=("rejected",),
            max_message_bytes=2 << 20,  # a record of the usual limit, whole, in base64
        )
        for owner in (*(p.value for p in Province), REGISTRY)
    ),
    Topic(
        name=REVIEWS,
        key="event_id",
        retention_ms=5 * 365 * DAY_MS,
        writers=("console", "cli"),
        readers=("loader",),
        records=("review",),
    ),
)

BY_NAME: dict[str, Topic] = {t.name: t for t in TOPICS}


def refusals_of(topic: str) -> str:
    """The `rejected.*` topic that takes what could not be read from an input topic."""
    if topic in TRANSIT:
        return rejected_topic(topic.removeprefix("transit."))
    return rejected_topic(REGISTRY)
