"""A policy on its way into the log: checked, seen by a second person, and one record to every partition."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from lintas.failing import Failure, Misuse
from lintas.policies import read_file
from lintas.settings import Settings
from schemas.records import PolicyVersion, Record
from schemas.topics import POLICIES

if TYPE_CHECKING:
    from streams.policy import Policy

SOURCE = "lintas/policy"


def version_of(file: Path, *, author: str, by: str, at: datetime, past: bool) -> tuple[PolicyVersion, Policy]:
    """The record that activates a policy file; `past`: it may change how crossings of the past are judged.

    Raises:
        Misuse: one person alone, or a beginning in the past that was not asked for.
        Failure: the file cannot be used, or its check finds an error.
    """
    from streams.policycheck import Level, check

    marked, policy = read_file(file)
    wrong = [marked.told(n.path, n.text) for n in check(policy) if n.level is Level.ERROR]
    if wrong:
        raise Failure("\n".join(wrong))
    try:
        record = PolicyVersion(
            name=policy.name,
            text=file.read_text(encoding="utf-8"),
            digest=policy.digest,
            author=author,
            activated_by=by,
            effective_from=policy.effective_from,
            activated_at=at,
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        what = f"{first['loc'][0]}: " if first["loc"] else ""
        msg = f"{what}{str(first['msg']).removeprefix('Value error, ')}: --author and --by name two persons"
        raise Misuse(msg) from None
    if policy.effective_from <= at and not past:
        line = marked.line(("effective_from",))
        msg = (
            f"{file}:{line}: effective_from: {policy.effective_from.isoformat()} is over: crossings since then "
            "would be judged anew. Put it into the future, or say --past if that is meant"
        )
        raise Misuse(msg)
    return record, policy


def publish_to_all(settings: Settings, topic: str, record: Record, identifier: str) -> None:
    """Put one record into every partition of a topic, and wait until Kafka has them.

    Raises:
        Failure: not all are known to have arrived.
    """
    from producers.messages import Message
    from producers.publisher import Publisher

    message = Message(topic=topic, key=None, record=record, identifier=identifier, source=SOURCE)
    with Publisher(",".join(settings.kafka_or_fail()), deadline_seconds=30) as publisher:
        publisher.publish(message, 1)
        publisher.flush()
        lost = publisher.take_undelivered()
    if lost:
        msg = f"not all partitions of {topic} are known to have it ({lost[1].why}): do it again, copies do no harm"
        raise Failure(msg)


def activate(settings: Settings, record: PolicyVersion) -> None:
    """Publish a version of the policy.

    Raises:
        Failure: not all partitions are known to have it; a lane without it would judge by the version before.
    """
    publish_to_all(settings, POLICIES, record, f"{record.digest}/{record.activated_at.isoformat()}")
