"""Shares the rows of a file among worker processes and takes their answers in the order of the file."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe, wait
from types import TracebackType
from typing import Final

from producers.connecting import PublishingFailed
from producers.outcome import NOT_ACKNOWLEDGED, Undelivered
from producers.rows import Row, Unreadable
from producers.worker import Answer, Assignment, Finished, Ready, Said

ROWS_OF_A_SHARE: Final = 250
MAX_SHARES_AHEAD: Final = 2
"""Per worker: one to work on and one that waits; so few answers that a worker never waits for room to write them."""
ENDING_SECONDS: Final = 10.0
_START = "import sys; sys.path[:] = sys.argv[2:]; from producers.worker import main; main(int(sys.argv[1]))"
_ENDED = "a worker process ended before its rows were published (killed, perhaps for want of memory)"

Found = list[Row | Unreadable]


@dataclass(slots=True)
class Share:
    """Some rows in the order of the file."""

    found: Found
    answer: Answer | None = None

    @property
    def last_line(self) -> int:
        """Of its rows."""
        return self.found[-1].line

    def accepted_lines(self) -> list[int]:
        """Lines whose records the worker has, or, unanswered, may have."""
        refused = self.answer.refused if self.answer else {}
        rows = (row.line for row in self.found if isinstance(row, Row))
        return [line for place, line in enumerate(rows) if place not in refused]


@dataclass(slots=True)
class _Worker:
    """One process and what it has of ours."""

    process: subprocess.Popen[bytes]
    line: Connection
    ready: bool = False
    waiting: deque[Share] = field(default_factory=deque)
    owed: deque[Share] = field(default_factory=deque)
    """Answered, but not all of it acknowledged."""
    acknowledged: int = 0
    oldest_owed: int | None = None
    finished: Finished | None = None


class Workers:
    """Processes that read rows and publish their records; use it as a context manager."""

    def __init__(self, assignment: Assignment, jobs: int, *, on_wait: Callable[[str], None]) -> None:
        """Start them; they are not ready yet.

        Raises:
            OSError: the machine gives no more processes.
        """
        self._on_wait = on_wait
        self._workers: list[_Worker] = []
        self._shares: deque[Share] = deque()
        self._failure = ""
        try:
            for _ in range(jobs):
                self._workers.append(_started(assignment))
        except OSError:
            self.close()
            raise

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def acknowledged(self) -> int:
        """Records that Kafka has taken from the workers, as far as they have said."""
        return sum(one.finished.acknowledged if one.finished else one.acknowledged for one in self._workers)

    def ready(self) -> bool:
        """Whether all of them are, without waiting.

        Raises:
            PublishingFailed: one of them ended.
        """
        self._listen(0)
        self._check()
        return all(one.ready for one in self._workers)

    def hand_over(self, found: Found) -> None:
        """Give the next rows to whoever has least to do; waits while all have enough.

        Raises:
            PublishingFailed: a worker cannot publish, or ended.
        """
        share = Share(found)
        self._shares.append(share)
        while True:
            self._check()
            worker = min(self._workers, key=lambda one: len(one.waiting))
            if len(worker.waiting) < MAX_SHARES_AHEAD:
                break
            self._listen(None)
        worker.waiting.append(share)
        with suppress(OSError):  # it ended: `_listen` says so
            worker.line.send([(row.line, row.cells, row.warnings) for row in found if isinstance(row, Row)])
        self._listen(0)
        self._check()

    def answered(self) -> Iterator[tuple[Found, Answer]]:
        """What is answered so far, each share once, in the order of the file."""
        while self._shares and (answer := self._shares[0].answer) is not None:
            yield self._shares.popleft().found, answer

    def wait(self) -> None:
        """Wait until every share is answered.

        Raises:
            PublishingFailed: a worker cannot publish, or ended.
        """
        while any(one.waiting for one in self._workers):
            self._listen(None)
            self._check()

    def finish(self) -> None:
        """Have every worker send the rest and end; what did not arrive stands in `undelivered`.

        Raises:
            PublishingFailed: a worker could not publish, or ended; all have ended then, too.
        """
        for one in self._workers:
            if one.finished is None:
                with suppress(OSError):
                    one.line.send(None)
        while any(one.finished is None for one in self._workers):
            self._listen(None)
        self._check()

    def unanswered(self) -> Found:
        """After `finish`: the rows of which it is not known what became of them."""
        return [row for share in self._shares if share.answer is None for row in share.found]

    def undelivered(self) -> dict[int, Undelivered]:
        """After `finish`: what answered rows did not arrive, by line."""
        unknown = {row.line for row in self.unanswered()}
        every = (one.finished.undelivered for one in self._workers if one.finished)
        return {line: lost for found in every for line, lost in found.items() if line not in unknown}

    def close(self) -> None:
        """End every process, whatever it does."""
        for one in self._workers:
            one.line.close()
            if one.finished is None or one.finished.failure:
                one.process.kill()
        for one in self._workers:
            try:
                one.process.wait(ENDING_SECONDS)
            except subprocess.TimeoutExpired:
                one.process.kill()
                one.process.wait()
            if one.process.stdin:
                one.process.stdin.close()

    def _check(self) -> None:
        if self._failure:
            raise PublishingFailed(self._failure)

    def _listen(self, timeout_seconds: float | None) -> None:
        """Take what the workers say; waits for the first word."""
        lines = {one.line: one for one in self._workers if one.finished is None}
        for line in wait(list(lines), timeout_seconds):
            worker = lines[line]  # type: ignore[index]
            try:
                self._hear(worker, worker.line.recv())
            except (EOFError, OSError):
                self._bury(worker)

    def _hear(self, worker: _Worker, said: Ready | Said | Answer | Finished) -> None:
        if isinstance(said, Answer):
            share = worker.waiting.popleft()
            share.answer = said
            worker.owed.append(share)
            worker.acknowledged, worker.oldest_owed = said.acknowledged, said.oldest_owed
            while worker.owed and (said.oldest_owed is None or worker.owed[0].last_line < said.oldest_owed):
                worker.owed.popleft()
        elif isinstance(said, Ready):
            worker.ready = True
        elif isinstance(said, Said):
            self._on_wait(said.text)
        else:
            worker.finished = said
            self._failure = self._failure or said.failure

    def _bury(self, worker: _Worker) -> None:
        """It ended without a last word: what it owed is not known to have arrived."""
        oldest = worker.oldest_owed or 0
        lost = [line for share in worker.owed for line in share.accepted_lines() if line >= oldest]
        gone = Undelivered(topic="", why=NOT_ACKNOWLEDGED)
        worker.finished = Finished(
            acknowledged=worker.acknowledged, undelivered=dict.fromkeys(lost, gone), failure=_ENDED
        )
        self._failure = self._failure or _ENDED


def _started(assignment: Assignment) -> _Worker:
    ours, theirs = Pipe()
    argv = [sys.executable, "-P", "-c", _START, str(theirs.fileno()), *sys.path]
    # Ctrl-C is for this process alone: a worker that is born with it blocked cannot be hit before it says so itself
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,  # nothing is ever written: it closes when this process is gone
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
        )
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    worker = _Worker(process, ours)
    with suppress(OSError):
        ours.send(assignment)
    return worker
