"""What a supervisor says of itself to other processes: its state file and its log of events."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from lintas.stack.errors import StackError
from lintas.stack.files import write_atomically
from lintas.stack.processes import ProcessId, identify, is_alive

LONGEST_EVENTS_BYTES = 1 << 20


class Phase(StrEnum):
    """Where a stack as a whole is."""

    STARTING = "starting"
    UP = "up"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


class Status(StrEnum):
    """Where a part is."""

    WAITING = "waiting"  # for those it comes after
    STARTING = "starting"
    READY = "ready"
    DONE = "done"  # a task that succeeded
    BACKING_OFF = "backing off"  # ended by itself, to be started again
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartState:
    """What is known of a part; `last_exit` is negative for the number of a signal."""

    name: str
    status: Status
    process: ProcessId | None
    port: int | None
    restarts: int
    last_exit: int | None
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StackState:
    """What is known of a stack; `message` says why it failed."""

    phase: Phase
    supervisor: ProcessId
    parts: tuple[PartState, ...]
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a part (or, without a name, to the stack)."""

    at: datetime
    part: str
    what: str
    pid: int | None = None
    exit_code: int | None = None
    detail: str = ""

    def __str__(self) -> str:
        told = [self.part, self.what] if self.part else [self.what]
        if self.pid is not None:
            told.append(f"(pid {self.pid})")
        if self.exit_code is not None:
            told.append(f"with {describe_exit(self.exit_code)}")
        return " ".join(told) + (f": {self.detail}" if self.detail else "")


def describe_exit(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def run_directory(directory: Path) -> Path:
    """Where a supervisor keeps its lock, state and events."""
    return directory / "run"


def is_held(directory: Path, part: str) -> bool:
    """Does another program want this part out of the way for a while?  One that died does not any more."""
    file = _hold_file(directory, part)
    try:
        pid, birth = file.read_text(encoding="ascii").split()
    except FileNotFoundError:
        return False
    except ValueError:
        return True  # not one of ours: somebody put it there by hand
    if is_alive(ProcessId(pid=int(pid), birth=birth)):
        return True
    file.unlink(missing_ok=True)
    return False


@contextmanager
def holding(directory: Path, part: str) -> Iterator[None]:
    """Have the supervisor end a part and keep it down for the length of a block, or of this process."""
    me = identify(os.getpid())
    if me is None:
        message = "this process does not find itself in the process table: is /proc mounted?"
        raise StackError(message)
    file = _hold_file(directory, part)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, f"{me.pid} {me.birth}\n")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _hold_file(directory: Path, part: str) -> Path:
    return run_directory(directory) / f"{part}.hold"


def write_state(directory: Path, state: StackState) -> None:
    """Make the state readable for others, whole."""
    write_atomically(
        run_directory(directory) / "state.json", json.dumps(asdict(state), default=_plain, indent=1) + "\n"
    )


def read_state(directory: Path) -> StackState | None:
    """The last state a supervisor of this directory wrote, dead or alive; None if there never was one.

    Raises:
        StackError: the file is not one of ours.
    """
    path = run_directory(directory) / "state.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return StackState(
            phase=Phase(found["phase"]),
            supervisor=ProcessId(**found["supervisor"]),
            parts=tuple(_part(part) for part in found["parts"]),
            message=found["message"],
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        message = f"{path} cannot be read ({type(error).__name__}): if no stack runs here, remove it"
        raise StackError(message) from error


def write_event(directory: Path, event: Event) -> None:
    """Add one line to the log of events."""
    path = run_directory(directory) / "events.jsonl"
    if path.is_file() and path.stat().st_size > LONGEST_EVENTS_BYTES:
        path.replace(path.with_name("events.1.jsonl"))
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(event), default=_plain) + "\n")


def read_events(directory: Path, *, last: int = 20) -> tuple[Event, ...]:
    """The last events, the oldest first."""
    path = run_directory(directory) / "events.jsonl"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return ()
    events = []
    for line in lines[-last:]:
        try:
            fields = json.loads(line)
        except ValueError:  # cut short by a crash
            continue
        events.append(Event(**{**fields, "at": datetime.fromisoformat(fields["at"])}))
    return tuple(events)


def _part(found: dict[str, Any]) -> PartState:
    return PartState(
        name=found["name"],
        status=Status(found["status"]),
        process=ProcessId(**found["process"]) if found["process"] else None,
        port=found["port"],
        restarts=found["restarts"],
        last_exit=found["last_exit"],
        since=datetime.fromisoformat(found["since"]),
    )


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    message = f"{type(value).__name__} has no place in a state file"
    raise TypeError(message)
