"""From one row of a request to its messages and its result: the same reading, refusals and codes as for a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from producers.columns import CROSSINGS, REPORTS, FileKind
from producers.gateway.answers import Outcome, RowResult
from producers.gateway.api_keys import ApiKey
from producers.messages import Message
from producers.reading import read_messages
from producers.refusals import refusal_digest, refusal_message
from producers.rows import Row, Unreadable
from schemas import topics
from schemas.errors import MEND, Reason, RecordRejected
from schemas.identity import LinkageKey
from schemas.records import TransitEvent

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one row has become."""

    result: RowResult
    messages: Sequence[Message] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taker:
    """Reads the rows of one request.

    Attributes:
        kind: what the rows are.
        bearer: whose rows they are.
        key: the provinces' linkage key.
        clock: says when a row was refused.
        outcome: what a row has become that is taken.
        also: the key that is being changed, until it is no longer used.
    """

    kind: FileKind
    bearer: ApiKey
    key: LinkageKey
    clock: Clock
    outcome: Outcome
    also: tuple[LinkageKey, ...] = ()

    def take(self, found: Row | Unreadable) -> Taken:
        """One row's messages, or the refusal that the pipeline hears."""
        try:
            if isinstance(found, Unreadable):
                raise found.refusal
            messages, warnings = read_messages(
                found, self.kind, province=self.bearer.province, keys=(self.key, *self.also)
            )
            self._check_checkpoint(messages)
        except RecordRejected as refusal:
            return self._refused(found, refusal)
        result = RowResult(
            index=found.line - 1, event_id=id_of(messages[0]), status=self.outcome, warnings=tuple(warnings)
        )
        return Taken(result=result, messages=messages)

    def _check_checkpoint(self, messages: Sequence[Message]) -> None:
        event, allowed = messages[0].record, self.bearer.checkpoints
        if isinstance(event, TransitEvent) and allowed and event.checkpoint_id not in allowed:
            raise RecordRejected(Reason.WRONG_CHECKPOINT, "is not covered by this key", field="checkpoint_id")

    def _refused(self, found: Row | Unreadable, refusal: RecordRejected) -> Taken:
        message = refusal_message(
            found,
            refusal,
            kind=self.kind,
            topic=topic_of(self.kind, self.bearer),
            owner=self.bearer.owner if self.kind is CROSSINGS else topics.REGISTRY,
            key=self.key,
            happened_at=self.clock(),
        )
        result = RowResult(
            index=found.line - 1,
            status=Outcome.REJECTED,
            code=refusal.reason,
            field=refusal.field or None,
            message=refusal.message,
            mend=refusal.mend,
            digest=refusal_digest(found, self.kind, self.key),
        )
        return Taken(result=result, messages=[message])


def lost(result: RowResult) -> RowResult:
    """The result of a row whose record the broker does not take for its size."""
    reason = Reason.TOO_LARGE
    return RowResult(
        index=result.index,
        status=Outcome.REJECTED,
        code=reason,
        message="the record is larger than the broker takes",
        mend=MEND[reason],
    )


def topic_of(kind: FileKind, bearer: ApiKey) -> str:
    """Where rows of this kind go."""
    if kind is CROSSINGS and bearer.province is not None:
        return topics.transit_topic(bearer.province)
    return topics.REPORTS if kind is REPORTS else topics.DEPARTURES


def id_of(message: Message) -> str:
    """A record's id as its sender knows it."""
    record = message.record
    return record.event_id if isinstance(record, TransitEvent) else message.identifier
