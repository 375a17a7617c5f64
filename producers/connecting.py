"""Finding Kafka: whether it is there, what its client gets wrong, and what to tell a partner who cannot reach it."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import Any

from kafka import KafkaProducer
from kafka import errors as kafka_errors

NOT_ALLOWED = (
    kafka_errors.TopicAuthorizationFailedError,
    kafka_errors.ClusterAuthorizationFailedError,
    kafka_errors.SaslAuthenticationFailedError,
)
"""What no second try changes."""


def listening(addresses: list[str], timeout_seconds: float) -> bool:
    """Whether any of the brokers takes a connection before the time is up."""
    end = time.monotonic() + timeout_seconds
    while True:
        for address in addresses:
            host, _, port = address.rpartition(":")
            with suppress(OSError, ValueError), socket.create_connection((host.strip("[]"), int(port)), timeout=2):
                return True
        if time.monotonic() > end:
            return False
        time.sleep(0.2)


def drop(producer: KafkaProducer, timeout_seconds: float) -> None:
    """Close a client whatever state it is in: its own close raises, and stays half open, when its flush is not done."""
    with suppress(kafka_errors.KafkaError, OSError):
        producer.close(timeout=timeout_seconds)
        return
    producer._sender.force_close()
    producer._closed = True


def keep_refreshing(producer: KafkaProducer) -> None:
    """Let no raw OSError into the client's metadata loop: it ends the loop, and the old leader is asked for ever."""
    cluster = producer._metadata
    refresh = cluster.refresh_metadata

    async def steady(node_id: Any = None) -> None:
        try:
            await refresh(node_id)
        except OSError as error:
            raise kafka_errors.KafkaConnectionError(type(error).__name__) from error

    cluster.refresh_metadata = steady


def why_not(error: BaseException, bootstrap: str, topic: str) -> str:
    """One line for the partner: what does not work and how to mend it."""
    what = type(error).__name__
    if isinstance(error, kafka_errors.SaslAuthenticationFailedError):
        return f"{bootstrap} does not accept this user or password"
    if isinstance(error, NOT_ALLOWED):
        return f"this user may not write to topic {topic or '?'}: ask for the right to write there ({what})"
    if isinstance(error, (kafka_errors.UnknownTopicOrPartitionError, kafka_errors.InvalidTopicError)):
        return f"topic {topic or '?'} does not exist at {bootstrap}: create the topics (`lintas up` does)"
    return (
        f"Kafka at {bootstrap} does not answer ({what}): check that it runs, "
        "that the address is right and that user and password are accepted"
    )
