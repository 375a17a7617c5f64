"""From a partner's file to Kafka: read → pseudonymise → publish, with every row accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from producers.columns import CROSSINGS, DEPARTURES, HEARTBEATS, REPORTS, FileKind
from producers.crossings import read_crossing
from producers.departures import read_departure
from producers.heartbeats import read_heartbeat
from producers.messages import Message, row_digest
from producers.opening import open_table
from producers.publisher import Publisher, PublishingFailed, Undelivered
from producers.refused_file import RefusedFile
from producers.reports import read_report
from producers.rows import Row, Table, Unreadable, UnreadableFile, presentable
from schemas import reference, topics
from schemas.errors import Reason, RecordRejected
from schemas.identity import LinkageKey
from schemas.verdicts import Rejected
from schemas.vocabulary import Province

Clock = Callable[[], datetime]
Progress = Callable[[int], None]
"""Called with the number of rows read so far."""
PROGRESS_ROWS = 500
LOOKED_AT_ROWS = 1000
"""So many rows are looked at for a file's province when none is given."""


@dataclass(slots=True, kw_only=True)
class Publication:
    """What became of one file."""

    path: Path
    kind: str
    dry_run: bool
    read: int = 0
    """Rows, readable or not; blank lines are none."""
    accepted: int = 0
    """Rows whose records are published, or would be in a dry run."""
    records: int = 0
    """Records that Kafka acknowledged; a departure is published under each of the worker's blocks."""
    refused: Counter[Reason] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    """What was read as something else than it says, by `kind:column`."""
    undelivered: Mapping[int, Undelivered] = field(default_factory=dict)
    """Lines whose records are not known to have arrived, with why."""
    refused_file: Path | None = None
    failure: str = ""
    """Why the file was not read, or publishing not finished."""
    last_line: int = 0
    """The last line that was read."""

    @property
    def exit_code(self) -> int:
        """0 all published, 3 some rows refused, 1 publishing did not come to its end or published nothing."""
        if not (self.failure or self.refused or self.undelivered):
            return 0
        return 3 if self.accepted and not self.failure else 1


def publish_file(
    path: Path,
    kind: FileKind,
    *,
    province: Province | None,
    key: LinkageKey,
    clock: Clock,
    publisher: Publisher | None,
    on_progress: Progress | None = None,
) -> Publication:
    """Publish the rows of a file; what is wrong with single rows or with all of it stands in the result.

    Args:
        path: CSV, JSONL or XLSX.
        kind: one of `producers.columns.KINDS`.
        province: whose crossings they are; None = by each row's checkpoint.
        key: the provinces' linkage key.
        clock: says when a row was refused.
        publisher: where to; None = a dry run, which reads everything and publishes nothing.
        on_progress: hears how many rows are read.
    """
    result = Publication(path=path, kind=kind.name, dry_run=publisher is None)
    try:
        home = province or _home(path, kind)
        with open_table(path, kind) as table:
            run = _Run(
                table=table, kind=kind, province=province, home=home, key=key, clock=clock, publisher=publisher,
                result=result, refused=RefusedFile(path, table.header),
            )  # fmt: skip
            run.go(on_progress)
    except (UnreadableFile, PublishingFailed) as error:
        result.failure = str(error)
    except OSError as error:
        result.failure = f"the refused rows cannot be written beside the file: {error.strerror or type(error).__name__}"
    return result


@dataclass(slots=True, kw_only=True)
class _Run:
    """One file on its way."""

    table: Table
    kind: FileKind
    province: Province | None
    home: Province | None
    key: LinkageKey
    clock: Clock
    publisher: Publisher | None
    result: Publication
    refused: RefusedFile

    def go(self, on_progress: Progress | None) -> None:
        before = self.publisher.acknowledged if self.publisher else 0
        try:
            self._check_topics()
            for found in self.table.rows:
                self._take(found)
                if on_progress and self.result.read % PROGRESS_ROWS == 0:
                    on_progress(self.result.read)
            if self.publisher:
                self.publisher.flush()
        finally:
            self._close_books(before)
            if on_progress:
                on_progress(self.result.read)

    def _check_topics(self) -> None:
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

    def _take(self, found: Row | Unreadable) -> None:
        result = self.result
        result.read += 1
        result.last_line = found.line
        try:
            if isinstance(found, Unreadable):
                raise found.refusal
            messages, warnings = self._messages(found)
        except RecordRejected as refusal:
            self._refuse(found, refusal)
            return
        result.accepted += 1
        result.warnings.update(warnings)
        if self.publisher:
            for message in messages:
                self.publisher.publish(message, found.line)

    def _messages(self, row: Row) -> tuple[list[Message], tuple[str, ...]]:
        if self.kind is CROSSINGS:
            message, warnings = read_crossing(row, key=self.key, province=self.province)
        elif self.kind is DEPARTURES:
            return read_departure(row, key=self.key)
        elif self.kind is HEARTBEATS:
            message, warnings = read_heartbeat(row)
        else:
            message, warnings = read_report(row, key=self.key)
        return [message], warnings

    def _refuse(self, found: Row | Unreadable, refusal: RecordRejected) -> None:
        self.result.refused[refusal.reason] += 1
        self.refused.add(found, refusal)
        if self.publisher:
            self.publisher.publish(self._rejected(found, refusal), found.line)

    def _rejected(self, found: Row | Unreadable, refusal: RecordRejected) -> Message:
        topic, owner = self._meant_for(found)
        content = dict(found.cells) if isinstance(found, Row) else found.raw or "\x1f".join(found.original)
        digest = row_digest(self.key, self.kind.name, content)
        record = Rejected(
            reason=refusal.reason,
            message=refusal.message,
            field=refusal.field,
            stage="publisher",
            topic=topic,
            line=found.line,
            digest=digest,
            happened_at=self.clock(),
        )
        return Message(
            topic=topics.rejected_topic(owner),
            key=digest.encode(),
            record=record,
            identifier=digest,
            source=f"lintas/{owner}",
        )

    def _meant_for(self, found: Row | Unreadable) -> tuple[str, str]:
        if self.kind is not CROSSINGS:
            return topics.REPORTS if self.kind is REPORTS else topics.DEPARTURES, topics.REGISTRY
        place = found.cells.get("checkpoint_id", "") if isinstance(found, Row) else ""
        home = self.province or reference.province_of(place.upper()) or self.home
        if home is None:
            return "transit", topics.REGISTRY
        return topics.transit_topic(home), home.value

    def _close_books(self, before: int) -> None:
        result = self.result
        try:
            result.refused_file = self.refused.finish()
        finally:
            self.refused.discard()
        for name in presentable(self.table.unknown):
            result.warnings[f"unknown_column:{name}"] += 1
        if self.publisher:
            result.records = self.publisher.acknowledged - before
            result.undelivered = self.publisher.take_undelivered()
            lost = sum(not one.topic.startswith("rejected.") for one in result.undelivered.values())
            result.accepted = max(0, result.accepted - lost)


def _home(path: Path, kind: FileKind) -> Province | None:
    """The province of the first known checkpoint of a crossings file: its unreadable lines are that province's."""
    if kind is not CROSSINGS:
        return None
    with open_table(path, kind) as table:
        for found in islice(table.rows, LOOKED_AT_ROWS):
            place = found.cells.get("checkpoint_id", "") if isinstance(found, Row) else ""
            province = reference.province_of(place.upper())
            if province is not None:
                return province
    return None
