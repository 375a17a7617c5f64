"""Moves in the review of a flag: into the log, and back to the page once they are loaded."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.access import Right
from console.desk import WriteRefused
from console.entry import Forbidden, NoSuchPage, Unfit, desk_of, posted
from console.pages.person import check_province
from console.pages.today import NTT_ZONE
from console.rendering import address, page
from console.sessions import Visitor
from schemas.verdicts import Review
from schemas.vocabulary import Province, ReviewMove, ReviewVerdict
from sinks.casework import case_record, flag_case
from sinks.moves import Move, MovedMeanwhile, MoveRefused, review_for, wait_for

router = APIRouter()
EVENING, MORNING = time(17), time(8)
"""In Kupang: what is due on a day is due at its end of work, and what rests comes back at its beginning."""


@router.post("/review/{province}/{event_id:path}")
def review(
    request: Request,
    province: str,
    event_id: str,
    visitor: Annotated[Visitor, Depends(posted(Right.REVIEW))],
    move: Annotated[ReviewMove, Form()],
    after: Annotated[str, Form(max_length=128)],
    verdict: Annotated[ReviewVerdict | str, Form()] = "",
    note: Annotated[str, Form(max_length=4000)] = "",
    assignee: Annotated[str, Form(max_length=200)] = "",
    due: Annotated[str, Form(max_length=10)] = "",
    until: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Make a move; whoever comes second, or asks for what cannot be, is told and changes nothing."""
    check_province(visitor, province)
    if move is ReviewMove.ASSIGN and not visitor.user.may(Right.ASSIGN):
        raise Forbidden
    closes = move is ReviewMove.CLOSE
    wanted = Move(
        event_id=event_id,
        province=_province(province),
        move=move,
        verdict=ReviewVerdict(verdict) if closes and verdict in set(ReviewVerdict) else None,
        note=note.replace("\r\n", "\n").strip(),
        assignee=assignee if move is ReviewMove.ASSIGN else None,
        due_at=_moment(due, "due", EVENING) if move in (ReviewMove.ASSIGN, ReviewMove.TAKE) else None,
        snoozed_until=_moment(until, "until", MORNING) if move is ReviewMove.SNOOZE else None,
        after=after,
    )
    if move is ReviewMove.ASSIGN and assignee not in _reviewers(request):
        msg = "assignee"
        raise Unfit(msg)
    try:
        return _make(request, visitor, wanted)
    except MovedMeanwhile as error:
        return _conflict(request, visitor, wanted, error.by, error.state.value)
    except (MoveRefused, WriteRefused) as error:
        values = {"why": str(error), "target": address("flag", province, event_id)}
        return page(request, "refused.html", visitor, values, status_code=422)


def _make(request: Request, visitor: Visitor, wanted: Move) -> Response:
    desk = desk_of(request)
    province = wanted.province.value
    with desk.clients.one() as client:
        if flag_case(client, province, wanted.event_id, now=desk.clock()) is None:
            raise NoSuchPage
        made = review_for(client, wanted, reviewer=visitor.user.name, at=desk.clock())
        desk.write(made)
        _note(request, visitor, made)
        counts = wait_for(client, made, seconds=desk.load_seconds)
        if counts is False:
            case, rows = case_record(client, province, wanted.event_id)
            winner = next(row["reviewer"] for row in rows if row["review_id"] == case.head)
            return _conflict(request, visitor, wanted, winner, case.state.value)
    said = "saved" if counts else "saved_not_loaded"
    return RedirectResponse(f"{address('flag', province, wanted.event_id)}?said={said}#review", status_code=303)


def _note(request: Request, visitor: Visitor, made: Review) -> None:
    desk = desk_of(request)
    what = f"{made.move}:{made.verdict}" if made.verdict else str(made.move)
    desk.audit.add(
        at=desk.clock(),
        who=visitor.user.name,
        action="review",
        subject=f"{made.province.value}/{made.event_id}",
        purpose=visitor.purpose,
        detail=f"{what} {made.review_id}",
    )


def _conflict(request: Request, visitor: Visitor, wanted: Move, by: str, state: str) -> Response:
    target = address("flag", wanted.province.value, wanted.event_id)
    values = {"by": by, "state": state, "target": target}
    return page(request, "conflict.html", visitor, values, status_code=409)


def _reviewers(request: Request) -> set[str]:
    return {user.name for user in desk_of(request).users.every() if user.may(Right.REVIEW) and not user.disabled}


def _province(text: str) -> Province:
    try:
        return Province(text)
    except ValueError:
        raise NoSuchPage from None


def _moment(text: str, name: str, at: time) -> datetime | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Unfit(name) from None
    return datetime.combine(day, at, tzinfo=NTT_ZONE).astimezone(UTC)
