"""A lane's transactional producer: what a batch says and how far it read become visible together, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.producer import sender
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from streams.outputs import ENVELOPE_BYTES, Output
from streams.settings import GROUP, Settings
from streams.topology import MatcherError

# aiokafka waits 20 ms when the broker still writes the last transaction's markers; with 3 ms p99 falls from 272 to
# 116 ms. A private name: where a later aiokafka drops it, lanes are slower and nothing else.
sender.BACKOFF_OVERRIDE = 0.003

BATCH_BYTES = 1 << 18
GRACE_SECONDS = 5


class LaneWriter:
    """The one writer of a lane: starting it fences whoever wrote the lane before."""

    def __init__(self, settings: Settings, number: int, limits: Mapping[str, int], *, group: str = GROUP) -> None:
        self._settings = settings
        self._number = number
        self._limits = limits
        self._group = group
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Take the lane's transactional id; what its last owner left pending is ended."""
        self._producer = AIOKafkaProducer(
            bootstrap_servers=list(self._settings.kafka),
            transactional_id=f"{self._group}-{self._number}",
            transaction_timeout_ms=self._settings.transaction_timeout_ms,
            acks="all",
            linger_ms=0,
            # the broker measures the whole batch
            max_batch_size=min(BATCH_BYTES, *(most - ENVELOPE_BYTES for most in self._limits.values())),
            retry_backoff_ms=10,
            request_timeout_ms=10_000,
        )
        await self._producer.start()

    async def stop(self) -> None:
        """End the producer."""
        if self._producer is not None:
            await self._producer.stop()

    async def write(self, outputs: list[Output], offsets: Mapping[TopicPartition, int]) -> None:
        """One transaction; whatever fails in it is raised, and nothing of it is then visible."""
        producer = self._producer
        if producer is None:
            msg = f"lane {self._number} is not claimed"
            raise RuntimeError(msg)
        async with (
            asyncio.timeout(self._settings.transaction_timeout_ms / 1000 + GRACE_SECONDS),
            producer.transaction(),
        ):
            sent = await self._send(producer, outputs)
            if offsets:  # none with the first parts of a batch that is too large for one transaction
                await producer.send_offsets_to_transaction(
                    {tp: OffsetAndMetadata(offset, "") for tp, offset in offsets.items()}, self._group
                )
            # aiokafka's commit does not fail when a batch did: the offsets would be committed and the record lost
            try:
                await asyncio.gather(*sent)
            except MessageSizeTooLargeError:
                raise MatcherError(self._too_large(outputs)) from None

    def _too_large(self, outputs: list[Output]) -> str:
        greatest = max(outputs, key=lambda output: len(output.value))
        known = self._limits.get(greatest.topic, BATCH_BYTES)
        return (
            f"the topic {greatest.topic} takes no more than {known} bytes a batch as known at the start, or less than "
            f"one record needs ({len(greatest.value)} bytes): nothing is lost, the batch comes again after a restart. "
            "Should that not help, raise its max.message.bytes"
        )

    async def _send(self, producer: AIOKafkaProducer, outputs: list[Output]) -> list[asyncio.Future[Any]]:
        sent: list[asyncio.Future[Any]] = []
        by_place: dict[tuple[str, int], list[Output]] = {}
        for output in outputs:
            place = output.topic, self._number if output.partition is None else output.partition
            by_place.setdefault(place, []).append(output)
        for (topic, partition), records in by_place.items():
            builder = producer.create_batch()
            for _, key, value, headers, _ in records:
                if builder.append(timestamp=None, key=key, value=value, headers=headers) is None:
                    sent.append(await producer.send_batch(builder, topic, partition=partition))
                    builder = producer.create_batch()
                    builder.append(timestamp=None, key=key, value=value, headers=headers)
            builder.close()
            sent.append(await producer.send_batch(builder, topic, partition=partition))
        return sent
