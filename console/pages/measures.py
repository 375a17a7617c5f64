"""How the rules do, and the eight steps of NTT in figures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from console.access import Right
from console.entry import allowed, desk_of
from console.lists import arranged, exported, filtered
from console.rendering import page, say_of
from console.sessions import Visitor
from sinks.indicator_texts import STEPS
from sinks.indicators import COLUMNS as INDICATORS
from sinks.indicators import indicators as measured
from sinks.ruling import rule_figures

router = APIRouter()
RULES = (
    *("rule", "crossings", "flags", "weekly", "reviewed", "agreed", "disagreed", "undecided"),
    *("precision", "precision_low", "precision_high"),
)


@router.get("/rules")
def rules(request: Request, visitor: Annotated[Visitor, Depends(allowed(Right.FIGURES))]) -> Response:
    """Precision, volume and trend of every rule that has spoken."""
    desk = desk_of(request)
    with desk.clients.one() as client:
        found = rule_figures(client, now=desk.clock(), province=visitor.province)
    say = say_of(request)
    rows = [row | {"title": say.rule(row["rule"])} for row in found]
    columns = (*RULES, "title")
    file = exported(request, visitor, "rules", RULES, filtered(request, rows, columns))
    if file is not None:
        return file
    shown = arranged(request, rows, columns=columns, key="rule", sort="-flags")
    return page(request, "rules.html", visitor, {"page": shown})


@router.get("/indicators")
def indicators(request: Request, visitor: Annotated[Visitor, Depends(allowed(Right.FIGURES))]) -> Response:
    """The eight steps, each figure with its method and what is not known."""
    desk = desk_of(request)
    with desk.clients.one() as client:
        rows = measured(client, now=desk.clock(), province=visitor.province)
    file = exported(request, visitor, "indicators", INDICATORS, filtered(request, rows, INDICATORS))
    if file is not None:
        return file
    steps: dict[int, list[dict[str, object]]] = {}
    for row in filtered(request, rows, INDICATORS):
        steps.setdefault(row["step"], []).append(dict(row))
    return page(request, "indicators.html", visitor, {"steps": steps, "titles": STEPS})
