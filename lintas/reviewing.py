"""An analyst's move in the review of a crossing, on its way into the log."""

from __future__ import annotations

import os
import pwd
import threading
from datetime import datetime
from typing import TYPE_CHECKING

from lintas.failing import Failure, Misuse
from lintas.settings import Settings
from schemas.topics import REVIEWS
from schemas.verdicts import Review
from schemas.vocabulary import Province

if TYPE_CHECKING:
    from clickhouse_driver import Client

    from producers.publisher import Publisher

SOURCE = "lintas/review"
DEADLINE_SECONDS = 30


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


class ReviewLog:
    """Writes reviews to Kafka; connects at the first one, and may be used by several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._publisher: Publisher | None = None

    def write(self, review: Review) -> None:
        """Publish a review and wait until Kafka has it.

        Raises:
            Failure: Kafka did not take it.
            Misuse: a text holds an identity.
        """
        from producers.messages import Message
        from producers.publisher import Publisher

        check_texts(review.reviewed_at, review.note, review.reviewer, review.assignee or "")
        key = review.event_id.encode()
        message = Message(topic=REVIEWS, key=key, record=review, identifier=review.review_id, source=SOURCE)
        with self._lock:
            if self._publisher is None:
                addresses = ",".join(self._settings.kafka_or_fail())
                self._publisher = Publisher(addresses, deadline_seconds=DEADLINE_SECONDS)
            try:
                self._publisher.publish(message, 1)
                self._publisher.flush()
            except BaseException:
                self._drop()  # a publisher that failed does not come back
                raise
            lost = self._publisher.take_undelivered()
        if lost:
            msg = f"the review is not known to have arrived ({lost[1].why}): try again"
            raise Failure(msg)

    def close(self) -> None:
        """Disconnect; the next review would connect again."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._publisher is not None:
            publisher, self._publisher = self._publisher, None
            publisher.close(flush=False)


def check_texts(at: datetime, *texts: str) -> None:
    """Refuse what reads as somebody's number, phone or address.

    Raises:
        Misuse: it does.
    """
    from producers.withholding import OwnIdentifiers

    nobody = OwnIdentifiers(numbers=(), names=(), at=at.date())
    if any(nobody.reveals(text) for text in texts):
        msg = "the note holds something that reads as an identity number, phone or address: leave it out"
        raise Misuse(msg)
