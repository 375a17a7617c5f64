"""Finds the rows of a key or a document number: one hash table over a whole lane, grown a small part at a time."""

from __future__ import annotations

from array import array

SHARDS = 1024
"""Each grows by itself: the whole table at once would stop a lane of a million facts for a second."""
_SMALLEST = 8
_WORD = 0xFFFF_FFFF


class Table:
    """Row numbers by 64-bit hash; may name a row that has another key, never misses one.

    A dict of integers and tuples does the same in four times the memory: a slot here has eight bytes, half of them
    the row's number and half a part of the hash that spares most looks at the row.
    """

    __slots__ = ("_shards", "_used")

    def __init__(self) -> None:
        self._shards: list[array[int] | None] = [None] * SHARDS
        self._used = [0] * SHARDS

    def find(self, key_hash: int) -> list[int]:
        """The rows that were added under the hash, and hardly any other."""
        slots = self._shards[key_hash & (SHARDS - 1)]
        if slots is None:
            return []
        mark, mask = key_hash >> 10 & _WORD, len(slots) - 1
        place, step = mark & mask, mark >> 15 | 1
        found = []
        while slot := slots[place]:
            if slot >> 32 == mark:
                found.append((slot & _WORD) - 1)
            place = place + step & mask
        return found

    def add(self, key_hash: int, row: int) -> None:
        """Name the row under the hash."""
        number = key_hash & (SHARDS - 1)
        slots = self._shards[number]
        if slots is None:
            slots = self._shards[number] = array("Q", bytes(8 * _SMALLEST))
        elif self._used[number] * 4 >= len(slots) * 3:
            slots = self._shards[number] = _grown(slots)
        self._used[number] += 1
        _put(slots, (key_hash >> 10 & _WORD) << 32 | row + 1)


def _put(slots: array[int], slot: int) -> None:
    mark, mask = slot >> 32, len(slots) - 1
    place, step = mark & mask, mark >> 15 | 1
    while slots[place]:
        place = place + step & mask
    slots[place] = slot


def _grown(slots: array[int]) -> array[int]:
    wider = array("Q", bytes(16 * len(slots)))
    for slot in slots:
        if slot:
            _put(wider, slot)
    return wider
