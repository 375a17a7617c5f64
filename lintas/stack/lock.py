"""Locks between processes; the system lets go of them when a process ends, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lintas.stack.errors import AlreadyRunning
from lintas.stack.state import read_state, run_directory


@contextmanager
def taking_turns(path: Path) -> Iterator[None]:
    """Be the only process in the block; others wait for their turn."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def hold_lock(directory: Path) -> Iterator[None]:
    """Be the only supervisor of a directory.

    Raises:
        AlreadyRunning: another one is.
    """
    run_directory(directory).mkdir(parents=True, exist_ok=True)
    descriptor = os.open(run_directory(directory) / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            state = read_state(directory)
            who = f" (pid {state.supervisor.pid})" if state else ""
            message = f"a stack runs on {directory} already{who}: stop it with `lintas down`, or choose another --dir"
            raise AlreadyRunning(message) from error
        yield
    finally:
        os.close(descriptor)
