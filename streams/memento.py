"""What a lane remembers over a restart: when its memory is put away, and whether what lies there may be taken up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from streams.admission import Delivery, digest_of
from streams.shelf import Label, Mark, Place, Shelf, reading
from streams.snapshot import SnapshotError

if TYPE_CHECKING:
    from streams.lanes import Lane
    from streams.stages import Snapped

KNOWN_SECONDS = 5.0
"""A broker that does not show the marked records by then has other ones."""
TAIL_SHARE = 20
"""A lane is put away anew when one record in so many is not in its snapshot: reading them again costs little."""
PATIENCE = 10
"""Whatever changed is put away after so many times `snapshot_seconds`."""

log = structlog.get_logger("streams.memento")


class Memento:
    """The snapshots of one lane."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        directory, self._load = lane.keeper.settings.state_dir, lane.keeper.stage.load
        self._shelf = Shelf(directory, lane.number) if directory is not None and self._load is not None else None
        self.is_sound = True
        """Whether the memory is exactly what the committed offsets say: not in the midst of a batch, nor after one
        that failed."""
        self._began: dict[TopicPartition, int] = {}
        self._marks: dict[str, Mark] = {}
        self._tail = 0
        """Records read since the last snapshot."""
        self._since: float | None = None
        self._fails = False
        self._writing = asyncio.Lock()

    # ------------------------------------------------------------------------------------------ put away

    def saw(self, deliveries: Sequence[Delivery]) -> None:
        """Records that the memory holds from here on."""
        if self._shelf is None:
            return
        self._tail += len(deliveries)
        for d in {d.topic: d for d in deliveries}.values():
            self._marks[d.topic] = _mark_of(d)

    def is_due(self, now: float) -> bool:
        """Whether a snapshot is worth its time, by a clock that never goes back."""
        if self._since is None:
            self._since = now
        waited, least = now - self._since, self._lane.keeper.settings.snapshot_seconds
        if not self._tail or waited < least:
            return False
        return self._tail * TAIL_SHARE >= len(self._lane.book) or waited >= least * PATIENCE

    async def put_away(self, now: float, *, pause_seconds: float) -> None:
        """Write the memory as of the committed offsets; a full disk is told and nothing else."""
        async with self._writing:  # a stop may come while one is written
            if self._shelf is not None and self._tail:
                await self._put_away(self._shelf, now, pause_seconds)

    async def _put_away(self, shelf: Shelf, now: float, pause_seconds: float) -> None:
        lane = self._lane
        async with lane.busy:
            if not self.is_sound:
                return
            label, tail = self._label(), self._tail
            chunks = cast("Snapped", lane.book).dump()
            head = next(chunks)  # here the memory is gathered; the lane goes on while it is written
        self._since = now
        try:
            await shelf.put(label, _with(head, chunks), pause_seconds=pause_seconds)
        except OSError as error:
            if not self._fails:
                log.warning("the snapshot cannot be written", lane=lane.number, error=error.strerror)
            self._fails = True
        else:
            self._tail -= tail
            self._fails = False

    def _label(self) -> Label:
        lane = self._lane
        places = {
            tp.topic: Place(
                began=self._began.get(tp, lane.first[tp]), next=lane.next[tp], mark=self._marks.get(tp.topic)
            )
            for tp in lane.partitions
        }
        partitions = lane.keeper.topology.partitions
        return Label(lane=lane.number, partitions=partitions, places=places, reading=reading())

    # ------------------------------------------------------------------------------------------ take up

    async def recall(self, reader: AIOKafkaConsumer) -> Mapping[TopicPartition, int]:
        """Take the memory up where a snapshot allows it; gives back from where each input is to be read."""
        lane, shelf, load = self._lane, self._shelf, self._load
        self._began = dict(lane.first)
        if shelf is None or load is None:
            return lane.first
        try:
            label = await asyncio.to_thread(shelf.label)
            if label is None:
                return lane.first
            why = self._unfit(label) or await self._unknown(reader, label)
            if why is None:
                lane.book = await asyncio.to_thread(load, lane.keeper.policy, shelf.chunks())
        except SnapshotError:
            why = "damaged, or of another version"
        except OSError as error:
            why = f"cannot be read ({error.strerror})"
        if why is not None or label is None:
            log.warning("snapshot ignored, the lane is read from its log", lane=lane.number, error=why)
            return lane.first
        self._began = {tp: label.places[tp.topic].began for tp in lane.partitions}
        self._marks = {topic: place.mark for topic, place in label.places.items() if place.mark is not None}
        log.info("lane taken up from its snapshot", lane=lane.number, facts=len(lane.book))
        return {tp: label.places[tp.topic].next for tp in lane.partitions}

    def _unfit(self, label: Label) -> str | None:
        lane = self._lane
        first = {tp.topic: lane.first[tp] for tp in lane.partitions}
        committed = {tp.topic: lane.next[tp] for tp in lane.partitions}
        return label.unfit(lane.number, lane.keeper.topology.partitions, first, committed)

    async def _unknown(self, reader: AIOKafkaConsumer, label: Label) -> str | None:
        """Why the log is not the one that the snapshot was made of; None = its marked records stand there."""
        lane, wanted = self._lane, dict[TopicPartition, Mark]()
        for tp in lane.partitions:
            mark = label.places[tp.topic].mark
            if mark is not None and mark.offset >= lane.first[tp]:
                wanted[tp] = mark
        reader.assign(sorted(wanted))
        for tp, mark in wanted.items():
            reader.seek(tp, mark.offset)
        try:
            async with asyncio.timeout(KNOWN_SECONDS):
                while wanted:
                    for tp, (delivery, *_) in (await reader.getmany(*wanted, timeout_ms=200, max_records=1)).items():
                        if _mark_of(delivery) != wanted.pop(tp):
                            return "made from other topics"
        except TimeoutError:
            return "made from other topics"
        return None


def _mark_of(delivery: Delivery) -> Mark:
    digest = digest_of(delivery.value or b"").hex()
    return Mark(offset=delivery.offset, timestamp_ms=delivery.timestamp, digest=digest)


def _with(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest
