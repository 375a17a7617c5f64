"""The chunks of bytes in which a casebook is put away, so that a lane need not read its whole log again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from struct import Struct

from schemas.codec import decode, encode
from schemas.records import CommunityReport, Departure, Heartbeat, PolicyVersion, Suppression
from streams.dossier import Dossier
from streams.packing import LAYOUT, VOCABULARY, body_of

ROWS_PER_CHUNK = 4096
_PLACE = Struct("<II")
"""Number of the block and length of what follows."""
Kept = Departure | CommunityReport | Heartbeat | PolicyVersion | Suppression
_KINDS: Mapping[str, type[Kept]] = {
    "departure": Departure,
    "community_report": CommunityReport,
    "heartbeat": Heartbeat,
    "policy": PolicyVersion,
    "suppression": Suppression,
}


class SnapshotError(ValueError):
    """A snapshot cannot be used; the log has all that stands in it."""


def head() -> bytes:
    """The first chunk: what the rows' numbers mean."""
    words = blake2b(VOCABULARY.encode(), digest_size=8).hexdigest()
    return json.dumps({"lintas": "casebook", "layout": LAYOUT, "words": words}).encode()


def check_head(chunk: bytes | None) -> None:
    """Refuse a snapshot of another layout.

    Raises:
        SnapshotError: it is none, or was made by another version.
    """
    if chunk != head():
        msg = f"not a snapshot of layout {LAYOUT}, made by this version: read the lane from its log"
        raise SnapshotError(msg)


def tail_chunk(rows: int) -> bytes:
    """The last chunk: how many rows there are, so that a chunk that is missing is noticed."""
    return json.dumps({"rows": rows}).encode()


def is_tail(chunk: bytes) -> bool:
    """Whether a chunk is the last; one of rows begins with the number of a block, which is never so high."""
    return chunk.startswith(b'{"rows"')


def check_tail(chunk: bytes | None, rows: int) -> None:
    """Refuse a snapshot of which a chunk is missing.

    Raises:
        SnapshotError: it ends early, or holds another number of rows than was put away.
    """
    if chunk != tail_chunk(rows):
        msg = "a chunk of the snapshot is missing: read the lane from its log"
        raise SnapshotError(msg)


@contextmanager
def refusing() -> Iterator[None]:
    """Say of chunks that cannot be read what they are.

    Raises:
        SnapshotError: in place of whatever reading them raised.
    """
    try:
        yield
    except SnapshotError:
        raise
    except (ValueError, TypeError, LookupError) as error:
        msg = "a chunk of the snapshot is missing or damaged: read the lane from its log"
        raise SnapshotError(msg) from error


def facts_chunk(facts: Iterable[tuple[Kept, bytes]]) -> bytes:
    """Facts that are not crossings, with their digests: few, so as JSON."""
    return json.dumps([[f.record, digest.hex(), encode(f).decode()] for f, digest in facts]).encode()


def read_facts(chunk: bytes) -> Iterator[tuple[Kept, bytes]]:
    """The facts of such a chunk."""
    for kind, digest, text in json.loads(chunk):
        yield decode(_KINDS[kind], text.encode()), bytes.fromhex(digest)


def blocks_chunk(blocks: Iterable[str]) -> bytes:
    """The names of all blocks, by number."""
    return json.dumps(list(blocks)).encode()


def rows_chunks(rows: Sequence[bytes], homes: Sequence[Dossier], number: Mapping[str, int]) -> Iterator[bytes]:
    """All rows in their order, some thousands a chunk, each with the number of its block."""
    for start in range(0, len(rows), ROWS_PER_CHUNK):
        parts = []
        for n in range(start, min(start + ROWS_PER_CHUNK, len(rows))):
            body = body_of(rows[n])
            parts += [_PLACE.pack(number[homes[n].block], len(body)), body]
        yield b"".join(parts)


def read_rows(chunk: bytes) -> Iterator[tuple[int, bytes]]:
    """The number of the block and the body of each row.

    Raises:
        SnapshotError: the chunk was cut off.
    """
    place, size = 0, len(chunk)
    while place < size:
        if place + _PLACE.size > size:
            break
        block, length = _PLACE.unpack_from(chunk, place)
        start = place + _PLACE.size
        place = start + length
        if place <= size:
            yield block, chunk[start:place]
    if place != size:
        msg = "a chunk of the snapshot is cut off: read the lane from its log"
        raise SnapshotError(msg)
