"""Which kinds of Kafka broker the rooms have to get along with."""

from __future__ import annotations

from enum import StrEnum


class BrokerKind(StrEnum):
    """Which broker answers: Apache Kafka, or the pip-only one that knows no second member of a group."""

    KAFKA = "kafka"
    EMBEDDED = "embedded"
