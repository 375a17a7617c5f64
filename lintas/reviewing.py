"""An analyst's conclusion about a crossing, on its way into the log."""

from __future__ import annotations

import os
import pwd
import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import ValidationError

from lintas.failing import Failure, Misuse
from lintas.settings import Settings
from schemas.topics import REVIEWS
from schemas.verdicts import Review
from schemas.vocabulary import Province, ReviewVerdict

if TYPE_CHECKING:
    from clickhouse_driver import Client

SOURCE = "lintas/cli"


def current_user() -> str:
    """The name of the operating system's user."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def the_province(client: Client, event_id: str, province: Province | None) -> Province:
    """The one province that has the event.

    Raises:
        Failure: no such event.
        Misuse: two provinces use the same id.
    """
    found = sorted(
        row[0]
        for row in client.execute(
            "SELECT DISTINCT toString(province) FROM assessments WHERE event_id = %(event)s", {"event": event_id}
        )
    )
    if province is not None:
        found = [name for name in found if name == province.value]
    if not found:
        where = f" of {province.value}" if province else ""
        msg = f"there is no verdict on an event {event_id!r}{where}: is it published, and loaded (`lintas wait`)?"
        raise Failure(msg)
    if len(found) > 1:
        msg = f"{event_id!r} is an event of {' and of '.join(found)}: say which with --province"
        raise Misuse(msg)
    return Province(found[0])


def publish_review(
    settings: Settings,
    event_id: str,
    *,
    verdict: ReviewVerdict,
    note: str,
    province: Province | None,
    reviewer: str,
    at: datetime,
) -> Review:
    """Publish a review and wait until Kafka has it.

    Raises:
        Failure: no such event, or Kafka did not take it.
        Misuse: the note is too long or holds an identity.
    """
    from lintas.store import open_client
    from producers.messages import Message
    from producers.publisher import Publisher

    _check_text(note, reviewer, at)
    with open_client(settings) as client:
        home = the_province(client, event_id, province)
        version = client.execute(
            "SELECT max(version) FROM assessments WHERE event_id = %(event)s AND province = %(province)s",
            {"event": event_id, "province": home.value},
        )[0][0]
    try:
        record = Review(
            review_id=uuid.uuid4().hex,
            event_id=event_id,
            province=home,
            verdict=verdict,
            note=note,
            reviewer=reviewer,
            reviewed_at=at,
            assessment_version=int(version),
        )
    except ValidationError as error:
        wrong = ", ".join(str(e["loc"][0]) for e in error.errors(include_input=False, include_url=False))
        msg = f"{wrong} cannot be used: a note has at most 2000 characters, a reviewer 200 and no control characters"
        raise Misuse(msg) from None
    message = Message(topic=REVIEWS, key=event_id.encode(), record=record, identifier=record.review_id, source=SOURCE)
    with Publisher(",".join(settings.kafka_or_fail()), deadline_seconds=30) as publisher:
        publisher.publish(message, 1)
        publisher.flush()
        lost = publisher.take_undelivered()
    if lost:
        msg = f"the review is not known to have arrived ({lost[1].why}): try again"
        raise Failure(msg)
    return record


def _check_text(note: str, reviewer: str, at: datetime) -> None:
    """Refuse what reads as somebody's number, phone or address.

    Raises:
        Misuse: it does.
    """
    from producers.withholding import OwnIdentifiers

    nobody = OwnIdentifiers(numbers=(), names=(), at=at.date())
    if nobody.reveals(note) or nobody.reveals(reviewer):
        msg = "the note holds something that reads as an identity number, phone or address: leave it out"
        raise Misuse(msg)
