"""`python -m tests.cluster.starts CHANGE...`: the matcher with something changed, for the controls that must fail.

Each change takes one safeguard out, or makes something happen that otherwise happens by chance only.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import cycle
from pathlib import Path
from typing import Any

from aiokafka.producer.message_accumulator import BatchBuilder

import streams.__main__
import streams.lanes
import streams.writer

MARK = "LINTAS_TEST_STOP_MARK"
"""Names the file whose presence makes the process stop itself, once."""


def without_fencing() -> None:
    """A transactional id a process in place of one a lane: nobody fences whoever wrote the lane before."""
    producer = streams.writer.AIOKafkaProducer

    def unfenced(*, transactional_id: str, **options: Any) -> Any:
        return producer(transactional_id=f"{transactional_id}-{os.getpid()}", **options)

    streams.writer.AIOKafkaProducer = unfenced


def without_replay() -> None:
    """A lane is judged in by whoever took it over, without the memory of what came before."""

    async def nothing(lane: streams.lanes.Lane) -> None:
        pass

    streams.lanes.Lane.replay = nothing  # type: ignore[method-assign]


def sleeping_before_the_transaction() -> None:
    """The process stops when it has judged and before it writes."""
    write, mark = streams.writer.LaneWriter.write, Path(os.environ[MARK])

    async def write_after_a_sleep(writer: Any, outputs: Any, offsets: Any) -> None:
        if outputs and mark.exists():
            mark.unlink()
            os.kill(os.getpid(), signal.SIGSTOP)
        await write(writer, outputs, offsets)

    streams.writer.LaneWriter.write = write_after_a_sleep  # type: ignore[method-assign]


def sleeping_before_the_commit() -> None:
    """The process stops when its verdicts are written and before they are committed."""
    send, mark = streams.writer.LaneWriter._send, Path(os.environ[MARK])

    async def send_and_sleep(writer: Any, producer: Any, outputs: Any) -> Any:
        sent = await send(writer, producer, outputs)
        if outputs and mark.exists():
            mark.unlink()
            for future in sent:
                await future
            os.kill(os.getpid(), signal.SIGSTOP)
        return sent

    streams.writer.LaneWriter._send = send_and_sleep  # type: ignore[method-assign]


def with_a_jumping_clock() -> None:
    """The host's clock jumps a day ahead and a day back, twice a second."""
    true_time, shift = time.time, [0.0]

    class Jumping(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.fromtimestamp(true_time(), tz or UTC) + timedelta(seconds=shift[0])

    def jump() -> None:
        for days in cycle((1, 0, -1)):
            shift[0] = days * 86_400.0
            time.sleep(0.5)

    append = BatchBuilder.append

    def append_stamped(builder: Any, *, timestamp: int | None, **fields: Any) -> Any:
        """The compiled builder reads the clock where no patch reaches."""
        return append(builder, timestamp=int(time.time() * 1000) if timestamp is None else timestamp, **fields)

    BatchBuilder.append = append_stamped
    time.time = lambda: true_time() + shift[0]
    streams.__main__.datetime = Jumping  # type: ignore[misc]
    threading.Thread(target=jump, daemon=True).start()


CHANGES: dict[str, Callable[[], None]] = {
    change.__name__: change
    for change in (
        without_fencing,
        without_replay,
        sleeping_before_the_transaction,
        sleeping_before_the_commit,
        with_a_jumping_clock,
    )
}


def changed(*changes: Callable[[], None]) -> tuple[str, ...]:
    """The command, after the interpreter, that starts a matcher so changed."""
    return ("-m", "tests.cluster.starts", *(change.__name__ for change in changes))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        CHANGES[name]()
    sys.exit(streams.__main__.main())
