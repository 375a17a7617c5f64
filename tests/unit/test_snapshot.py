"""A casebook that was put away is taken up whole, or refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from streams import snapshot
from streams.casebook import Casebook
from streams.policy import shipped_policy
from streams.snapshot import SnapshotError
from tests.people import T0, admitted, crossing, departure, heartbeats

Chunks = list[bytes]


@pytest.fixture
def chunks(monkeypatch: pytest.MonkeyPatch) -> Chunks:
    """Five crossings of one traveller in chunks of two."""
    monkeypatch.setattr(snapshot, "ROWS_PER_CHUNK", 2)
    book = Casebook(shipped_policy())
    book.replay(admitted(departure(), *heartbeats(T0), *(crossing(event_id=f"e{n}") for n in range(5))))
    return list(book.dump())


def test_a_whole_snapshot_is_taken_up(chunks: Chunks) -> None:
    assert len(Casebook.load(shipped_policy(), chunks)) == 6


def test_a_chunk_that_comes_twice_changes_nothing(chunks: Chunks) -> None:
    assert len(Casebook.load(shipped_policy(), [*chunks[:4], chunks[3], *chunks[4:]])) == 6


@pytest.mark.parametrize(
    "spoil",
    [
        lambda c: [],
        lambda c: c[1:],
        lambda c: [c[0].replace(b"layout", b"lay-in"), *c[1:]],
        lambda c: c[:-1],
        lambda c: c[:-2],
        lambda c: [*c[:-2], c[-1]],
        lambda c: [*c[:3], *c[4:]],
        lambda c: [*c[:3], c[3][:-1], *c[4:]],
        lambda c: [c[0], *c[2:]],
        lambda c: [c[0], c[1], c[2][:-1], *c[3:]],
        lambda c: c[:1],
    ],
    ids=[
        "nothing", "no head", "another head", "no tail", "two missing", "last rows missing", "first rows missing",
        "cut off", "no blocks", "facts cut off", "head alone",
    ],
)  # fmt: skip
def test_a_snapshot_that_is_not_whole_is_refused(chunks: Chunks, spoil: Callable[[Chunks], Chunks]) -> None:
    with pytest.raises(SnapshotError):
        Casebook.load(shipped_policy(), spoil(chunks))
