"""What the pipeline hears of a row that was refused before it was published: place, reason and a keyed digest."""

from __future__ import annotations

from datetime import datetime

from producers.columns import FileKind
from producers.messages import Message, row_digest
from producers.rows import Row, Unreadable
from schemas import topics
from schemas.errors import RecordRejected
from schemas.identity import LinkageKey
from schemas.verdicts import Rejected


def refusal_digest(found: Row | Unreadable, kind: FileKind, key: LinkageKey) -> str:
    """Names a refused row by what it said, so that its sender can find the refusal again."""
    content = dict(found.cells) if isinstance(found, Row) else found.raw or "\x1f".join(found.original)
    return row_digest(key, kind.name, content)


def refusal_message(
    found: Row | Unreadable,
    refusal: RecordRejected,
    *,
    kind: FileKind,
    topic: str,
    owner: str,
    key: LinkageKey,
    happened_at: datetime,
) -> Message:
    """The record of a refusal, without any value of the row.

    Args:
        found: the row.
        refusal: what is wrong with it.
        kind: what the row is of.
        topic: where its record was meant for.
        owner: whose it is: a province, or `registry`.
        key: the provinces' linkage key.
        happened_at: when it was refused.
    """
    digest = refusal_digest(found, kind, key)
    record = Rejected(
        reason=refusal.reason,
        message=refusal.message,
        field=refusal.field,
        stage="publisher",
        topic=topic,
        line=found.line,
        digest=digest,
        happened_at=happened_at,
    )
    return Message(
        topic=topics.rejected_topic(owner),
        key=digest.encode(),
        record=record,
        identifier=digest,
        source=f"lintas/{owner}",
    )
