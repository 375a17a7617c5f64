"""The one consumer of a worker: takes lanes as the group assigns them and feeds them what it fetches."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.structs import TopicPartition
from mode import Service

from schemas.brokers import BrokerKind
from streams.assignor import lane_assignor
from streams.batches import Batch, Totals
from streams.lanes import Lane
from streams.metrics import Meters
from streams.policy import Policy
from streams.settings import Settings
from streams.stages import GROUPS, Stage
from streams.status import StageStatus, status_of, write_status
from streams.topology import Topology, wait_for_topics
from streams.vigil import Vigil
from streams.vitals import Vitals
from streams.watchdog import Watchdog

POLL_RECORDS = 4_000
POLL_WAIT_MS = 200
FETCH_BYTES = 1 << 18
REPLAYS_AT_ONCE = 2
LAST_TRANSACTION_SECONDS = 5.0
LAST_SNAPSHOTS_SECONDS = 6.0
"""A snapshot that is not written by then is left; the one before it stands."""
SNAPSHOT_PAUSE_SECONDS = 0.02
"""Between two chunks of some milliseconds each: live lanes come first."""
MARKERS_SECONDS = 0.3

log = structlog.get_logger("streams.intake")


class Intake(Service, ConsumerRebalanceListener):  # type: ignore[misc]  # mode and aiokafka are untyped here
    """Consumer, rebalances and pump of one worker."""

    mundane_level = "debug"
    consumer: AIOKafkaConsumer
    topology: Topology

    def __init__(
        self,
        *,
        stage: Stage,
        peers: list[Intake],
        settings: Settings,
        policy: Policy,
        clock: Callable[[], datetime],
        channel: Any,
        flow: Any,
        **mode_options: Any,
    ) -> None:
        super().__init__(**mode_options)
        self.stage = stage
        self.settings = settings
        self._peers = peers
        peers.append(self)
        self.policy = policy
        self.totals = Totals()
        self.lanes: dict[int, Lane] = {}
        self.current: set[int] = set()
        self._clock = clock
        self._since = clock()
        self._channel = channel
        self._flow = flow
        self._vigil = Vigil(settings.kafka)
        self._report_fails = False
        self._watchdog = Watchdog(stall_seconds=settings.stall_seconds)
        self.meters = Meters(clock)
        self.vitals = Vitals(self.meters)

    # ------------------------------------------------------------------------------------------ life

    async def on_start(self) -> None:
        """Check the broker, then join the group or take every lane."""
        self._watchdog.start()
        if self._peers[0] is self:  # one address a worker
            self.vitals.serve(self.settings.metrics, lambda: [peer.vitals for peer in self._peers])
        self.replays = asyncio.Semaphore(REPLAYS_AT_ONCE)
        self._flow.resume()  # without Faust's consumer nobody else lets a channel flow: sends would hang for ever
        self.topology = await wait_for_topics(
            self.settings.kafka, self.settings.topics_wait_seconds, on_wait=self._wait_for_broker
        )
        self._vigil.heard()
        self.consumer = AIOKafkaConsumer(
            bootstrap_servers=list(self.settings.kafka),
            group_id=self.stage.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            partition_assignment_strategy=[lane_assignor(lambda: self.lanes, self.stage.inputs)],
            session_timeout_ms=self.settings.session_timeout_ms,
            heartbeat_interval_ms=self.settings.session_timeout_ms // 6,
            rebalance_timeout_ms=30_000,
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_wait_ms=100,
            retry_backoff_ms=50,
        )
        if self.settings.broker_kind is BrokerKind.KAFKA:
            self.consumer.subscribe(self.stage.inputs, listener=self)
        await self.consumer.start()
        if self.settings.broker_kind is BrokerKind.EMBEDDED:
            # that broker never expires a dead member and refuses a second one; the producers' epochs still fence
            every = [TopicPartition(t, p) for p in range(self.topology.partitions) for t in self.stage.inputs]
            self.consumer.assign(every)
            await self._take_lanes(every)

    async def on_stop(self) -> None:
        """Let the transactions in hand end, leave the group at once, close the lanes."""
        self._watchdog.end_within(self.settings.stop_seconds)
        for lane in self.lanes.values():
            lane.shut()
        # no lock is held over consumer.stop(): it waits for on_partitions_revoked
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_TRANSACTION_SECONDS):
                for lane in self.lanes.values():
                    async with lane.busy:
                        pass
        if hasattr(self, "consumer"):
            await self.consumer.stop()
        await self._put_away_at_end()
        await asyncio.gather(*(lane.close() for lane in self.lanes.values()), return_exceptions=True)
        self._report()
        self.vitals.close()
        log.info("stopped", events=self.totals.events, transactions=self.totals.transactions)

    # ------------------------------------------------------------------------------------------ for the lanes

    @property
    def waiting_for(self) -> str:
        """What the worker cannot go on without; empty = nothing."""
        return self._vigil.waiting_for

    def is_current(self, number: int) -> bool:
        """Whether the lane is assigned to this worker now."""
        return number in self.current and not self.should_stop

    async def work_on(self, batch: Batch) -> None:
        """Hand a batch to the agent."""
        await self._channel.send(value=batch)

    # ------------------------------------------------------------------------------------------ rebalances

    # aiokafka logs and forgets an exception of these callbacks; both return at once in a worker that stops,
    # or a dying worker would claim, and so fence, lanes
    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Wait for the batches in hand, then drop what is buffered."""
        if self.should_stop:
            return
        try:
            self.current = set()
            self.vitals.rebalancing()
            for lane in self.lanes.values():
                lane.shut()
            for lane in self.lanes.values():
                async with lane.busy:
                    lane.drop()
        except BaseException as error:
            await self.crash(error)
            raise

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Keep the lanes that stayed and are still ours, drop the others, take the new ones over."""
        if self.should_stop:
            return
        try:
            await self._take_lanes(assigned)
        except BaseException as error:
            await self.crash(error)
            raise

    async def _take_lanes(self, assigned: Iterable[TopicPartition]) -> None:
        partitions = list(assigned)
        new = {tp.partition for tp in partitions}
        self.consumer.pause(*partitions)
        stayed = [lane for number, lane in self.lanes.items() if number in new and lane.is_replayed]
        mine = await asyncio.gather(*(lane.still_mine() for lane in stayed))
        lost = {lane.number for lane, ours in zip(stayed, mine, strict=True) if not ours} | (set(self.lanes) - new)
        await asyncio.gather(*(self.lanes.pop(number).close() for number in lost))
        self.current = new
        self.vitals.assigned()
        for lane in self.lanes.values():
            if lane.is_replayed:
                lane.open()
        for number in sorted(new - set(self.lanes)):
            lane = self.lanes[number] = Lane(self, number)
            lane.task = self.add_future(lane.run())
        log.info(
            "lanes assigned",
            stage=self.stage.name,
            lanes=sorted(new),
            kept=len(stayed) - len(lost & new),
            dropped=sorted(lost),
        )

    # ------------------------------------------------------------------------------------------ tasks

    @Service.task  # type: ignore[untyped-decorator]
    async def _pump(self) -> None:
        while not self.should_stop:
            # all lanes are drained always: a slow one must not hold back the others' fetches
            fetched = await self.consumer.getmany(timeout_ms=POLL_WAIT_MS, max_records=POLL_RECORDS)
            if fetched:
                self._vigil.heard()
            for tp, deliveries in fetched.items():
                lane = self.lanes.get(tp.partition)
                if lane is not None and lane.is_open:
                    lane.feed(tp, deliveries)
            await asyncio.sleep(self.settings.pump_ms / 1000)

    @Service.task  # type: ignore[untyped-decorator]
    async def _tell(self) -> None:
        while not self.should_stop:
            self._watchdog.alive()
            self.vitals.look(self.lanes, self.current, self.totals)
            self._report()
            await self.vitals.sleep(1.0)

    @Service.task  # type: ignore[untyped-decorator]
    async def _put_away(self) -> None:
        while not self.should_stop and self.settings.state_dir is not None:
            for lane in list(self.lanes.values()):
                if lane.is_open and lane.memento.is_due(time.monotonic()):
                    await lane.memento.put_away(time.monotonic(), pause_seconds=SNAPSHOT_PAUSE_SECONDS)
            await asyncio.sleep(1.0)

    async def _put_away_at_end(self) -> None:
        """The group was left: nobody waits for these lanes but the supervisor."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_SNAPSHOTS_SECONDS):
                for lane in self.lanes.values():
                    if lane.is_replayed:
                        await lane.memento.put_away(time.monotonic(), pause_seconds=0)

    @Service.task  # type: ignore[untyped-decorator]
    async def _pass_markers(self) -> None:
        while not self.should_stop and self.stage is GROUPS:
            for lane in list(self.lanes.values()):
                await lane.pass_markers()
            await asyncio.sleep(MARKERS_SECONDS)

    @Service.task  # type: ignore[untyped-decorator]
    async def _watch_broker(self) -> None:
        while not self.should_stop:
            asked = sorted(self.consumer.assignment()) or [TopicPartition(self.stage.inputs[0], 0)]
            await self._vigil.look(lambda asked=asked: self.consumer.end_offsets(asked))  # type: ignore[misc]
            await asyncio.sleep(1.0)

    def _wait_for_broker(self, why: str) -> None:
        self._vigil.missing(why)
        self._report()

    def _report(self) -> None:
        file = self.settings.status_file
        if file is None or self._peers[0] is not self:
            return
        status = status_of(
            {p.stage.name: StageStatus(p.lanes, p.current, p.totals, p.waiting_for) for p in self._peers},
            since=self._since,
            now=self._clock(),
        )
        status |= self.vitals.status()
        try:
            write_status(file, status)
        except OSError as error:  # a full disk: the matching goes on
            if not self._report_fails:
                log.warning("the status file cannot be written", file=str(file), error=error.strerror)
            self._report_fails = True
        else:
            if self._report_fails:
                log.info("the status file is written again", file=str(file))
            self._report_fails = False
