"""Pages about one person: read with a purpose, and every reading audited."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.access import Right
from console.entry import NoSuchPage, Unfit, allowed, desk_of, posted
from console.lists import exported
from console.pages.login import inside
from console.rendering import page
from console.sessions import Visitor
from sinks.timeline import timeline

router = APIRouter()
PURPOSES = ("review", "referral", "case", "quality")
COLUMNS = (
    *("province", "event_id", "checkpoint_id", "occurred_at", "direction", "document_type", "purpose"),
    *("destination_country", "officer_action", "status", "score", "rules", "departure_id", "version"),
)


def ask_purpose(request: Request, visitor: Visitor) -> Response | None:
    """The question that stands before a page about a person; None where it was answered within the hour."""
    if visitor.purpose:
        return None
    wanted = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    return page(request, "purpose.html", visitor, {"wanted": wanted, "purposes": PURPOSES})


def note_reading(request: Request, visitor: Visitor, kind: str, province: str, event_id: str) -> None:
    """Put the reading of a person's page into the audit."""
    desk = desk_of(request)
    subject = f"{province}/{event_id}"
    desk.audit.add(
        at=desk.clock(), who=visitor.user.name, action=f"read_{kind}", subject=subject, purpose=visitor.purpose
    )


def check_province(visitor: Visitor, province: str) -> None:
    """Whoever has a province sees no other: not even whether there is such a crossing.

    Raises:
        NoSuchPage: it is another's.
    """
    if visitor.province not in ("", province):
        raise NoSuchPage


@router.post("/purpose")
def say_purpose(
    request: Request,
    visitor: Annotated[Visitor, Depends(posted(Right.PERSON))],
    purpose: Annotated[str, Form()] = "",
    next: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Remember the purpose for an hour; an empty one asks again."""
    if purpose and purpose not in PURPOSES:
        msg = "purpose"
        raise Unfit(msg)
    desk = desk_of(request)
    desk.sessions.say_purpose(visitor.session, purpose, at=desk.clock())
    return RedirectResponse(inside(next) or "/", status_code=303)


@router.get("/person/{province}/{event_id:path}")
def person(
    request: Request, province: str, event_id: str, visitor: Annotated[Visitor, Depends(allowed(Right.PERSON))]
) -> Response:
    """The timeline of whoever was seen at a crossing."""
    check_province(visitor, province)
    question = ask_purpose(request, visitor)
    if question is not None:
        return question
    with desk_of(request).clients.one() as client:
        found = timeline(client, province, event_id, only_province=visitor.province)
    if found is None:
        raise NoSuchPage
    note_reading(request, visitor, "person", province, event_id)
    file = exported(request, visitor, "timeline", COLUMNS, found["crossings"])
    if file is not None:
        return file
    moments = [{"at": row["occurred_at"], "kind": "crossing", **row} for row in found["crossings"]]
    moments += [{"at": row["issued_at"], "kind": "departure", **row} for row in found["departures"]]
    moments += [{"at": row["reviewed_at"], "kind": "review", **row} for row in found["reviews"]]
    values = {
        "province": province,
        "event_id": event_id,
        "found": found,
        "moments": sorted(moments, key=lambda one: one["at"], reverse=True),
    }
    return page(request, "person.html", visitor, values)
