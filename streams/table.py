"""Says whether a crossing is known: one hash table over a whole lane, grown a small part at a time."""

from __future__ import annotations

from array import array
from collections.abc import Callable

SHARDS = 1024
"""Each grows by itself: the whole table at once would stop a lane of a million facts for a second."""
_SMALLEST = 32
_WORD = 0xFFFF_FFFF


class Table:
    """Row numbers by the hash of a key.

    A dict does the same in seven times the memory: a slot here has eight bytes, half of them the row's number and half
    a part of the hash, which spares most looks at the row.
    """

    __slots__ = ("_shards", "_used")

    def __init__(self) -> None:
        self._shards: list[array[int] | None] = [None] * SHARDS
        self._used = [0] * SHARDS

    def claim(self, key_hash: int, row: int, is_it: Callable[[int], bool]) -> int | None:
        """The row that has the key, as `is_it` says; None = there was none, and now it is `row`."""
        shard = key_hash & (SHARDS - 1)
        slots = self._shards[shard]
        if slots is None:
            slots = self._shards[shard] = array("Q", bytes(8 * _SMALLEST))
        elif self._used[shard] * 4 >= len(slots) * 3:
            slots = self._shards[shard] = _grown(slots)
        mark, mask = key_hash >> 10 & _WORD, len(slots) - 1
        place, step = mark & mask, mark >> 15 | 1
        while slot := slots[place]:
            if slot >> 32 == mark and is_it((slot & _WORD) - 1):
                return (slot & _WORD) - 1
            place = place + step & mask
        self._used[shard] += 1
        slots[place] = mark << 32 | row + 1
        return None

    def slots_of(self, shard: int) -> int:
        """How many slots a shard has; 0 = it holds nothing yet."""
        slots = self._shards[shard]
        return len(slots) if slots is not None else 0


def _grown(slots: array[int]) -> array[int]:
    wider = array("Q", bytes(16 * len(slots)))
    mask = len(wider) - 1
    for slot in slots:
        if slot:
            mark = slot >> 32
            place, step = mark & mask, mark >> 15 | 1
            while wider[place]:
                place = place + step & mask
            wider[place] = slot
    return wider
