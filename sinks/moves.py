"""A move in the review of a flag, made against what the store knows: refused where the lifecycle does not have it."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import datetime

from clickhouse_driver import Client
from pydantic import ValidationError

from schemas.lifecycle import MOVES, Case, may_follow
from schemas.verdicts import Review
from schemas.vocabulary import CaseState, Province, ReviewMove, ReviewVerdict
from sinks.casework import case_record

LOOK_SECONDS = 0.1

_VERSION = "SELECT max(version) FROM assessments WHERE event_id = %(event_id)s AND province = %(province)s"
_IS_LOADED = """
SELECT count() FROM reviews
WHERE province = %(province)s AND event_id = %(event_id)s AND review_id = %(review_id)s
"""


class MoveRefused(Exception):
    """The move cannot be made; the text says why and what can."""


class MovedMeanwhile(MoveRefused):
    """Somebody else moved first; `by` is who."""

    def __init__(self, by: str, state: CaseState) -> None:
        super().__init__(f"{by} was first: the case is {state.value} now. Look at it again")
        self.by, self.state = by, state


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What somebody wants to do with a flag."""

    event_id: str
    province: Province
    move: ReviewMove
    verdict: ReviewVerdict | None = None
    note: str = ""
    assignee: str | None = None
    due_at: datetime | None = None
    snoozed_until: datetime | None = None
    after: str | None = None
    """The head of the case that they saw; None = whatever it is now."""


def review_for(client: Client, wanted: Move, *, reviewer: str, at: datetime) -> Review:
    """The record that makes the move, to be written to the log.

    Raises:
        MovedMeanwhile: the case is not any more what they saw.
        MoveRefused: the lifecycle does not have this move, or a field of it cannot be used.
    """
    case, rows = case_record(client, wanted.province.value, wanted.event_id)
    if wanted.after is not None and wanted.after != case.head:
        raise MovedMeanwhile(_who_moved(rows, case), case.state)
    if (case.state, wanted.move) not in MOVES:
        raise MoveRefused(_not_now(case, wanted.move))
    if wanted.snoozed_until is not None and wanted.snoozed_until <= at:
        msg = "a snooze ends in the future"
        raise MoveRefused(msg)
    asked = {"event_id": wanted.event_id, "province": wanted.province.value}
    version = int(client.execute(_VERSION, asked)[0][0])
    try:
        return Review(
            review_id=uuid.uuid4().hex,
            event_id=wanted.event_id,
            province=wanted.province,
            move=wanted.move,
            verdict=wanted.verdict,
            note=wanted.note,
            reviewer=reviewer,
            reviewed_at=at,
            assessment_version=version,
            after=case.head,
            assignee=wanted.assignee or (reviewer if wanted.move is ReviewMove.TAKE else None),
            due_at=wanted.due_at,
            snoozed_until=wanted.snoozed_until,
        )
    except ValidationError as error:
        raise MoveRefused(_unusable(error)) from None


def wait_for(client: Client, review: Review, *, seconds: float) -> bool | None:
    """Wait until a written move is loaded; whether it counts, or None where it is not loaded in that time."""
    place = {"province": review.province.value, "event_id": review.event_id}
    until = time.monotonic() + seconds
    while not client.execute(_IS_LOADED, place | {"review_id": review.review_id})[0][0]:
        if time.monotonic() > until:
            return None
        time.sleep(LOOK_SECONDS)
    case, _ = case_record(client, review.province.value, review.event_id)
    return review.review_id not in case.refused


def _who_moved(rows: list[dict[str, object]], case: Case) -> str:
    return next((str(row["reviewer"]) for row in rows if row["review_id"] == case.head), "somebody else")


def _not_now(case: Case, move: ReviewMove) -> str:
    possible = ", ".join(one.value for one in may_follow(case.state))
    return f"{move.value} is not possible while the case is {case.state.value}: possible are {possible}"


def _unusable(error: ValidationError) -> str:
    found = error.errors(include_input=False, include_url=False)
    names = ", ".join(str(one["loc"][0]) for one in found if one["loc"])
    if not names:
        return "; ".join(str(one["msg"]).removeprefix("Value error, ") for one in found)
    return f"{names} cannot be used: a note has at most 2000 characters, a name 200 and no control characters"
