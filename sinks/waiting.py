"""What the loader waits for, said once when it begins, now and then while it lasts, and when it is over."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping

import structlog

REMIND_SECONDS = 60.0
FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 5.0

# by the number that stands in the reason's brackets
_MEND: Mapping[str, str] = {
    "252": "merges do not keep up with the inserts: look at system.merges and at the load of its disk",
    "241": "a limit of memory is reached: end what needs it (system.processes), or raise the limit",
    "243": "its disk is full: free space or add a disk",
    "75": "its disk takes no writes: see whether it is mounted read-only, or broken",
    "76": "its disk takes no writes: see whether it is mounted read-only, or broken",
    "1001": "its machine fails it: look in its log, and whether its disk is mounted read-only or broken",
    "164": "the server or the login may only read: give the login INSERT, or end the read-only mode",
    "242": "the table may only be read: look in the server's log for what took its disk or its keeper away",
    "202": "it runs as many statements as it may: end some (system.processes)",
    "394": "somebody ended the insert: look who runs KILL QUERY",
    "209": "it accepts connections and does not answer: see whether it hangs, and restart it",
    "210": "nothing listens at its address: start it, or correct LINTAS_CLICKHOUSE",
}
_OTHERWISE = "see that it runs and can be reached, look at its log, and run `lintas doctor`"

log = structlog.get_logger("sinks")


class Waiting:
    """At most one thing at a time."""

    def __init__(self, what: str) -> None:
        self.what = what
        """The thing and its address, such as `Kafka at 127.0.0.1:9092`; empty = it waits for nothing."""
        self.why = "not connected yet" if what else ""
        """The last error's name, never its text."""
        self._since = time.monotonic()
        self._said: float | None = None

    @property
    def seconds(self) -> float:
        """For how long; 0 = it waits for nothing."""
        return time.monotonic() - self._since if self.what else 0.0

    def begin(self, what: str, why: str) -> None:
        """It does not answer, or is not ready."""
        now = time.monotonic()
        if what != self.what or self._said is None:
            self._since, self._said = now, None
        self.what, self.why = what, why
        if self._said is None or now - self._said > REMIND_SECONDS:
            self._said = now
            log.warning(f"waiting for {what}", error=why, seconds=round(now - self._since, 1), mend=mend(why))

    def over(self) -> None:
        """It answered."""
        if self._said is not None:
            log.info(f"{self.what} answers again", seconds=round(time.monotonic() - self._since, 1))
        self.what, self.why, self._said = "", "", None


def alarm(what: str, why: str, seconds: float) -> str:
    """One sentence for the person on duty."""
    return f"nothing is loaded since {seconds:.0f} s: waiting for {what}: {why}; {mend(why)}"


def mend(why: str) -> str:
    """What helps against an error, known by the code in its brackets."""
    return _MEND.get(why.rpartition("(")[2].rstrip(")"), _OTHERWISE)


def waits() -> Iterator[float]:
    """Seconds between attempts: doubling to a limit, with jitter so that loaders do not all come at once."""
    seconds = FIRST_WAIT_SECONDS
    while True:
        yield seconds * random.uniform(0.5, 1.0)
        seconds = min(seconds * 2, LONGEST_WAIT_SECONDS)
