"""What the benchmarks do with processes: start one for a while, and say something at once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]


def say(text: str) -> None:
    """One line at once, also into a pipe."""
    print(text, flush=True)


@contextmanager
def process(*argv: str, env: dict[str, str] | None = None, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process for the length of a block."""
    with log.open("wb") as file:
        running = subprocess.Popen(
            [sys.executable, *argv], env=os.environ | (env or {}), stdout=file, stderr=file, cwd=ROOT
        )
        try:
            yield running
        finally:
            running.terminate()
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
