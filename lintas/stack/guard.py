"""Run as a module: end the parts of a supervisor that died without ending them.

It reads the supervisor's pipe.  `+ PID BIRTH` and `- PID` keep its list of process groups; `bye` ends it in peace; an
end of the pipe before that means the supervisor is dead, and all listed groups are ended, SIGKILL after the grace.
The system's own signal to orphans (`launch.py`) reaches neither a part's children nor a part that does not listen.
"""

import signal
import subprocess
import sys
from contextlib import suppress
from typing import TextIO

from lintas.stack.processes import ProcessId, end_groups


class Guard:
    """The supervisor's end of the pipe; a guard that was ended itself is replaced."""

    def __init__(self, *, grace_seconds: float) -> None:
        self._grace_seconds = grace_seconds
        self._watched: dict[int, ProcessId] = {}
        self._process: subprocess.Popen[str] | None = None

    def watch(self, leader: ProcessId) -> None:
        """From now on end this group if the supervisor dies."""
        self._watched[leader.pid] = leader
        self._tell(f"+ {leader.pid} {leader.birth}")

    def forget(self, leader: ProcessId) -> None:
        """This group has ended."""
        if self._watched.pop(leader.pid, None):
            self._tell(f"- {leader.pid}")

    def check(self) -> None:
        """Start the guard where it does not run (yet, or any more)."""
        if self._process is None or self._process.poll() is not None:
            self._start()

    def close(self) -> None:
        """All parts have ended: so may the guard."""
        if self._process is not None:
            self._tell("bye")
            self._drop()

    def _start(self) -> None:
        self._drop()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lintas.stack.guard", str(self._grace_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )
        for leader in self._watched.values():
            self._tell(f"+ {leader.pid} {leader.birth}")

    def _tell(self, line: str) -> None:
        if self._process is None or self._process.stdin is None:
            return
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except OSError:
            return  # it was ended: the next check starts another and tells it all

    def _drop(self) -> None:
        if self._process is None:
            return
        if self._process.stdin is not None:
            with suppress(OSError):  # what is left in the buffer for a guard that is gone
                self._process.stdin.close()
        self._process.wait()
        self._process = None


def stand_guard(pipe: TextIO, grace_seconds: float) -> None:
    """Follow the supervisor's pipe to its end, then end what is left."""
    watched: dict[int, ProcessId] = {}
    for line in pipe:
        match line.split():
            case ["+", pid, birth]:
                watched[int(pid)] = ProcessId(pid=int(pid), birth=birth)
            case ["-", pid]:
                watched.pop(int(pid), None)
            case ["bye"]:
                return
    end_groups(tuple(reversed(watched.values())), grace_seconds)


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    stand_guard(sys.stdin, float(sys.argv[1]))
