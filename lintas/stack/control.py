"""Start a supervisor out of sight, see whether it runs, and stop it, from another process."""

import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lintas.stack.errors import PartFailed
from lintas.stack.parts import LAUNCHER, last_lines
from lintas.stack.processes import (
    LOOK_EVERY_SECONDS,
    ProcessId,
    end_groups,
    group_is_alive,
    identify,
    is_alive,
    signal_process,
)
from lintas.stack.state import Phase, StackState, read_state

LEFTOVER_GRACE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StopReport:
    """What `stop` found and did; `killed` names what did not end when asked."""

    was_running: bool
    killed: tuple[str, ...] = ()


def spawn_detached(
    argv: Sequence[str], log: Path, *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> int:
    """Run a command with no terminal and no parent of ours, its output appended to the log; its pid."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(LAUNCHER), "--detached", *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=file,
            env=env,
            cwd=cwd,
            check=True,
        )
    return int(done.stdout)


def wait_until_up(directory: Path, pid: int, log: Path, *, timeout_seconds: float) -> StackState:
    """Wait until the supervisor with this pid says that all parts are ready.

    Raises:
        PartFailed: it gave up, ended, or took longer than the timeout (it still tries, then).
    """
    until = time.monotonic() + timeout_seconds
    while time.monotonic() < until:
        gone = identify(pid) is None  # looked at before the state: what it wrote last is then known
        state = read_state(directory)
        if state is not None and state.supervisor.pid == pid:
            if state.phase is Phase.UP and not gone:
                return state
            if state.phase is Phase.FAILED:
                raise PartFailed(state.message)
        if gone:
            message = f"the supervisor ended before the stack was up; the end of its log {log}:\n{last_lines(log)}"
            raise PartFailed(message)
        time.sleep(LOOK_EVERY_SECONDS)
    state = read_state(directory)
    late = ", ".join(f"{part.name} is {part.status}" for part in state.parts) if state else "it says nothing"
    message = f"the stack is not up after {timeout_seconds:g} s ({late}); it still tries: see `lintas status`"
    raise PartFailed(message)


def is_running(directory: Path) -> bool:
    """Does a supervisor run on this directory?"""
    state = read_state(directory)
    return state is not None and is_alive(state.supervisor)


def stop(directory: Path, timeout_seconds: float = 60.0) -> StopReport:
    """End a stack and see that nothing of it is left; also after its supervisor died.

    Args:
        directory: the stack's directory.
        timeout_seconds: how long the supervisor may take; then it and all parts are killed.
    """
    state = read_state(directory)
    if state is None:
        return StopReport(was_running=False)
    was_running = is_alive(state.supervisor)
    killed = []
    if was_running and not _ask(state.supervisor, timeout_seconds):
        signal_process(state.supervisor, signal.SIGKILL)
        killed.append("supervisor")
        state = read_state(directory) or state  # parts may have been started since
    left = {part.process: part.name for part in reversed(state.parts) if part.process and group_is_alive(part.process)}
    killed += [left[process] for process in end_groups(left, LEFTOVER_GRACE_SECONDS)]
    return StopReport(was_running=was_running or bool(left), killed=tuple(killed))


def _ask(supervisor: ProcessId, timeout_seconds: float) -> bool:
    signal_process(supervisor, signal.SIGTERM)
    until = time.monotonic() + timeout_seconds
    while is_alive(supervisor):
        if time.monotonic() >= until:
            return False
        time.sleep(LOOK_EVERY_SECONDS)
    return True
