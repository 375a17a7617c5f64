"""The file in which a lane's memory is put away between two runs: only a cache, the log has all that stands in it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from struct import Struct
from typing import BinaryIO

from schemas.records import CommunityReport, Departure, Heartbeat, PolicyVersion, Suppression, TransitEvent
from streams.snapshot import SnapshotError

FORMAT = 1
EXPIRED_SHARE = 10
"""One record in so many may have expired from the log and still stand in a snapshot; then the log is read anew."""
_SIZE = Struct("<I")
_END = 0xFFFFFFFF
_SUM_BYTES = 32
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The last record that was read of a log: in a topic made anew another one stands there, or none."""

    offset: int
    timestamp_ms: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How much of one input a snapshot covers."""

    began: int
    """The log's start when it was last read whole."""
    next: int
    """The offset that follows the last one covered."""
    mark: Mark | None
    """None = no record was ever seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a snapshot says of itself."""

    lane: int
    partitions: int
    places: Mapping[str, Place]
    """By input topic."""
    reading: str

    def unfit(self, lane: int, partitions: int, first: Mapping[str, int], committed: Mapping[str, int]) -> str | None:
        """Why a lane whose log begins at `first` and is judged up to `committed` cannot use it; None = it can."""
        if self.reading != reading():
            return "other version"
        if (self.lane, self.partitions) != (lane, partitions) or set(self.places) != set(first):
            return "other lane"
        places = self.places.items()
        if any(place.next > committed[topic] for topic, place in places):
            return "newer than the committed offsets"
        if any(not place.began <= first[topic] <= place.next for topic, place in places):
            return "no longer part of the log"
        expired = sum(first[topic] - place.began for topic, place in places)
        if expired * EXPIRED_SHARE > sum(place.next - place.began for _, place in places):
            return "too much of it expired"
        if not any(place.mark is not None and place.mark.offset >= first[topic] for topic, place in places):
            return "nothing in the log to know it by"
        return None


@cache
def reading() -> str:
    """What decides which records are admitted and what is kept of them, beside the layout of rows."""
    models = (TransitEvent, Departure, CommunityReport, Heartbeat, PolicyVersion, Suppression)
    text = json.dumps([FORMAT, *(model.model_json_schema() for model in models)], sort_keys=True)
    return blake2b(text.encode(), digest_size=8).hexdigest()


class Shelf:
    """The snapshot of one lane in a directory."""

    def __init__(self, directory: Path, lane: int) -> None:
        self.file = directory / f"lane-{lane}.snapshot"

    async def put(self, label: Label, chunks: Iterator[bytes], *, pause_seconds: float) -> None:
        """Write a snapshot in place of the last one; between two chunks the event loop is free for `pause_seconds`.

        Raises:
            OSError: it cannot be written; the last one stands.
        """
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self.file.with_suffix(f".{os.getpid()}.part")
        total = blake2b(digest_size=_SUM_BYTES)
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb", buffering=0) as file:
                for chunk in chain([json.dumps(asdict(label)).encode()], chunks):
                    data = _SIZE.pack(len(chunk)) + chunk
                    total.update(data)
                    await asyncio.to_thread(_write, file, data)
                    await asyncio.sleep(pause_seconds)
                await asyncio.to_thread(_write, file, _SIZE.pack(_END) + total.digest())
            part.replace(self.file)
        finally:
            part.unlink(missing_ok=True)

    def label(self) -> Label | None:
        """What the snapshot says of itself, its checksum being right; None where there is none.

        Raises:
            SnapshotError: it is damaged, or no snapshot.
            OSError: it cannot be read.
        """
        self._sweep()
        if not self.file.is_file():
            return None
        if not self._is_whole():
            msg = f"{self.file} is damaged: read the lane from its log"
            raise SnapshotError(msg)
        with self.file.open("rb") as file:
            return _label_of(next(_chunks(file)))

    def chunks(self) -> Iterator[bytes]:
        """The casebook's chunks; only after `label` found the file whole."""
        with self.file.open("rb") as file:
            parts = _chunks(file)
            next(parts)
            yield from parts

    def _sweep(self) -> None:
        """Take away what a killed worker left half written."""
        for part in self.file.parent.glob(f"{self.file.stem}.*.part"):
            part.unlink(missing_ok=True)

    def _is_whole(self) -> bool:
        left = self.file.stat().st_size - _SUM_BYTES - _SIZE.size
        total = blake2b(digest_size=_SUM_BYTES)
        with self.file.open("rb") as file:
            while left > 0:
                data = file.read(min(left, _BLOCK_BYTES))
                if not data:
                    return False
                total.update(data)
                left -= len(data)
            return file.read() == _SIZE.pack(_END) + total.digest()


def _write(file: BinaryIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while True:
        (size,) = _SIZE.unpack(file.read(_SIZE.size))
        if size == _END:
            return
        yield file.read(size)


def _label_of(chunk: bytes) -> Label:
    try:
        raw = json.loads(chunk)
        places = {
            topic: Place(began=p["began"], next=p["next"], mark=Mark(**p["mark"]) if p["mark"] else None)
            for topic, p in raw["places"].items()
        }
        return Label(lane=raw["lane"], partitions=raw["partitions"], places=places, reading=raw["reading"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        msg = f"a snapshot with another label ({type(error).__name__}): read the lane from its log"
        raise SnapshotError(msg) from None
