"""One of the processes that share a file: rows in, records to Kafka, and back what became of the rows.

It speaks with the process that reads the file over one connection, whose first message says what to do and brings the
key: nothing secret stands in an argument, in the environment or on disk.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection

from producers.columns import KINDS
from producers.connecting import Link, PublishingFailed
from producers.outcome import Undelivered
from producers.publisher import Publisher
from producers.reading import read_messages
from producers.rows import Row
from schemas.errors import RecordRejected
from schemas.identity import LinkageKey
from schemas.vocabulary import Province

_GONE = (EOFError, ConnectionError)
"""Of the process at the other end."""
RowParts = tuple[int, dict[str, str], tuple[str, ...]]
"""Line, cells and warnings of a row; what it said literally stays with the process that reads the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What all rows of a file have in common."""

    kind: str
    province: Province | None
    keys: tuple[LinkageKey, ...]
    link: Link | None
    """Where to; None = a dry run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The worker is connected and waits for rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the analyst should hear at once."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one share of rows."""

    refused: dict[int, RecordRejected]
    """By place in the share."""
    warnings: Counter[str]
    acknowledged: int
    """Records that Kafka has taken from this worker so far."""
    oldest_owed: int | None
    """The first line that is on its way; None = nothing is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The worker's last word."""

    acknowledged: int = 0
    undelivered: dict[int, Undelivered] = field(default_factory=dict)
    failure: str = ""


def main(descriptor: int) -> None:
    """Serve the process at the other end until it has no more rows, or is gone."""
    # Ctrl-C reaches the whole terminal; the process that reads the file decides what it means
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    logging.disable(logging.CRITICAL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError), Connection(descriptor) as line:
        assignment: Assignment = line.recv()
        # what was imported stays: the collector need not look through it again for every few records
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        line.send(_serve(line, assignment))


def _end_with_parent() -> None:
    """Its end of standard input closes however it dies; a worker that waits for Kafka must not outlive it."""
    while os.read(0, 1):
        pass
    os._exit(1)


def _serve(line: Connection, assignment: Assignment) -> Finished:
    publisher: Publisher | None = None
    try:
        if assignment.link is not None:
            publisher = Publisher(**asdict(assignment.link), on_wait=lambda text: line.send(Said(text=text)))
        line.send(Ready())
        while (share := line.recv()) is not None:
            line.send(answer(share, assignment, publisher))
        if publisher:
            publisher.close()
    except PublishingFailed as error:
        return _finished(publisher, str(error))
    except _GONE:
        raise
    except Exception as error:  # its text may hold a row's values
        return _finished(publisher, f"a row could not be worked on ({type(error).__name__})")
    return _finished(publisher, "")


def _finished(publisher: Publisher | None, failure: str) -> Finished:
    if publisher is None:
        return Finished(failure=failure)
    if failure:
        publisher.close(flush=False)
    return Finished(acknowledged=publisher.acknowledged, undelivered=publisher.take_undelivered(), failure=failure)


def answer(share: list[RowParts], assignment: Assignment, publisher: Publisher | None) -> Answer:
    """Read a share of rows and hand their records over.

    Raises:
        PublishingFailed: nothing more can be sent.
    """
    kind, keys, province = KINDS[assignment.kind], assignment.keys, assignment.province
    refused: dict[int, RecordRejected] = {}
    warned: Counter[str] = Counter()
    for place, (number, cells, noted) in enumerate(share):
        row = Row(line=number, cells=cells, original=(), warnings=noted)
        try:
            messages, warnings = read_messages(row, kind, province=province, keys=keys)
        except RecordRejected as refusal:
            refused[place] = refusal
            continue
        if warnings:
            warned.update(warnings)
        if publisher:
            for message in messages:
                publisher.publish(message, number)
    return Answer(
        refused=refused,
        warnings=warned,
        acknowledged=publisher.acknowledged if publisher else 0,
        oldest_owed=publisher.oldest_line if publisher else None,
    )
