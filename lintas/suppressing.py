"""An analyst's word that findings do not count, on its way into the log."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from pydantic import ValidationError

from lintas.failing import Failure, Misuse
from lintas.reviewing import check_texts, the_province
from lintas.settings import Settings
from schemas.records import Suppression
from schemas.topics import SUPPRESSIONS
from schemas.vocabulary import Province

SOURCE = "lintas/cli"


def suppress(
    settings: Settings,
    *,
    event_id: str | None,
    token: str | None,
    rules: Sequence[str],
    reason: str,
    by: str,
    until: datetime,
    province: Province | None,
    at: datetime,
) -> Suppression:
    """Publish a suppression of one crossing, or of all under one number, and wait until Kafka has it.

    Raises:
        Misuse: it is about nothing or two things, a rule or the token has another form, or it would hold for nobody.
        Failure: no such event, or Kafka did not take it.
    """
    if (event_id is None) == (token is None):
        msg = "say which crossing by its EVENT_ID, or whose crossings by --token: one of the two"
        raise Misuse(msg)
    check_texts(at, reason, by)
    about = [{"token": token}] if event_id is None else _crossings(settings, event_id, province, until)
    identifier = uuid.uuid4().hex
    try:
        records = [
            Suppression(
                suppression_id=identifier, rules=tuple(rules), reason=reason, made_by=by, made_at=at, until=until, **one
            )
            for one in about
        ]
    except ValidationError as error:
        wrong = sorted({str(e["loc"][0]) if e["loc"] else "it" for e in error.errors(include_input=False)})
        msg = (
            f"{', '.join(wrong)} cannot be used: rules are called R01 to R28, a token is written as `lintas explain "
            "--format json` shows it, a reason has at most 200 characters"
        )
        raise Misuse(msg) from None
    _publish(settings, records)
    return records[0]


def _crossings(
    settings: Settings, event_id: str, province: Province | None, until: datetime
) -> list[dict[str, object]]:
    from lintas.store import open_client

    with open_client(settings) as client:
        home = the_province(client, event_id, province)
        found = client.execute(
            "SELECT block, occurred_at FROM assessments FINAL WHERE event_id = %(event)s AND province = %(province)s",
            {"event": event_id, "province": home.value},
        )
    last = max(when for _, when in found)
    if until <= last:
        msg = f"{event_id} was at {last.isoformat(timespec='seconds')}: --until must lie after it, or nothing changes"
        raise Misuse(msg)
    return [{"event_id": event_id, "province": home, "block": block} for block, _ in found]


def _publish(settings: Settings, records: Sequence[Suppression]) -> None:
    from producers.messages import Message, key_of
    from producers.publisher import Publisher

    with Publisher(",".join(settings.kafka_or_fail()), deadline_seconds=30) as publisher:
        for number, record in enumerate(records, start=1):
            message = Message(
                topic=SUPPRESSIONS, key=key_of(record.block), record=record, identifier=record.suppression_id,
                source=SOURCE,
            )  # fmt: skip
            publisher.publish(message, number)
        publisher.flush()
        lost = publisher.take_undelivered()
    if lost:
        msg = f"the suppression is not known to have arrived ({next(iter(lost.values())).why}): do it again"
        raise Failure(msg)
