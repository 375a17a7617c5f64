"""Keep the parts of a stack running: start in order, restart what crashes, end all in reverse order."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType

from lintas.stack.errors import PartFailed, StackError
from lintas.stack.guard import Guard
from lintas.stack.lock import hold_lock
from lintas.stack.parts import Child, Part, last_lines
from lintas.stack.ports import port_is_free
from lintas.stack.processes import end_groups, identify
from lintas.stack.runs import Run, check_order
from lintas.stack.state import (
    Event,
    Phase,
    StackState,
    Status,
    describe_exit,
    is_held,
    read_state,
    write_event,
    write_state,
)

LOOK_EVERY_SECONDS = 0.1
ALL_READY = "all parts are ready"
"""What `say` hears once the stack is up."""
BACK_OFF_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
STEADY_SECONDS = 60.0  # ready for so long: the next crash is a first one again
GIVE_UP_AFTER = 5  # failures in a row of a part that has never been ready
LEFTOVER_GRACE_SECONDS = 10.0

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Supervisor:
    """Runs parts until it is told to stop.

    Args:
        directory: the stack's directory; lock, state and events go to its `run` folder.
        parts: in the order of their start; they are ended in reverse.
        clock: the time of states and events, aware.
        say: hears every event as it happens, as one line.
    """

    def __init__(
        self,
        directory: Path,
        parts: Sequence[Part],
        *,
        clock: Callable[[], datetime],
        say: Callable[[str], object] = lambda _: None,
    ) -> None:
        check_order(parts)
        self._directory = directory.absolute()
        self._clock = clock
        self._say = say
        self._runs = [Run(part=part, since=clock()) for part in parts]
        self._by_name = {run.part.name: run for run in self._runs}
        self._phase = Phase.STARTING
        self._message = ""
        self._signals = 0
        self.turned_at = time.monotonic()
        """When it last looked at its parts, on the monotonic clock; read by other threads."""
        longest = max((part.stop_seconds for part in parts), default=1.0)
        self._guard = Guard(grace_seconds=longest)

    def run(self) -> None:
        """Bring the parts up, keep them up, and end them on SIGTERM, SIGINT or SIGHUP (a second one: at once).

        To be called in the main thread, for the signals' sake.

        Raises:
            AlreadyRunning: another supervisor holds the directory.
            PartFailed: a part never became ready; all others have been ended.
        """
        with hold_lock(self._directory), self._listening():
            self._end_leftovers()
            self._guard.check()
            try:
                self._save()
                while not self._signals and self._phase is not Phase.FAILED:
                    self._turn()
                    time.sleep(LOOK_EVERY_SECONDS)
            finally:
                self._stop_all()
        if self._phase is Phase.FAILED:
            raise PartFailed(self._message)

    def state(self) -> StackState:
        """What it says of itself; may be asked from another thread."""
        me = identify(os.getpid())
        if me is None:
            message = "this process does not find itself in the process table: is /proc mounted?"
            raise StackError(message)
        parts = tuple(run.state() for run in self._runs)
        return StackState(phase=self._phase, supervisor=me, parts=parts, message=self._message)

    def _turn(self) -> None:
        self.turned_at = time.monotonic()
        self._guard.check()
        for run in self._runs:
            if is_held(self._directory, run.part.name):
                self._hold(run)
            else:
                self._attend(run)
        if self._phase is Phase.STARTING and all(run.status in (Status.READY, Status.DONE) for run in self._runs):
            self._phase = Phase.UP
            self._tell("", ALL_READY)

    def _attend(self, run: Run) -> None:
        match run.status:
            case Status.WAITING | Status.BACKING_OFF:
                if time.monotonic() >= run.retry_at and self._may_start(run.part):
                    self._start(run)
            case Status.STARTING:
                self._await(run)
            case Status.READY:
                code = run.child.exit_code() if run.child else None
                if code is not None:
                    self._fail(run, "ended by itself", code)

    def _hold(self, run: Run) -> None:
        """End a part that another program wants out of the way; it starts again when it is let go."""
        if run.child is None:
            return
        code, killed = run.child.stop(hurry=lambda: self._signals > 0)
        pid = run.child.id.pid
        self._guard.forget(run.child.id)
        run.child, run.last_exit, run.failures, run.retry_at, run.held = None, code, 0, 0.0, True
        what = "held, did not stop in time and was killed," if killed else "held and stopped"
        self._set(run, Status.WAITING, what, pid=pid, code=code)

    def _may_start(self, part: Part) -> bool:
        return all(self._by_name[name].status in (Status.READY, Status.DONE) for name in part.after)

    def _start(self, run: Run) -> None:
        part = run.part
        if part.port is not None and not port_is_free(part.port):
            self._fail(run, "cannot start", None, f"port {part.port} is used by another program")
            return
        try:
            run.child = Child(part)
        except OSError as error:
            self._fail(run, "cannot start", None, f"{error.strerror}: {error.filename}")
            return
        self._guard.watch(run.child.id)
        run.began = time.monotonic()
        run.restarts += run.was_ready and not run.held
        run.held = False
        self._set(run, Status.STARTING, "restarted" if run.was_ready else "started")

    def _await(self, run: Run) -> None:
        child = run.child
        if child is None:
            return
        took = f"{time.monotonic() - run.began:.1f} s"
        code = child.exit_code()
        if code is not None and run.part.once and code == 0:
            self._let_go(run)
            run.last_exit = code
            self._set(run, Status.DONE, "done", pid=child.id.pid, detail=took)
        elif code is not None:
            self._fail(run, "ended before it was ready", code)
        elif not run.part.once and run.part.ready():
            run.was_ready = True
            run.began = time.monotonic()
            self._set(run, Status.READY, "ready", detail=took)
        elif time.monotonic() - run.began > run.part.ready_seconds:
            self._fail(run, "killed", child.kill(), f"not {'done' if run.part.once else 'ready'} after {took}")

    def _fail(self, run: Run, what: str, code: int | None, detail: str = "") -> None:
        """Note a crash, sweep up its children, and plan the next start (or give up)."""
        if run.status is Status.READY and time.monotonic() - run.began >= STEADY_SECONDS:
            run.failures = 0
        delay = BACK_OFF_SECONDS[min(run.failures, len(BACK_OFF_SECONDS) - 1)]
        run.failures += 1
        run.retry_at = time.monotonic() + delay
        if code is not None:
            run.last_exit = code
        pid = run.child.id.pid if run.child else None
        self._let_go(run)
        told = f"{detail}; " if detail else ""
        self._set(run, Status.BACKING_OFF, what, pid=pid, code=code, detail=f"{told}next start in {delay:g} s")
        if not run.was_ready and run.failures >= GIVE_UP_AFTER:
            self._give_up(run, what, code, detail)

    def _let_go(self, run: Run) -> None:
        """Forget a process that has ended, and end the children it left: they may hold its port."""
        if run.child:
            run.child.kill()
            self._guard.forget(run.child.id)
            run.child = None

    def _give_up(self, run: Run, what: str, code: int | None, detail: str) -> None:
        self._phase = Phase.FAILED
        why = detail or (f"{what} with {describe_exit(code)}" if code is not None else what)
        self._message = (
            f"{run.part.name} did not come up in {run.failures} attempts: {why}. The end of its log {run.part.log}:\n"
            + last_lines(run.part.log)
        )
        self._tell(run.part.name, "given up", detail=why)

    def _stop_all(self) -> None:
        failed = self._phase is Phase.FAILED
        if not failed:
            self._phase = Phase.STOPPING
            self._tell("", "ending all parts")
        for run in reversed(self._runs):
            if run.child is not None:
                code, killed = run.child.stop(hurry=lambda: self._signals > 1)
                self._guard.forget(run.child.id)
                pid, run.child, run.last_exit = run.child.id.pid, None, code
                what = "did not stop in time and was killed," if killed else "stopped"
                self._set(run, Status.STOPPED, what, pid=pid, code=code)
            elif run.status is not Status.DONE:
                run.status = Status.STOPPED
        self._guard.close()
        if not failed:
            self._phase = Phase.STOPPED
        self._tell("", "all parts have ended")

    def _end_leftovers(self) -> None:
        """End what a supervisor that died left running, if its guard has not yet."""
        before = read_state(self._directory)
        if before is None:
            return
        left = [part.process for part in reversed(before.parts) if part.process]
        killed = end_groups(left, LEFTOVER_GRACE_SECONDS)
        if killed:
            self._tell("", f"{len(killed)} processes of an earlier run were still there and were killed")

    def _set(
        self, run: Run, status: Status, what: str, *, pid: int | None = None, code: int | None = None, detail: str = ""
    ) -> None:
        run.status = status
        run.since = self._clock()
        if pid is None and run.child is not None:
            pid = run.child.id.pid
        self._tell(run.part.name, what, pid=pid, code=code, detail=detail)

    def _tell(self, part: str, what: str, *, pid: int | None = None, code: int | None = None, detail: str = "") -> None:
        event = Event(at=self._clock(), part=part, what=what, pid=pid, exit_code=code, detail=detail)
        self._say(str(event))
        try:
            write_event(self._directory, event)
            self._save()
        except OSError as error:  # a full disk must not keep it from ending the parts
            self._say(f"cannot write {error.filename}: {error.strerror}")

    def _save(self) -> None:
        write_state(self._directory, self.state())

    @contextmanager
    def _listening(self) -> Iterator[None]:
        # what was ignored stays so: SIGHUP under nohup, SIGINT in a script's background
        heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._on_signal) for number in heard}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
