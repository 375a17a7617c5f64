"""The topics of the treaty on a broker: created once with equal partitions, and checked."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lintas.failing import Failure
from schemas.topics import TOPICS, Topic

CLIENT_TIMEOUT_MS = 10_000
APPEAR_SECONDS = 20.0
_WHY = {
    "retention.ms": "records go too early, or stay too long",
    "cleanup.policy": "records that others still need are removed",
    "max.message.bytes": "records of the treaty are refused, or larger ones taken",
    "message.timestamp.type": "a sender whose clock is wrong dates its records, and retention and versions go by that",
}
"""What another setting than the treaty's leads to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicFault:
    """A topic that is not as the treaty wants it."""

    topic: str
    what: str
    mend: str
    is_fatal: bool
    """Lanes would not fit together, or records go; else it is only not as it should be."""


@contextmanager
def admin_of(brokers: Sequence[str]) -> Iterator[Any]:
    """kafka-python's admin client, closed at the end.

    Raises:
        Failure: no broker answers.
    """
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    try:
        admin = KafkaAdminClient(
            bootstrap_servers=list(brokers),
            client_id="lintas-admin",
            request_timeout_ms=CLIENT_TIMEOUT_MS,
            bootstrap_timeout_ms=CLIENT_TIMEOUT_MS,
        )
    except (KafkaError, OSError, ValueError) as error:
        where = f"{','.join(brokers)} ({type(error).__name__})"
        msg = f"no Kafka broker answers at {where}: is it running, and is LINTAS_KAFKA right?"
        raise Failure(msg) from None
    try:
        yield admin
    finally:
        admin.close()


def configs_of(topic: Topic) -> dict[str, str]:
    """The settings that the treaty asks for, as Kafka names and writes them."""
    return {
        "retention.ms": str(topic.retention_ms),
        "cleanup.policy": "delete",
        "max.message.bytes": str(topic.max_message_bytes),
        # a broker refuses what a clock an hour ahead has stamped: the matcher would die of it again and again
        "message.timestamp.type": "LogAppendTime",
    }


def create_topics(admin: Any, *, partitions: int, replication: int) -> tuple[str, ...]:
    """Create the topics that are missing and wait until all have leaders; the names of those that were created.

    Raises:
        Failure: the broker refuses one.
    """
    from kafka.errors import KafkaError, TopicAlreadyExistsError

    there = partition_counts(admin)
    missing = [topic for topic in TOPICS if topic.name not in there]
    for topic in missing:
        wanted = {
            "num_partitions": partitions,
            "replication_factor": replication,
            "configs": configs_of(topic),
        }
        try:
            admin.create_topics({topic.name: wanted})
        except TopicAlreadyExistsError:
            continue  # somebody else was first
        except (KafkaError, OSError) as error:
            msg = (
                f"the topic {topic.name} cannot be created with {partitions} partitions, {replication} copies: {error}"
            )
            raise Failure(msg) from None
    _wait_until_there(admin)
    return tuple(topic.name for topic in missing)


def partition_counts(admin: Any) -> dict[str, int]:
    """How many partitions each topic has."""
    return {
        found["name"]: len(found["partitions"])
        for found in admin.describe_topics()
        if found["error_code"] == 0 and found["partitions"]
    }


def topic_faults(admin: Any, *, partitions: int) -> list[TopicFault]:
    """What is not as the treaty wants it: missing topics, another number of partitions, other settings."""
    there = partition_counts(admin)
    faults = [fault for topic in TOPICS if (fault := _shape_fault(topic, there.get(topic.name), partitions))]
    return faults + _config_faults(admin, [topic for topic in TOPICS if topic.name in there])


def _shape_fault(topic: Topic, found: int | None, wanted: int) -> TopicFault | None:
    if found is None:
        return TopicFault(
            topic=topic.name, what="is missing", mend="run `lintas up`, or create it with your admin", is_fatal=True
        )
    if found != wanted:
        return TopicFault(
            topic=topic.name,
            what=f"has {found} partitions, the settings say {wanted}",
            mend=f"set LINTAS_PARTITIONS={found} if all topics have {found}, else make a new generation of topics",
            is_fatal=True,
        )
    return None


def _config_faults(admin: Any, topics: Sequence[Topic]) -> list[TopicFault]:
    from kafka.admin import ConfigResource, ConfigResourceType
    from kafka.errors import KafkaError

    asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    try:
        answer = admin.describe_configs(asked, config_filter="all").get("topic", {}) if asked else {}
    except (KafkaError, OSError):
        return []
    faults = []
    for topic in topics:
        found = {name: told.get("value") for name, told in answer.get(topic.name, {}).items()}
        differing = [
            name for name, wanted in configs_of(topic).items() if found.get(name) is not None and found[name] != wanted
        ]
        faults += [_config_fault(topic, name, found[name]) for name in differing]
    return faults


def _config_fault(topic: Topic, name: str, found: str) -> TopicFault:
    wanted = configs_of(topic)[name]
    return TopicFault(
        topic=topic.name,
        what=f"has {name}={found}, the treaty says {wanted}: {_WHY[name]}",
        mend=f"kafka-configs --alter --topic {topic.name} --add-config {name}={wanted}",
        is_fatal=name == "cleanup.policy",
    )


def _wait_until_there(admin: Any) -> None:
    until = time.monotonic() + APPEAR_SECONDS
    while True:
        there = partition_counts(admin)
        missing = [topic.name for topic in TOPICS if topic.name not in there]
        if not missing:
            return
        if time.monotonic() >= until:
            msg = f"the broker took the topics, but {', '.join(missing)} did not appear within {APPEAR_SECONDS:g} s"
            raise Failure(msg)
        time.sleep(0.1)
