"""From a partner's file to Kafka: read → pseudonymise → publish, with every row accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Protocol

from producers.columns import CROSSINGS, REPORTS, FileKind
from producers.connecting import PublishingFailed
from producers.hints import NO_HINTS, Hints
from producers.messages import Message
from producers.opening import open_table
from producers.outcome import NOT_ACKNOWLEDGED, Publication, Undelivered
from producers.publisher import Publisher
from producers.reading import read_messages
from producers.refusals import refusal_message
from producers.refused_file import RefusedFile
from producers.rows import Row, Table, Unreadable, UnreadableFile, presentable
from producers.worker import Assignment
from producers.workers import ROWS_OF_A_SHARE, Workers
from schemas import reference, topics
from schemas.errors import RecordRejected
from schemas.identity import LinkageKey
from schemas.vocabulary import Province

__all__ = ["Clock", "Progress", "Publication", "publish_file"]

Clock = Callable[[], datetime]
Progress = Callable[[int], None]
"""Called with the number of rows read so far."""
PROGRESS_ROWS = 500
ROWS_WHILE_THEY_START = 100
ALONE_ROWS = 2_000
"""A shorter file is published before other processes could help with it."""
LOOKED_AT_ROWS = 1000
"""So many rows are looked at for a file's province when none is given."""


class Receiver(Protocol):
    """Where messages go: a publisher, or what keeps them for one."""

    @property
    def acknowledged(self) -> int:
        """Messages that are safe there."""

    def check_topics(self, names: Iterable[str]) -> None:
        """Make sure that it can take such."""

    def publish(self, message: Message, line: int) -> None:
        """Take one."""

    def settle(self) -> None:
        """Take note of what became safe meanwhile."""

    def flush(self) -> None:
        """Wait until all are safe."""

    def take_undelivered(self) -> dict[int, Undelivered]:
        """What is not known to be safe, by line."""


def publish_file(
    path: Path,
    kind: FileKind,
    *,
    province: Province | None,
    key: LinkageKey,
    clock: Clock,
    publisher: Receiver | None,
    on_progress: Progress | None = None,
    jobs: int = 1,
    hints: Hints = NO_HINTS,
    also: tuple[LinkageKey, ...] = (),
) -> Publication:
    """Publish the rows of a file; what is wrong with single rows or with all of it stands in the result.

    Args:
        path: CSV, JSONL, XLSX or PAXLST, by what it holds.
        kind: one of `producers.columns.KINDS`.
        province: whose crossings they are; None = by each row's checkpoint.
        key: the provinces' linkage key.
        clock: says when a row was refused.
        publisher: where to; None = a dry run, which reads everything and publishes nothing.
        on_progress: hears how many rows are read.
        jobs: so many processes share a long file.
        hints: what the file does not say itself.
        also: keys that registrations and reports are published under besides, while keys change.
    """
    result = Publication(path=path, kind=kind.name, dry_run=publisher is None)
    try:
        home = province or _home(path, kind, hints)
        with open_table(path, kind, hints) as table:
            run = Run(
                table=table, kind=kind, province=province, home=home, key=key, clock=clock, publisher=publisher,
                result=result, refused=RefusedFile(path, table.header), jobs=jobs, also=also,
            )  # fmt: skip
            run.go(on_progress)
    except (UnreadableFile, PublishingFailed) as error:
        result.failure, result.away = str(error), isinstance(error, PublishingFailed)
    except OSError as error:
        result.failure = f"the refused rows cannot be written beside the file: {error.strerror or type(error).__name__}"
    return result


@dataclass(slots=True, kw_only=True)
class Run:
    """One file on its way."""

    table: Table
    kind: FileKind
    province: Province | None
    home: Province | None
    key: LinkageKey
    clock: Clock
    publisher: Receiver | None
    result: Publication
    refused: RefusedFile
    jobs: int
    also: tuple[LinkageKey, ...] = ()
    lost: dict[int, Undelivered] = field(default_factory=dict)
    """What workers could not deliver."""
    unknown: list[int] = field(default_factory=list)
    """Lines that went to a worker of which nothing was heard again."""
    records_of_workers: int = 0

    def go(self, on_progress: Progress | None) -> None:
        """Publish every row and close the books."""
        before = self.publisher.acknowledged if self.publisher else 0
        try:
            self.check_topics()
            for found in self.table.rows if self.jobs < 2 else islice(self.table.rows, ALONE_ROWS):
                self.take(found)
                if on_progress and self.result.read % PROGRESS_ROWS == 0:
                    on_progress(self.result.read)
            if self.jobs > 1 and self.result.read == ALONE_ROWS:
                self._share(on_progress)
            if self.publisher:
                self.publisher.flush()
        finally:
            self.close_books(before)
            if on_progress:
                on_progress(self.result.read)

    def check_topics(self) -> None:
        """Make sure before the first row that there is somewhere to publish to."""
        if self.publisher is None:
            return
        if self.kind is CROSSINGS:
            names = []
            if self.home:
                names = [topics.transit_topic(self.home), topics.rejected_topic(self.home.value)]
        else:
            names = [topics.REPORTS if self.kind is REPORTS else topics.DEPARTURES]
            names.append(topics.rejected_topic(topics.REGISTRY))
        if names:
            self.publisher.check_topics(names)

    def take(self, found: Row | Unreadable) -> RecordRejected | None:
        """Publish one row, or its refusal, which is the answer."""
        result = self.result
        result.read += 1
        result.last_line = found.line
        try:
            if isinstance(found, Unreadable):
                raise found.refusal
            messages, warnings = read_messages(found, self.kind, province=self.province, keys=(self.key, *self.also))
        except RecordRejected as refusal:
            self._refuse(found, refusal)
            return refusal
        result.accepted += 1
        result.warnings.update(warnings)
        if self.publisher:
            for message in messages:
                self.publisher.publish(message, found.line)
        return None

    def _share(self, on_progress: Progress | None) -> None:
        """Go on together with workers, alone until they are there."""
        publisher = self.publisher if isinstance(self.publisher, Publisher) else None
        assignment = Assignment(
            kind=self.kind.name,
            province=self.province,
            keys=(self.key, *self.also),
            link=publisher.link if publisher else None,
        )
        rows = self.table.rows
        try:
            workers = Workers(assignment, self.jobs, on_wait=publisher.on_wait if publisher else lambda _: None)
        except OSError:  # no more processes to be had: alone, then
            for found in rows:
                self.take(found)
            return
        with workers:
            while not workers.ready():
                some = list(islice(rows, ROWS_WHILE_THEY_START))
                for found in some:
                    self.take(found)
                if not some:
                    break
            if publisher:
                publisher.flush()
            try:
                self._hand_out(workers, on_progress)
            except PublishingFailed:
                with suppress(PublishingFailed):
                    workers.finish()
                self._account(workers)
                self.unknown = [row.line for row in workers.unanswered()]
                raise
            finally:
                self.records_of_workers = workers.acknowledged
                self.lost = workers.undelivered()

    def _hand_out(self, workers: Workers, on_progress: Progress | None) -> None:
        broken: UnreadableFile | None = None
        share: list[Row | Unreadable] = []
        try:
            for found in self.table.rows:
                share.append(found)
                if len(share) == ROWS_OF_A_SHARE:
                    workers.hand_over(share)
                    share = []
                    self._account(workers)
                    if on_progress:
                        on_progress(self.result.read)
        except UnreadableFile as error:  # what was read before is published
            broken = error
        if share:
            workers.hand_over(share)
        workers.wait()
        self._account(workers)
        workers.finish()
        if broken is not None:
            raise broken

    def _account(self, workers: Workers) -> None:
        """Enter what the workers have answered."""
        result = self.result
        for share, answer in workers.answered():
            place = -1
            for found in share:
                if isinstance(found, Unreadable):
                    refusal: RecordRejected | None = found.refusal
                else:
                    place += 1
                    refusal = answer.refused.get(place)
                result.read += 1
                result.last_line = found.line
                if refusal is None:
                    result.accepted += 1
                else:
                    self._refuse(found, refusal)
            result.warnings.update(answer.warnings)
        if self.publisher:
            self.publisher.settle()

    def _refuse(self, found: Row | Unreadable, refusal: RecordRejected) -> None:
        self.result.refused[refusal.reason] += 1
        self.refused.add(found, refusal)
        if self.publisher:
            self.publisher.publish(self._rejected(found, refusal), found.line)

    def _rejected(self, found: Row | Unreadable, refusal: RecordRejected) -> Message:
        topic, owner = self._meant_for(found)
        return refusal_message(
            found, refusal, kind=self.kind, topic=topic, owner=owner, key=self.key, happened_at=self.clock()
        )

    def _meant_for(self, found: Row | Unreadable) -> tuple[str, str]:
        if self.kind is not CROSSINGS:
            return topics.REPORTS if self.kind is REPORTS else topics.DEPARTURES, topics.REGISTRY
        place = found.cells.get("checkpoint_id", "") if isinstance(found, Row) else ""
        home = self.province or reference.province_of(place.upper()) or self.home
        if home is None:
            return "transit", topics.REGISTRY
        return topics.transit_topic(home), home.value

    def close_books(self, before: int) -> None:
        """Say what became of everything; `before`: what the publisher had acknowledged at the start."""
        result = self.result
        try:
            result.refused_file = self.refused.finish()
        finally:
            self.refused.discard()
        for name in presentable(self.table.unknown):
            result.warnings[f"unknown_column:{name}"] += 1
        result.warnings.update(self.table.notes)
        if self.publisher:
            result.records = self.publisher.acknowledged - before + self.records_of_workers
            gone = self.publisher.take_undelivered() | self.lost
            lost = sum(not one.topic.startswith("rejected.") for one in gone.values())
            result.accepted = max(0, result.accepted - lost)
            result.undelivered = gone | dict.fromkeys(self.unknown, Undelivered(topic="", why=NOT_ACKNOWLEDGED))
        result.read += len(self.unknown)


def _home(path: Path, kind: FileKind, hints: Hints) -> Province | None:
    """The province of the first known checkpoint of a crossings file: its unreadable lines are that province's."""
    if kind is not CROSSINGS:
        return None
    with open_table(path, kind, hints) as table:
        for found in islice(table.rows, LOOKED_AT_ROWS):
            place = found.cells.get("checkpoint_id", "") if isinstance(found, Row) else ""
            province = reference.province_of(place.upper())
            if province is not None:
                return province
    return None
