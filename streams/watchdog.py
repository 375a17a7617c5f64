"""The thread that ends a worker which hangs: a dead one is restarted, a hanging one holds its lanes."""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import time

HUNG = 70
"""Exit code of a worker that ended itself."""
LOOK_SECONDS = 0.5


class Watchdog:
    """Ends the process when its event loop stops turning, or when a stop takes too long."""

    def __init__(self, *, stall_seconds: float) -> None:
        self._stall_seconds = stall_seconds
        self._last_turn = time.monotonic()
        self._deadline: float | None = None

    def start(self) -> None:
        """Begin to watch."""
        self.alive()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def alive(self) -> None:
        """The event loop turns."""
        self._last_turn = time.monotonic()

    def end_within(self, seconds: float) -> None:
        """A stop began: the process has so long."""
        if self._deadline is None:
            self._deadline = time.monotonic() + seconds

    def _watch(self) -> None:
        looked = time.monotonic()
        while True:
            time.sleep(LOOK_SECONDS)
            now = time.monotonic()
            if now - looked > 10 * LOOK_SECONDS:
                self._last_turn = now  # the whole process slept (SIGSTOP, a suspended machine): no fault of the loop
            looked = now
            if self._deadline is not None and now > self._deadline:
                self._end("the worker did not stop in time")
            if now - self._last_turn > self._stall_seconds:
                self._end(f"the event loop stood still for {self._stall_seconds:.0f} s")

    def _end(self, why: str) -> None:
        sys.stderr.write(f"lintas matcher: {why}: ending it\n")
        faulthandler.dump_traceback(sys.stderr)
        sys.stderr.flush()
        os._exit(HUNG)
