"""What the benchmarks do with processes: start one for a while, see what it costs, and say something at once."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from lintas.stack.parts import Child, Part

ROOT = Path(__file__).parents[1]


def say(text: str) -> None:
    """One line at once, also into a pipe."""
    print(text, flush=True)


@contextmanager
def process(*argv: str, env: dict[str, str] | None = None, log: Path) -> Iterator[Child]:
    """A Python process for the length of a block; it and its children end with the block, or with this process."""
    child = Child(
        Part(
            name=log.stem,
            argv=(sys.executable, *argv),
            log=log,
            env=os.environ | (env or {}),
            cwd=ROOT,
            stop_seconds=20.0,
        )
    )
    try:
        yield child
    finally:
        child.stop()


def cpu_seconds(child: Child) -> float:
    """CPU time that a running process has used so far, as Linux counts it."""
    fields = Path(f"/proc/{child.id.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def end_on_sigterm() -> None:
    """Let SIGTERM unwind every block, so that nothing that was started stays behind."""

    def leave(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, leave)
