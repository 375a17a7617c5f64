"""A lane: one partition number of all inputs, with its own memory, its own transactional producer and one task."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from schemas.records import PolicyVersion
from schemas.verdicts import Assessment, Cluster
from streams.admission import Delivery, Refused
from streams.batches import Batch, Keeper, LaneState
from streams.clusters.membership import Membership
from streams.memento import Memento
from streams.outputs import Output, outputs_of
from streams.topology import MatcherError
from streams.writer import LaneWriter

REPLAY_FETCH_BYTES = 1 << 20
FEWEST_RECORDS = 50
READ_AT_ONCE = 100
"""Facts that are in memory as objects at once: a whole batch of them would not fit the processor's cache."""
JUDGING_SECONDS = 0.15
"""How long a lane may keep the event loop: heartbeats and other lanes' open transactions wait meanwhile."""

log = structlog.get_logger("streams.lanes")


class Lane:
    """One lane from claim to close."""

    def __init__(self, keeper: Keeper, number: int) -> None:
        self.keeper = keeper
        self.number = number
        self.partitions = [TopicPartition(topic, number) for topic in keeper.stage.inputs]
        self.book = keeper.stage.book(keeper.policy)
        self.state = LaneState.CLAIMED
        self.replayed = 0
        self.replay_total = 0
        """Records to be read again before the lane opens."""
        self.next: dict[TopicPartition, int] = {}
        self.busy = asyncio.Lock()
        """Held while a transaction is under way."""
        self.task: asyncio.Future[Any] | None = None
        self.judging_since = 0.0
        self.refused = 0
        self.first: dict[TopicPartition, int] = {}
        """The logs' starts at the claim."""
        self.memento = Memento(self)
        self._room = FEWEST_RECORDS * 4
        self._writer = LaneWriter(keeper.settings, number, keeper.topology.limits, group=keeper.stage.group)
        self._waiting: deque[tuple[TopicPartition, list[Any]]] = deque()
        self._held = 0
        self._paused = False
        self._wake = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether records may flow: the memory is complete and the assignment current."""
        return self.state is LaneState.OPEN

    @property
    def is_replayed(self) -> bool:
        """Whether the memory is complete."""
        return self.state in (LaneState.REPLAYED, LaneState.OPEN)

    @property
    def lag(self) -> int | None:
        """Input records that are known to wait; None before the first answer of the broker."""
        if not self.is_open or not self._is_assigned():
            return None
        ends = [(self.keeper.consumer.highwater(tp), self.next.get(tp, 0)) for tp in self.partitions]
        if any(end is None for end, _ in ends):
            return None
        return sum(max(0, int(end) - position) for end, position in ends)

    def _is_assigned(self) -> bool:
        """Whether the consumer still has the lane: it forgets its partitions shortly before it tells of a rebalance."""
        return bool(self.keeper.consumer.assignment().issuperset(self.partitions))

    # ------------------------------------------------------------------------------------------ taking over

    async def run(self) -> None:
        """Take the lane over, then work until cancelled; an exception ends the worker."""
        async with self.busy:
            await self.claim()
        async with self.keeper.replays:
            await self.replay()
        self.state = LaneState.REPLAYED
        # a full collection over a million replayed facts would stop every lane for 0.26 s
        gc.collect()
        gc.freeze()
        log.info(
            "lane replayed",
            stage=self.keeper.stage.name,
            lane=self.number,
            facts=len(self.book),
            records=self.replayed,
        )
        if self.keeper.is_current(self.number):
            self.open()
        while True:
            await self._wake.wait()
            if self._held < self._room:
                await asyncio.sleep(self.keeper.settings.pace_ms / 1000)
            async with self.busy:
                await self._work()

    async def claim(self) -> None:
        """Fence whoever wrote this lane before, THEN ask for the committed offsets: nothing is pending any more.

        Raises:
            MatcherError: an offset lies past the log's end.
        """
        consumer = self.keeper.consumer
        await self._writer.start()
        committed = await asyncio.gather(*(consumer.committed(tp) for tp in self.partitions))
        self.first = await consumer.beginning_offsets(self.partitions)
        ends = await consumer.end_offsets(self.partitions)
        for tp, offset in zip(self.partitions, committed, strict=True):
            if offset is not None and offset > ends[tp]:
                msg = (
                    f"{tp.topic} partition {tp.partition}: committed offset {offset} lies past the log's end "
                    f"{ends[tp]}: the topic was made anew. Delete the offsets of the group "
                    f"{self.keeper.stage.group}, or `lintas rebuild`"
                )
                raise MatcherError(msg)
            if offset is not None and offset < self.first[tp]:
                log.warning("records expired unread", lane=self.number, topic=tp.topic, count=self.first[tp] - offset)
                self.keeper.meters.expired.labels(tp.topic).inc(self.first[tp] - offset)
            self.next[tp] = max(self.first[tp], offset or 0)

    async def replay(self) -> None:
        """The barrier: every input is read up to its committed offset, only remembering, before anything is judged."""
        self.state = LaneState.REPLAYING
        behind = {tp for tp in self.partitions if self.first[tp] < self.next[tp]}
        if not behind:
            return
        reader = AIOKafkaConsumer(
            bootstrap_servers=list(self.keeper.settings.kafka),
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            max_partition_fetch_bytes=REPLAY_FETCH_BYTES,
        )
        await reader.start()
        try:
            start = await self.memento.recall(reader)
            self.replay_total = sum(self.next[tp] - start[tp] for tp in self.partitions)
            behind = {tp for tp in behind if start[tp] < self.next[tp]}
            reader.assign(sorted(behind))
            for tp in behind:
                reader.seek(tp, start[tp])
            while behind:
                await self._replay_some(reader, behind)
        finally:
            await reader.stop()

    async def _replay_some(self, reader: AIOKafkaConsumer, behind: set[TopicPartition]) -> None:
        limit = self.keeper.settings.batch_records
        for tp, deliveries in (await reader.getmany(*behind, timeout_ms=200, max_records=limit)).items():
            before = [d for d in deliveries if d.offset < self.next[tp]]
            self.book.replay(self.admit(before, []))
            self.replayed += len(before)
            self.memento.saw(before)
            await asyncio.sleep(0)
        for tp in list(behind):
            # the position, not the last record's offset: transaction markers leave holes
            if await reader.position(tp) >= self.next[tp]:
                behind.discard(tp)
                reader.pause(tp)

    def open(self) -> None:
        """Let records flow from the committed offsets; nothing may come between the seek and the state."""
        consumer = self.keeper.consumer
        self.drop()
        for tp in self.partitions:
            consumer.seek(tp, self.next[tp])
            consumer.resume(tp)
        self.state = LaneState.OPEN
        log.info("lane open", stage=self.keeper.stage.name, lane=self.number)

    def shut(self) -> None:
        """Let no record flow any more; the memory stays."""
        if self.state is LaneState.OPEN:
            self.state = LaneState.REPLAYED

    def drop(self) -> None:
        """Forget what was fetched and not worked on."""
        self._waiting.clear()
        self._held = 0
        self._paused = False
        self._wake.clear()

    async def still_mine(self) -> bool:
        """Whether the lane is still ours after a rebalance: only its owner's epoch can commit."""
        try:
            async with self.busy:
                await self._write([], dict(self.next))
        except (KafkaError, AssertionError) as error:
            log.warning("lane was taken over meanwhile", lane=self.number, error=type(error).__name__)
            return False
        return True

    async def close(self) -> None:
        """End the task and the producer."""
        self.shut()
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])
        await self._writer.stop()

    # ------------------------------------------------------------------------------------------ working

    def feed(self, tp: TopicPartition, deliveries: list[Any]) -> None:
        """Take fetched records in; above the high water the lane's partitions pause."""
        self._waiting.append((tp, deliveries))
        self._held += len(deliveries)
        self._wake.set()
        if self._held > self.keeper.settings.high_water_records and not self._paused:
            self._paused = True
            if self._is_assigned():
                self.keeper.consumer.pause(*self.partitions)

    def _take(self) -> Batch:
        deliveries: list[Any] = []
        offsets: dict[TopicPartition, int] = {}
        while self._waiting and len(deliveries) < self._room:
            tp, fetched = self._waiting.popleft()
            room = self._room - len(deliveries)
            if len(fetched) > room:
                self._waiting.appendleft((tp, fetched[room:]))
                fetched = fetched[:room]
            self._held -= len(fetched)
            after = self.next[tp]
            fresh = [d for d in fetched if d.offset >= after]
            if fresh:
                deliveries += fresh
                offsets[tp] = fresh[-1].offset + 1
        if self._paused and self._held < self.keeper.settings.high_water_records // 2:
            self._paused = False
            if self._is_assigned():
                self.keeper.consumer.resume(*self.partitions)
        if not self._waiting:
            self._wake.clear()
        return Batch(lane=self, deliveries=deliveries, offsets=offsets)

    async def _work(self) -> None:
        if not self.is_open:
            self._wake.clear()
            return
        batch = self._take()
        if batch.deliveries:
            facts, refused = len(self.book), self.refused
            self.memento.is_sound = False
            await self.keeper.work_on(batch)
            await batch.done
            self.memento.saw(batch.deliveries)
            self.memento.is_sound = True
            self.keeper.totals.events += len(batch.deliveries)
            self.keeper.meters.worked(batch.deliveries, fresh=len(self.book) - facts, refused=self.refused - refused)

    def admit(self, deliveries: Sequence[Delivery], refused: list[Refused]) -> Iterator[Any]:
        """What can be read, as it is asked for; what cannot is added to `refused`."""
        keeper = self.keeper
        for start in range(0, len(deliveries), READ_AT_ONCE):
            some = deliveries[start : start + READ_AT_ONCE]
            admitted, unreadable = keeper.stage.admit(some, keeper.topology.partitions, keeper.settings.key_ids)
            keeper.meters.admitted(admitted)
            if keeper.settings.is_shadow:
                # refusals are the matcher's to say, and a policy that is tried out is not replaced by another
                yield from (a for a in admitted if type(a.fact) is not PolicyVersion)
                continue
            refused += unreadable
            yield from admitted

    async def pass_markers(self) -> None:
        """Commit how far an idle lane read: its own topics end in transaction markers, which nobody hands over."""
        async with self.busy:
            if self._held or not self.is_open or not self._is_assigned():
                return
            ends = {tp: await self.keeper.consumer.position(tp) for tp in self.partitions}
            if not self._held and self.is_open:
                passed = {tp: end for tp, end in ends.items() if end > self.next[tp]}
                if passed:
                    await self._write([], passed)

    async def publish_part(
        self,
        verdicts: Sequence[Assessment | Cluster],
        members: Sequence[Membership],
        offsets: Mapping[TopicPartition, int],
    ) -> None:
        """Write a part of what a batch says; how far it read comes with the rest: after a crash all is said anew."""
        position = f"{self.number}.{sum({**self.next, **offsets}.values())}"
        await self._write(self._outputs(verdicts, members, [], position), {})
        self.keeper.totals.transactions += 1
        self.keeper.totals.assessments += len(verdicts)
        self.keeper.meters.said(verdicts, [], time.monotonic() - self.judging_since, 0.0)
        self.judging_since = time.monotonic()

    async def publish(
        self,
        verdicts: Sequence[Assessment | Cluster],
        members: Sequence[Membership],
        refused: list[Refused],
        offsets: Mapping[TopicPartition, int],
    ) -> None:
        """Write what a batch says and how far it read, as one transaction."""
        judged = time.monotonic()
        self._fit_room(judged - self.judging_since)
        ends = {**self.next, **offsets}
        position = f"{self.number}.{sum(ends.values())}"
        await self._write(self._outputs(verdicts, members, refused, position), offsets)
        totals = self.keeper.totals
        totals.transactions += 1
        totals.assessments += len(verdicts)
        totals.rejected += len(refused)
        self.refused += len(refused)
        self.keeper.meters.said(verdicts, refused, judged - self.judging_since, time.monotonic() - judged)

    def _outputs(
        self,
        verdicts: Sequence[Assessment | Cluster],
        members: Sequence[Membership],
        refused: list[Refused],
        position: str,
    ) -> list[Output]:
        settings, topology = self.keeper.settings, self.keeper.topology
        return outputs_of(
            verdicts,
            refused,
            position=position,
            limits=topology.limits,
            topic=settings.verdicts_topic,
            members=() if settings.is_shadow else members,
            partitions=topology.partitions,
        )

    def _fit_room(self, judged_seconds: float) -> None:
        """The next batches hold as much as can be judged in good time on this machine, under its load."""
        if judged_seconds > JUDGING_SECONDS:
            self._room = max(FEWEST_RECORDS, int(self._room * max(0.25, JUDGING_SECONDS / judged_seconds)))
        elif judged_seconds < JUDGING_SECONDS / 2:
            self._room = min(self.keeper.settings.batch_records, self._room * 2)

    async def _write(self, outputs: list[Output], offsets: Mapping[TopicPartition, int]) -> None:
        try:
            await self._writer.write(outputs, offsets)
        except Exception as error:
            self.keeper.meters.failed(error)
            raise
        self.next.update(offsets)
