"""What passes between lanes, the agent and the worker around them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from streams.admission import Delivery
from streams.policy import Policy
from streams.settings import Settings
from streams.stages import Stage
from streams.topology import Topology

if TYPE_CHECKING:
    from streams.lanes import Lane
    from streams.metrics import Meters


class LaneState(StrEnum):
    """How far a lane is taken over."""

    CLAIMED = "claimed"
    REPLAYING = "replaying"
    REPLAYED = "replayed"
    OPEN = "open"


@dataclass(slots=True)
class Totals:
    """What this worker did since its start."""

    events: int = 0
    assessments: int = 0
    rejected: int = 0
    transactions: int = 0


@dataclass(slots=True, kw_only=True)
class Batch:
    """What a lane hands to the agent; the agent settles `done`, so the lane sees every failure."""

    lane: Lane
    deliveries: Sequence[Delivery]
    offsets: Mapping[TopicPartition, int]
    """The next input offsets once this batch is committed."""
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @contextmanager
    def settled(self) -> Iterator[None]:
        """Resolve the lane's wait with whatever happens inside; nothing is swallowed."""
        self.lane.judging_since = time.monotonic()
        try:
            yield
        except BaseException as error:
            if not self.done.done():
                self.done.set_exception(error if isinstance(error, Exception) else RuntimeError(repr(error)))
            if not isinstance(error, Exception):
                raise
        else:
            if not self.done.done():
                self.done.set_result(None)


class Keeper(Protocol):
    """What a lane needs of the worker around it."""

    settings: Settings
    stage: Stage
    topology: Topology
    policy: Policy
    consumer: AIOKafkaConsumer
    replays: asyncio.Semaphore
    totals: Totals
    meters: Meters

    def is_current(self, number: int) -> bool:
        """Whether the lane is assigned to this worker now."""

    async def work_on(self, batch: Batch) -> None:
        """Hand a batch to the agent."""
