"""File systems that are small, full or read-only; tests are skipped where nothing may be mounted."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


@contextmanager
def small_disk(place: Path, size_bytes: int) -> Iterator[Path]:
    """A file system of its own, mounted on a directory."""
    place.mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(place))
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A directory in which nothing can be made or opened for writing; files that are open stay so."""
    _mount("--bind", str(folder), str(folder))
    try:
        _mount("-o", "remount,bind,ro", str(folder))
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(disk: Path, *, but_bytes: int = 0) -> Path:
    """Take all that is left of it, or nearly all; the file that takes it."""
    ballast, room = disk / "ballast", os.statvfs(disk)
    left = room.f_bavail * room.f_frsize - but_bytes
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while left > 0:
            left -= file.write(b"\0" * min(left, 65_536))
    return ballast


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"a disk of its own needs the right to mount: {done.stderr.decode().strip()}")
