"""How far matcher and loader are behind the log, by the offsets that they committed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.topics import CLUSTER_MEMBERS, INPUTS

MATCHER, GROUPS, LOADER = "lintas-matcher", "lintas-groups", "lintas-loader"
"""Consumer groups; the contract of the rooms names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """One partition of a topic and one reader of it."""

    reader: str
    topic: str
    partition: int
    position: int
    """The offset of the next record that is not done."""
    end: int

    @property
    def behind(self) -> int:
        """Records (and transaction marks) that are not done."""
        return max(0, self.end - self.position)


def readers() -> Mapping[str, tuple[str, ...]]:
    """What each reader reads; in the order in which one reads what the other writes."""
    from sinks.batch import TOPICS

    return {MATCHER: INPUTS, GROUPS: (CLUSTER_MEMBERS,), LOADER: TOPICS}


def lags_of(admin: Any, group: str, topics: Sequence[str]) -> list[Lag]:
    """Every partition of the topics; a group that never committed stands at the beginning."""
    from kafka import TopicPartition
    from kafka.admin import OffsetSpec

    found = admin.describe_topics(list(topics))
    places = [TopicPartition(topic["name"], p["partition_index"]) for topic in found for p in topic["partitions"]]
    if not places:
        return []
    committed = admin.list_group_offsets({group: places}).get(group, {})
    first = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.EARLIEST))
    last = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
    return [
        Lag(
            reader=group,
            topic=place.topic,
            partition=place.partition,
            position=max(first[place].offset, committed[place].offset if place in committed else -1),
            end=last[place].offset,
        )
        for place in places
    ]


def by_topic(lags: Iterable[Lag]) -> dict[tuple[str, str], int]:
    """Records behind, by reader and topic."""
    total: dict[tuple[str, str], int] = {}
    for lag in lags:
        total[lag.reader, lag.topic] = total.get((lag.reader, lag.topic), 0) + lag.behind
    return total
