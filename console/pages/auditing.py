"""The audit for the auditor: who read or did what, and whether the chain is whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from console.access import Right
from console.audit import Audit
from console.entry import allowed, desk_of
from console.lists import PAGE_ROWS, exported, first_page, read_key
from console.rendering import page
from console.sessions import Visitor

router = APIRouter()
COLUMNS = ("number", "at", "who", "action", "subject", "purpose", "detail")
EXPORTED_AT_ONCE = 1000


@router.get("/audit")
def audit(
    request: Request,
    visitor: Annotated[Visitor, Depends(allowed(Right.AUDIT))],
    who: str = "",
    action: str = "",
    after: str = "",
    verify: bool = False,
) -> Response:
    """The newest rows first; `verify` walks the whole chain."""
    desk = desk_of(request)
    file = exported(request, visitor, "audit", COLUMNS, _everything(desk.audit, who, action))
    if file is not None:
        return file
    key = read_key(after, (int,))
    before = key[0] if key else None
    rows = desk.audit.entries(who=who, action=action, before=before, limit=PAGE_ROWS + 1)
    shown = first_page((asdict(entry) for entry in rows), after=key, key=lambda row: (row["number"],))
    values = {"page": shown, "verdict": desk.audit.verify() if verify else None, "who": who, "action": action}
    return page(request, "audit.html", visitor, values)


def _everything(chain: Audit, who: str, action: str) -> Iterator[dict[str, Any]]:
    before: int | None = None
    while rows := chain.entries(who=who, action=action, before=before, limit=EXPORTED_AT_ONCE):
        yield from map(asdict, rows)
        before = rows[-1].number
