"""Finds the names of a block that may be near another: exact, and fast where thousands share a birth date."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from schemas.identity import dice_bits
from schemas.identity.names import BITS
from streams.likeness import names_near
from streams.packing import NO_NAME
from streams.policy import Matching

T = TypeVar("T")
Words = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int16]

FEW = 24
"""Up to here a loop over the names costs less than a call into numpy."""
REMEMBERED = 256
_WORDS = BITS // 64
_DICE_SLACK = 1e-6


class Names(Generic[T]):
    """What stands under each distinct name code; nothing is ever taken out."""

    __slots__ = ("_bits", "_by_name", "_columns", "_filled", "_near", "_rule")

    def __init__(self) -> None:
        self._by_name: dict[bytes, list[T]] = {}
        self._bits: list[tuple[int, list[T]]] = []
        self._columns: Words | None = None
        """One column a name: 64 bits of all names lie side by side, for one instruction to take many."""
        self._filled: Counts | None = None
        """How many bits each name has."""
        self._near: dict[bytes, list[list[T]]] = {}
        """What `near` found, until a name is added: those of one batch ask again and again."""
        self._rule: Matching | None = None
        """By which `near` found it; two versions of the policy may differ."""

    def __len__(self) -> int:
        return len(self._by_name)

    def add(self, name: bytes, value: T) -> None:
        """Put a value under a name; one without a name is left out."""
        if name == NO_NAME:
            return
        known = self._by_name.get(name)
        if known is not None:
            known.append(value)
            return
        self._near.clear()
        self._by_name[name] = values = [value]
        self._bits.append((int.from_bytes(name, "big"), values))
        if len(self._bits) > FEW:
            self._extend()

    def near(self, name: bytes, rule: Matching) -> list[T]:
        """The values under each name that `names_near` calls the same."""
        if name == NO_NAME:
            return []
        if rule is not self._rule:
            self._near.clear()
            self._rule = rule
        found = self._near.get(name)
        if found is None:
            bits, candidates = int.from_bytes(name, "big"), self._bits
            if len(candidates) > FEW:
                candidates = self._sifted(name, lambda both, fewer, more: _may_be_near(both, fewer, more, rule))
            if len(self._near) >= REMEMBERED:
                self._near.clear()
            found = self._near[name] = [values for other, values in candidates if names_near(bits, other, rule)]
        return [value for values in found for value in values]

    def alike(self, name: bytes, dice: float) -> list[T]:
        """The values under each name whose Dice coefficient is at least so much."""
        if name == NO_NAME:
            return []
        bits = int.from_bytes(name, "big")
        candidates = self._bits
        if len(candidates) > FEW:
            least = dice - _DICE_SLACK
            candidates = self._sifted(name, lambda both, fewer, more: 2.0 * both >= least * (fewer + more))
        return [value for other, values in candidates if dice_bits(bits, other) >= dice for value in values]

    def _sifted(
        self, name: bytes, keep: Callable[[Counts, Counts, Counts], npt.NDArray[np.bool_]]
    ) -> list[tuple[int, list[T]]]:
        """The names that a condition on the common and the own bits leaves; a superset of those sought."""
        columns, filled = self._columns, self._filled
        assert columns is not None
        assert filled is not None
        count = len(self._bits)
        wanted = np.frombuffer(name, dtype=">u8").astype(np.uint64)
        common = np.bitwise_count(columns[:, :count] & wanted[:, None]).sum(axis=0, dtype=np.int16)
        own = np.int16(int.from_bytes(name, "big").bit_count())
        fewer, more = np.minimum(filled[:count], own), np.maximum(filled[:count], own)
        return [self._bits[i] for i in np.flatnonzero(keep(common, fewer, more)).tolist()]

    def _extend(self) -> None:
        """Write the names that have no column yet."""
        count, first = len(self._bits), len(self._bits) - 1
        if self._columns is None or self._filled is None:
            self._columns, self._filled, first = _room(4 * count), np.zeros(4 * count, dtype=np.int16), 0
        elif count > len(self._filled):
            self._columns = np.concatenate([self._columns, _room(len(self._filled))], axis=1)
            self._filled = np.concatenate([self._filled, np.zeros_like(self._filled)])
        for place in range(first, count):
            bits = self._bits[place][0]
            self._columns[:, place] = np.frombuffer(bits.to_bytes(BITS // 8, "big"), dtype=">u8")
            self._filled[place] = bits.bit_count()


def _room(count: int) -> Words:
    return np.zeros((_WORDS, count), dtype=np.uint64)


def _may_be_near(both: Counts, fewer: Counts, more: Counts, rule: Matching) -> npt.NDArray[np.bool_]:
    """What holds wherever `names_near` does: own bits are counted there with an addition, here without."""
    result: npt.NDArray[np.bool_] = (more - both <= rule.slip_bits) | (fewer - both <= rule.dropped_bits)
    return result
