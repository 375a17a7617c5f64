"""Search by the exact id of a crossing, a registration or a case; never by a number of a person."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from console.access import Right
from console.entry import allowed, desk_of
from console.lists import arranged, exported
from console.rendering import page
from console.sessions import Visitor
from sinks import searching

router = APIRouter()
COLUMNS = ("kind", "found", "province", "event_id", "checkpoint_id", "occurred_at", "status", "score", "rules")
LONGEST = 128


@router.get("/search")
def search(request: Request, visitor: Annotated[Visitor, Depends(allowed(Right.FLAGS))], id: str = "") -> Response:
    """What has this id; what reads as a person's number is not even asked for."""
    desk, text = desk_of(request), id.strip()[:LONGEST]
    if text and desk.reveals(text):
        return RedirectResponse("/search?withheld=1", status_code=303)  # out of the address, too
    found: list[dict[str, object]] = []
    registered: list[dict[str, object]] = []
    if text:
        with desk.clients.one() as client:
            found = searching.search(client, text, province=visitor.province)
            registered = [] if visitor.province else searching.registered(client, text)
        desk.audit.add(at=desk.clock(), who=visitor.user.name, action="search", subject=text, detail=f"{len(found)}")
    rows = [row | {"key": f"{row['kind']}/{row['province']}/{row['event_id']}"} for row in found]
    file = exported(request, visitor, "search", COLUMNS, rows)
    if file is not None:
        return file
    shown = arranged(request, rows, columns=COLUMNS, key="key", sort="-occurred_at")
    withheld = "withheld" in request.query_params
    values = {"text": text, "withheld": withheld, "page": shown, "registered": registered}
    return page(request, "search.html", visitor, values)
