"""Processes by number and birth, so that a number used again is never mistaken; and their groups."""

import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LOOK_EVERY_SECONDS = 0.05

_PROC = Path("/proc")
_BOOT = _PROC / "sys/kernel/random/boot_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessId:
    """A process that is told from any later one with the same number; `birth` is opaque."""

    pid: int
    birth: str


def identify(pid: int) -> ProcessId | None:
    """The running process of this number; None where there is none, or only what is left of one that ended."""
    birth = _birth(pid)
    return None if birth is None else ProcessId(pid=pid, birth=birth)


def is_alive(process: ProcessId) -> bool:
    """Does this very process still run?"""
    return _birth(process.pid) == process.birth


def group_is_alive(leader: ProcessId) -> bool:
    """Does the leader of a session, or any process of its group, still run?"""
    now = identify(leader.pid)
    if now is not None:
        return now == leader  # else the number has been given to somebody else, so the old group is gone
    return any(True for _ in _members(leader.pid))


def signal_group(leader: ProcessId, number: signal.Signals) -> None:
    """Send a signal to a leader's whole group, if it is still that group."""
    if group_is_alive(leader):
        try:
            os.killpg(leader.pid, number)
        except (ProcessLookupError, PermissionError):
            return


def signal_process(process: ProcessId, number: signal.Signals) -> None:
    """Send a signal to one process, if it is still that process."""
    if is_alive(process):
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            return


def wait_until_gone(leaders: Iterable[ProcessId], timeout_seconds: float) -> tuple[ProcessId, ...]:
    """Wait until none of the groups is left; those that are when time is up."""
    left = tuple(leaders)
    until = time.monotonic() + timeout_seconds
    while True:
        left = tuple(leader for leader in left if group_is_alive(leader))
        if not left or time.monotonic() >= until:
            return left
        time.sleep(LOOK_EVERY_SECONDS)


def end_groups(leaders: Iterable[ProcessId], grace_seconds: float) -> tuple[ProcessId, ...]:
    """SIGTERM to all groups at once, SIGKILL to those that outlive the grace; returns those killed."""
    asked = tuple(leader for leader in leaders if group_is_alive(leader))
    for leader in asked:
        signal_group(leader, signal.SIGTERM)
    stubborn = wait_until_gone(asked, grace_seconds)
    for leader in stubborn:
        signal_group(leader, signal.SIGKILL)
    wait_until_gone(stubborn, grace_seconds)
    return stubborn


def _birth(pid: int) -> str | None:
    if not _BOOT.is_file():
        return _birth_elsewhere(pid)
    fields = _stat(pid)
    if fields is None or fields[0] in "ZX":
        return None
    return f"{_BOOT.read_text(encoding='ascii').strip()}:{fields[19]}"


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on (the third): names may hold blanks and brackets."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def _members(group: int) -> Iterable[int]:
    if not _BOOT.is_file():
        yield from _members_elsewhere(group)
        return
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields and fields[0] not in "ZX" and int(fields[2]) == group:
                yield int(entry.name)


def _birth_elsewhere(pid: int) -> str | None:
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.3f}"
    except psutil.Error:
        return None


def _members_elsewhere(group: int) -> Iterable[int]:
    import psutil

    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                yield process.pid
        except (psutil.Error, OSError):
            continue
