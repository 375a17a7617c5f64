"""A part of the stack: how it is run and when it is ready; and the process that runs it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lintas.stack.processes import (
    LOOK_EVERY_SECONDS,
    ProcessId,
    group_is_alive,
    identify,
    signal_group,
    wait_until_gone,
)

Probe = Callable[[], bool]

LAUNCHER = Path(__file__).with_name("launch.py")
LONGEST_LOG_BYTES = 16 << 20
KILLED_GRACE_SECONDS = 5.0


def at_once() -> bool:
    """The probe of a part that is ready as soon as it runs."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One process of the stack.

    Attributes:
        name: unique, for people and logs.
        argv: the command line; the process must stay in the foreground.
        log: where its output is appended.
        ready: asked again and again after the start, must answer within about a second.
        env: its environment; None for the supervisor's own.
        cwd: its working directory; None for the supervisor's own.
        port: its port on the loopback address, for people and for a clear word where it is taken.
        after: names of earlier parts that must be ready (or done) before it starts.
        once: a task: exit code 0 means done, and it is not started again.
        ready_seconds: not ready for so long counts as a crash; for a task, the time it may take.
        stop_seconds: the grace between SIGTERM and SIGKILL.
    """

    name: str
    argv: tuple[str, ...]
    log: Path
    ready: Probe = at_once
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    port: int | None = None
    after: tuple[str, ...] = ()
    once: bool = False
    ready_seconds: float = 60.0
    stop_seconds: float = 15.0


class Child:
    """A started part: a session of its own, so that a Ctrl-C in the terminal is not for it.

    Start it in a thread that lives as long as it should: on Linux it is ended with the thread that started it.
    """

    def __init__(self, part: Part) -> None:
        self.part = part
        part.log.parent.mkdir(parents=True, exist_ok=True)
        _rotate(part.log)
        with part.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(LAUNCHER), "--child", str(os.getpid()), *part.argv],
                env=part.env,
                cwd=part.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        # a process that has ended already has no birth, and needs none: nothing can be sent to it
        self.id = identify(self._process.pid) or ProcessId(pid=self._process.pid, birth="ended")

    def exit_code(self) -> int | None:
        """None while it runs, else its exit code; negative is the number of the signal that ended it."""
        return self._process.poll()

    def wait_ready(self) -> bool:
        """Wait for its probe; False if it ended or took longer than it may."""
        until = time.monotonic() + self.part.ready_seconds
        while self.exit_code() is None and time.monotonic() < until:
            if self.part.ready():
                return True
            time.sleep(LOOK_EVERY_SECONDS)
        return False

    def send(self, number: signal.Signals) -> None:
        """Send a signal to it and its children."""
        if self.exit_code() is None or group_is_alive(self.id):
            signal_group(self.id, number)

    def kill(self) -> int:
        """SIGKILL to it and its children; its exit code."""
        self.send(signal.SIGKILL)
        code = self._process.wait()
        wait_until_gone([self.id], KILLED_GRACE_SECONDS)
        return code

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> tuple[int, bool]:
        """SIGTERM, then SIGKILL after the part's grace (or in a hurry); its exit code, and was it killed."""
        self.send(signal.SIGTERM)
        until = time.monotonic() + self.part.stop_seconds
        while (self.exit_code() is None or group_is_alive(self.id)) and time.monotonic() < until and not hurry():
            time.sleep(LOOK_EVERY_SECONDS)
        killed = self.exit_code() is None or group_is_alive(self.id)
        return self.kill(), killed


def last_lines(log: Path, count: int = 10) -> str:
    """The end of a log, for an error message."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return "(no log)"
    return "\n".join(lines[-count:])


def _rotate(log: Path) -> None:
    try:
        if log.stat().st_size > LONGEST_LOG_BYTES:
            log.replace(log.with_name(log.name + ".1"))
    except FileNotFoundError:
        return
