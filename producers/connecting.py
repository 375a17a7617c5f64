"""Finding Kafka: whether it is there, what its client gets wrong, and what to tell a partner who cannot reach it.

PublishingFailed    nothing more can be sent; `take_undelivered` of the publisher names the lines that did not arrive
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from kafka import KafkaAdminClient, KafkaProducer
from kafka import errors as kafka_errors

from producers.quickening import BlockPartitioner, QuickProducer, use_compiled_batches

LINGER_MS: Final = 100
"""How long a batch waits for company; whoever waits for acknowledgements has it sent at once."""
BATCH_BYTES: Final = 256 * 1024
MAX_REQUEST_BYTES: Final = 1024 * 1024
STALL_SECONDS: Final = 20.0
"""When nothing is acknowledged for so long the client is made anew: kafka-python's can stay with a dead broker."""
NOT_ALLOWED = (
    kafka_errors.TopicAuthorizationFailedError,
    kafka_errors.ClusterAuthorizationFailedError,
    kafka_errors.SaslAuthenticationFailedError,
)
"""What no second try changes."""


class PublishingFailed(Exception):
    """Nothing more can be published; one line that says why and how to mend it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Which brokers, as whom, and how long to wait for them; may hold a password."""

    bootstrap: str
    security: dict[str, object] = field(repr=False)
    client_id: str
    deadline_seconds: float
    bootstrap_timeout_seconds: float

    @property
    def addresses(self) -> list[str]:
        """The brokers, each as `host:port`."""
        return [one.strip() for one in self.bootstrap.split(",") if one.strip()]

    @property
    def settings(self) -> dict[str, object]:
        """What every client of kafka-python needs."""
        return {
            "bootstrap_servers": self.addresses,
            "client_id": self.client_id,
            "bootstrap_timeout_ms": int(self.bootstrap_timeout_seconds * 1000),
            **self.security,
        }


def connect(link: Link) -> KafkaProducer:
    """An idempotent producer.

    Raises:
        PublishingFailed: no broker answers, or it lets nobody in.
    """
    # asked first by a plain socket: a client that finds no broker leaves its own sockets open
    if not listening(link.addresses, link.bootstrap_timeout_seconds):
        raise PublishingFailed(why_not(ConnectionRefusedError(), link.bootstrap, ""))
    use_compiled_batches()
    try:
        producer = QuickProducer(
            **link.settings,
            partitioner=BlockPartitioner(),
            acks="all",
            enable_idempotence=True,
            compression_type="lz4",
            linger_ms=LINGER_MS,
            batch_size=BATCH_BYTES,
            max_request_size=MAX_REQUEST_BYTES,
            max_block_ms=int(STALL_SECONDS * 1000),
            delivery_timeout_ms=int(link.deadline_seconds * 1000),
            request_timeout_ms=min(15_000, int(link.deadline_seconds * 500)),
            allow_auto_create_topics=False,
            metrics_enabled=False,  # nobody reads them
        )
    except (kafka_errors.KafkaError, OSError) as error:
        raise PublishingFailed(why_not(error, link.bootstrap, "")) from None
    keep_refreshing(producer)
    return producer


def check_topics(link: Link, names: Iterable[str]) -> None:
    """Make sure that the topics exist and may be seen.

    Raises:
        PublishingFailed: names the missing ones.
    """
    try:
        admin = KafkaAdminClient(**link.settings)
        try:
            there = set(admin.list_topics())
        finally:
            admin.close()
    except (kafka_errors.KafkaError, OSError) as error:
        raise PublishingFailed(why_not(error, link.bootstrap, "")) from None
    missing = sorted(set(names) - there)
    if missing:
        msg = (
            f"topic {', '.join(missing)} does not exist at {link.bootstrap} or may not be seen by this user: "
            "create the topics (`lintas up` does) or ask for the right to write"
        )
        raise PublishingFailed(msg)


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
