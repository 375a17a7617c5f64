"""Who delivers, and whether everything is accounted for."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from console.access import Right
from console.entry import allowed, desk_of
from console.lists import Row, arranged, exported, filtered
from console.rendering import page, say_of
from console.sessions import Visitor
from sinks.queries import accounting as accounted
from sinks.queries import feeds as delivered
from sinks.queries import rejected_counts

router = APIRouter()
FEEDS = (
    *("kind", "province", "name", "last_at", "last_published_at", "silence_seconds", "events", "missing", "waiting"),
    "median_seconds",
)
ACCOUNTS = ("province", "published", "assessed", "rejected", "duplicate")
REFUSALS = ("owner", "stage", "reason", "records", "last_at")
LATE_SECONDS = 96 * 3600
"""A registry that says nothing for so long is silent by the shipped policy, and a checkpoint deserves a call."""


@router.get("/feeds")
def feeds(request: Request, visitor: Annotated[Visitor, Depends(allowed(Right.FEEDS))]) -> Response:
    """Registries and checkpoints; a province officer sees the registries and their own checkpoints."""
    with desk_of(request).clients.one() as client:
        found = delivered(client)
    say = say_of(request)
    rows: list[Row] = [
        row | {"key": f"{row['kind']}/{row['province']}/{row['name']}", "title": say.post(row["name"])}
        for row in found
        if visitor.province in ("", row["province"]) or row["kind"] == "registry"
    ]
    columns = (*FEEDS, "title")
    file = exported(request, visitor, "feeds", FEEDS, filtered(request, rows, columns))
    if file is not None:
        return file
    shown = arranged(request, rows, columns=columns, key="key", sort="-silence_seconds")
    return page(request, "feeds.html", visitor, {"page": shown, "late_seconds": LATE_SECONDS})


@router.get("/accounting")
def accounting(request: Request, visitor: Annotated[Visitor, Depends(allowed(Right.FIGURES))]) -> Response:
    """Law 5 for each province, and what was refused."""
    with desk_of(request).clients.one() as client:
        accounts = [row for row in accounted(client) if visitor.province in ("", row["province"])]
        refusals = [
            row | {"key": f"{row['owner']}/{row['stage']}/{row['reason']}"}
            for row in rejected_counts(client)
            if visitor.province in ("", row["owner"])
        ]
    which = request.query_params.get("list", "")
    columns, rows = (REFUSALS, filtered(request, refusals, REFUSALS)) if which == "refusals" else (ACCOUNTS, accounts)
    file = exported(request, visitor, which or "accounting", columns, rows)
    if file is not None:
        return file
    shown = arranged(request, refusals, columns=REFUSALS, key="key", sort="-records")
    return page(request, "accounting.html", visitor, {"accounts": accounts, "page": shown})
