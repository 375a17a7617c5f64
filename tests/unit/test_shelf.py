"""A snapshot is taken up only where the log says the same; whatever else lies on the shelf is left alone."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from streams.shelf import Label, Mark, Place, Shelf, reading
from streams.snapshot import SnapshotError

PLACES = {
    "a": Place(began=100, next=200, mark=Mark(offset=198, timestamp_ms=7, digest="aa")),
    "b": Place(began=0, next=0, mark=None),
}
LABEL = Label(lane=3, partitions=4, places=PLACES, reading=reading())
CHUNKS = [b"one", b"", b"three" * 1000]


def put(shelf: Shelf, label: Label = LABEL, chunks: list[bytes] = CHUNKS) -> None:
    asyncio.run(shelf.put(label, iter(chunks), pause_seconds=0))


def test_what_was_put_away_comes_back(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "new", 3)
    assert shelf.label() is None
    put(shelf)
    assert (shelf.label(), list(shelf.chunks())) == (LABEL, CHUNKS)
    assert stat.S_IMODE(shelf.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(shelf.file.parent.stat().st_mode) == 0o700


def test_every_byte_counts(tmp_path: Path) -> None:
    """One wrong bit, a byte too few or too many: refused, wherever it is."""
    shelf = Shelf(tmp_path, 3)
    put(shelf, chunks=[b"one", b"two"])
    whole = shelf.file.read_bytes()
    broken = [whole[:n] for n in range(len(whole))] + [whole + b"x"]
    broken += [whole[:n] + bytes([whole[n] ^ 1]) + whole[n + 1 :] for n in range(len(whole))]
    for data in broken:
        shelf.file.write_bytes(data)
        with pytest.raises(SnapshotError):
            shelf.label()


@pytest.mark.parametrize("text", [b"{}", b"[]", b"null", b"\xff", b'{"lane": 3, "places": {"a": {}}}'])
def test_a_whole_file_with_a_strange_label_is_refused(tmp_path: Path, text: bytes, monkeypatch: Any) -> None:
    shelf = Shelf(tmp_path, 3)
    monkeypatch.setattr("streams.shelf.json.dumps", lambda _: text.decode("latin-1"))
    put(shelf)
    with pytest.raises(SnapshotError):
        shelf.label()


FIRST, COMMITTED = {"a": 100, "b": 0}, {"a": 200, "b": 0}


def test_a_snapshot_of_this_log_fits() -> None:
    assert LABEL.unfit(3, 4, FIRST, COMMITTED) is None
    assert LABEL.unfit(3, 4, FIRST, {"a": 900, "b": 5}) is None
    assert LABEL.unfit(3, 4, {"a": 110, "b": 0}, COMMITTED) is None


@pytest.mark.parametrize(
    ("label", "first", "committed", "why"),
    [
        (replace(LABEL, reading="other"), FIRST, COMMITTED, "version"),
        (replace(LABEL, lane=2), FIRST, COMMITTED, "other lane"),
        (replace(LABEL, partitions=8), FIRST, COMMITTED, "other lane"),
        (replace(LABEL, places={"a": PLACES["a"]}), FIRST, COMMITTED, "other lane"),
        (LABEL, FIRST, {"a": 199, "b": 0}, "newer"),
        (LABEL, {"a": 99, "b": 0}, COMMITTED, "no longer"),
        (LABEL, {"a": 201, "b": 0}, {"a": 300, "b": 0}, "no longer"),
        (LABEL, {"a": 111, "b": 0}, COMMITTED, "expired"),
        (replace(LABEL, places={**PLACES, "a": replace(PLACES["a"], mark=None)}), FIRST, COMMITTED, "know it by"),
    ],
)
def test_a_foreign_old_or_too_new_snapshot_does_not_fit(
    label: Label, first: dict[str, int], committed: dict[str, int], why: str
) -> None:
    said = label.unfit(3, 4, first, committed)
    assert said is not None
    assert why in said


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from typing import Any
from streams.shelf import Label, Shelf, reading
def chunks():
    yield b"new" * 1000
    print("halfway", flush=True)
    signal.pause()
label = Label(lane=3, partitions=4, places={}, reading=reading())
asyncio.run(Shelf(Path(sys.argv[1]), 3).put(label, chunks(), pause_seconds=0))
"""


def test_a_kill_while_writing_leaves_the_last_one(tmp_path: Path) -> None:
    """SIGKILL halfway: the old snapshot is whole, and what was half written is swept away."""
    shelf = Shelf(tmp_path, 3)
    put(shelf)
    with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"halfway\n"
        writer.send_signal(signal.SIGKILL)
    assert len(list(tmp_path.glob("*.part"))) == 1
    assert (shelf.label(), list(shelf.chunks())) == (LABEL, CHUNKS)
    assert os.listdir(tmp_path) == [shelf.file.name]


def test_a_failed_write_leaves_the_last_one(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 3)
    put(shelf)

    def full() -> Iterator[bytes]:
        yield b"new"
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        asyncio.run(shelf.put(LABEL, full(), pause_seconds=0))
    assert list(shelf.chunks()) == CHUNKS
    assert os.listdir(tmp_path) == [shelf.file.name]
