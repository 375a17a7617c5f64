"""A process of the product that is started again whenever it fails, and what it takes meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

BETWEEN_STARTS_SECONDS = 0.5
FRESH_SECONDS = 5.0


def until(holds: Callable[[], Any], *, seconds: float = 60.0, what: Callable[[], str] = str) -> None:
    """Wait for it."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what() or "it did not happen in time"
        time.sleep(0.1)


class Kept:
    """`python -m MODULE` under a supervisor's care: exit code 0 ends it, any other starts it anew."""

    def __init__(self, module: str, environment: Mapping[str, str], folder: Path) -> None:
        folder.mkdir(parents=True)
        self.module, self.log, self.status_file = module, folder / "log", folder / "run" / "status.json"
        self.codes: list[int] = []
        """How it ended, each time."""
        self._env = {**os.environ, **environment, "LINTAS_STATUS_FILE": str(self.status_file)}
        self._ending = threading.Event()
        self._process = self._started()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def _started(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen([sys.executable, "-m", self.module], env=self._env, stdout=log, stderr=log)

    def _keep(self) -> None:
        while True:
            code = self._process.wait()
            self.codes.append(code)
            if code == 0 or self._ending.wait(BETWEEN_STARTS_SECONDS):
                return
            self._process = self._started()

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        return self._process.pid

    def status(self) -> dict[str, Any]:
        """What it says of itself now; nothing, where that is old."""
        try:
            found: dict[str, Any] = json.loads(self.status_file.read_text())
        except (OSError, ValueError):
            return {}
        age = datetime.now(UTC) - datetime.fromisoformat(found["at"])
        return found if age.total_seconds() < FRESH_SECONDS else {}

    def said(self, *, since: int = 0) -> str:
        """Its log from a position on."""
        return self.log.read_bytes()[since:].decode(errors="replace")

    def wait_ready(self, seconds: float = 90.0) -> None:
        """Until it works."""
        until(lambda: self.status().get("ready"), seconds=seconds, what=lambda: self.said()[-3000:])

    def rss_bytes(self) -> int:
        """Resident memory; 0 between two lives."""
        try:
            return int(psutil.Process(self.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def end(self) -> int:
        """SIGTERM; its exit code."""
        self._ending.set()
        if self._process.poll() is None:
            self._process.terminate()
        try:
            return self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        finally:
            self._keeper.join(5)


@dataclass(slots=True)
class Memory:
    """Resident memory of one life of a process, sampled."""

    seconds: list[float] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)

    def growth_bytes(self) -> int:
        """From the first sample to the greatest."""
        return max(self.bytes) - self.bytes[0] if self.bytes else 0

    def slope_kb_per_minute(self) -> float:
        """Least squares over all samples."""
        return slope(self.seconds, [value / 1024 for value in self.bytes]) * 60


def slope(at: list[float], values: list[float]) -> float:
    """Of the least-squares line, in values a second."""
    if len(at) < 2:
        return 0.0
    middle, mean = sum(at) / len(at), sum(values) / len(values)
    spread = sum((x - middle) ** 2 for x in at)
    return sum((x - middle) * (y - mean) for x, y in zip(at, values, strict=True)) / spread if spread else 0.0


@contextmanager
def watched(process: Kept) -> Iterator[list[Memory]]:
    """Sample the memory for the length of a block; a list of lives."""
    lives: list[Memory] = [Memory()]
    over = threading.Event()

    def watch() -> None:
        pid = process.pid
        while not over.wait(0.25):
            if process.pid != pid:
                pid = process.pid
                lives.append(Memory())
            if taken := process.rss_bytes():
                lives[-1].seconds.append(time.monotonic())
                lives[-1].bytes.append(taken)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield lives
    finally:
        over.set()
        watching.join()
