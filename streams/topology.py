"""What the broker must have before the matcher starts: its topics, equally partitioned, and how much they take."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from schemas.topics import ASSESSMENTS, CLUSTER_MEMBERS, CLUSTERS, INPUTS, REJECTED

OUTPUTS = (ASSESSMENTS, CLUSTER_MEMBERS, CLUSTERS, *REJECTED)
WANTED = (*INPUTS, *OUTPUTS)
DEFAULT_LIMIT_BYTES = 1_048_588
"""Kafka's own default of `max.message.bytes`."""
RETRY_SECONDS = 0.5


class MatcherError(Exception):
    """The matcher cannot go on, and an operator can mend it; the message says how. The process ends with code 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """The shape of the broker's topics."""

    partitions: int
    """Of every topic: the number of lanes."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """Greatest batch by output topic, bytes."""


async def wait_for_topics(
    brokers: tuple[str, ...], wait_seconds: float, *, on_wait: Callable[[str], None] = lambda _: None
) -> Topology:
    """Wait until the broker answers and has all topics, then check that they fit together.

    `on_wait` hears after each attempt why it waits.

    Raises:
        MatcherError: the wait is over, or the topics have different numbers of partitions.
    """
    deadline = time.monotonic() + wait_seconds
    problem = ""
    while True:
        try:
            sizes, limits = await asyncio.wait_for(_look(brokers), max(wait_seconds, 5.0))
            missing = [topic for topic in WANTED if topic not in sizes]
            if not missing:
                return Topology(partitions=common_size(sizes), limits=limits)
            problem = f"the topics {', '.join(missing)} do not exist at {','.join(brokers)}: create them (`lintas up`)"
        except (KafkaError, OSError, TimeoutError) as error:
            problem = (
                f"no Kafka broker answers at {','.join(brokers)} ({type(error).__name__}): "
                "is it running, and is LINTAS_KAFKA right?"
            )
        if time.monotonic() >= deadline:
            raise MatcherError(problem)
        on_wait(problem)
        await asyncio.sleep(RETRY_SECONDS)


def common_size(sizes: Mapping[str, int]) -> int:
    """The number of partitions that all topics share.

    Raises:
        MatcherError: they differ; a person's facts would then lie in different lanes.
    """
    if len({sizes[topic] for topic in WANTED}) != 1:
        listed = ", ".join(f"{topic} {sizes[topic]}" for topic in WANTED)
        msg = f"all topics must have the same number of partitions, but they have: {listed}. Create them anew"
        raise MatcherError(msg)
    return sizes[WANTED[0]]


async def _look(brokers: tuple[str, ...]) -> tuple[dict[str, int], dict[str, int]]:
    admin = AIOKafkaAdminClient(bootstrap_servers=list(brokers), request_timeout_ms=5_000)
    try:
        await admin.start()
        there = [topic for topic in await admin.list_topics() if topic in WANTED]
        found = await admin.describe_topics(there) if there else []
        sizes = {t["topic"]: len(t["partitions"]) for t in found if t["error_code"] == 0 and t["partitions"]}
        return sizes, await _limits(admin)
    finally:
        await admin.close()


async def _limits(admin: AIOKafkaAdminClient) -> dict[str, int]:
    """What the output topics take; a broker that does not say so is taken to have Kafka's default."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": None}) for topic in OUTPUTS]
    limits = dict.fromkeys(OUTPUTS, DEFAULT_LIMIT_BYTES)
    try:
        answers = await admin.describe_configs(asked)
    except (KafkaError, OSError):
        return limits
    for answer in answers:
        for code, _, _, topic, entries, *_ in answer.resources:
            if code == 0:
                limits[topic] = next((int(e[1]) for e in entries if e[0] == "max.message.bytes"), limits[topic])
    return limits
