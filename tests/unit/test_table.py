"""The table of known crossings: what was claimed is found again, through every growth and every collision."""

from __future__ import annotations

import random

from streams.table import SHARDS, Table


def test_a_claimed_key_is_found_again_after_every_growth() -> None:
    chance, table = random.Random(7), Table()
    hashes = [chance.getrandbits(61) for _ in range(60_000)]
    for row, key_hash in enumerate(hashes):
        assert table.claim(key_hash, row, lambda n: False) is None
    for row, key_hash in enumerate(hashes):
        assert table.claim(key_hash, 1 << 20, lambda n, row=row: n == row) == row  # type: ignore[misc]


def test_keys_of_one_hash_are_told_apart_by_their_rows() -> None:
    table = Table()
    for row in range(500):
        assert table.claim(42, row, lambda n: False) is None
    for row in range(500):
        assert table.claim(42, 999, lambda n, row=row: n == row) == row  # type: ignore[misc]


def test_a_crowded_shard_grows_alone() -> None:
    table = Table()
    for row in range(300):
        table.claim(row * SHARDS + 5, row, lambda n: False)
    assert [n for n in range(SHARDS) if table.slots_of(n)] == [5]
    assert table.slots_of(5) * 3 >= 300 * 4


def test_a_negative_hash_has_its_place() -> None:
    table = Table()
    assert table.claim(-3, 0, lambda n: True) is None
    assert table.claim(-3, 1, lambda n: True) == 0
