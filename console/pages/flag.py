"""One flag: what raised it, what would clear it, what was known when; and the sheet that refers it."""

from __future__ import annotations

from typing import Annotated, Any

from clickhouse_driver import Client
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from console.access import Right
from console.entry import NoSuchPage, Unfit, allowed, desk_of
from console.pages.person import ask_purpose, check_province, note_reading
from console.rendering import page
from console.sessions import Visitor
from schemas.lifecycle import Case, may_follow
from schemas.vocabulary import ReviewVerdict
from sinks.absences import absences
from sinks.casework import case_record, flag_case
from sinks.explaining import explain

router = APIRouter()
Entry = dict[str, Any]


@router.get("/flag/{province}/{event_id:path}")
def flag(
    request: Request,
    province: str,
    event_id: str,
    visitor: Annotated[Visitor, Depends(allowed(Right.PERSON))],
    version: int | None = None,
) -> Response:
    """Everything that is known of one crossing; `version` shows it as it was known then."""
    return _show(request, visitor, province, event_id, version, template="flag.html", kind="flag")


@router.get("/referral/{province}/{event_id:path}")
def referral(
    request: Request, province: str, event_id: str, visitor: Annotated[Visitor, Depends(allowed(Right.PERSON))]
) -> Response:
    """One sheet for the receiving office, with no more than it needs."""
    return _show(request, visitor, province, event_id, None, template="referral.html", kind="referral")


def _show(
    request: Request,
    visitor: Visitor,
    province: str,
    event_id: str,
    version: int | None,
    *,
    template: str,
    kind: str,
) -> Response:
    check_province(visitor, province)
    question = ask_purpose(request, visitor)
    if question is not None:
        return question
    desk = desk_of(request)
    with desk.clients.one() as client:
        entries = _entries(request, client, visitor, province, event_id, version)
        case, reviews = case_record(client, province, event_id)
        row = flag_case(client, province, event_id, now=desk.clock())
    note_reading(request, visitor, kind, province, event_id)
    values = {
        "entries": entries,
        "case": case,
        "row": row,
        "reviews": reviews,
        "moves": _moves(visitor, case, row),
        "verdicts": [verdict.value for verdict in ReviewVerdict],
        "assignees": _assignees(request, visitor),
        "province": province,
        "event_id": event_id,
        "version": version,
        "said": request.query_params.get("said", ""),
    }
    return page(request, template, visitor, values)


def _entries(
    request: Request, client: Client, visitor: Visitor, province: str, event_id: str, version: int | None
) -> list[Entry]:
    """What is known of the crossing, with the verdict that is shown, as far as the visitor may see it."""
    desk = desk_of(request)
    entries = explain(client, event_id, province)
    if not entries:
        raise NoSuchPage
    missing = list(absences(client, desk.terms, now=desk.clock(), event_id=event_id, province=province))
    for entry in entries:
        entry["absences"] = [one["finding"] for one in missing if one["block"] == entry["block"]]
        entry["facts"] = _facts(entry)
        entry["shown"] = _as_of(entry, version)
        entry["threshold"] = desk.thresholds.get(str((entry["shown"] or {}).get("policy")))
        if visitor.province:
            _within(entry, visitor.province)
    return entries


def _facts(entry: Entry) -> Entry:
    """The verdict's copy of the crossing, and over it what the ledger knows more."""
    ledger = {name: value for name, value in (entry["crossing"] or {}).items() if value not in (None, "", [])}
    return {**(entry["assessment"] or {}), **ledger}


def _as_of(entry: Entry, version: int | None) -> Entry | None:
    """The verdict of a version, or the newest."""
    newest: Entry | None = entry["assessment"]
    if version is None:
        return None if newest is None else {**newest, "is_old": False}
    for old in entry["history"]:
        if old["version"] == version:
            return {**(newest or {}), **old, "is_old": newest is None or newest["version"] != version}
    msg = "version"
    raise Unfit(msg)


def _within(entry: Entry, province: str) -> None:
    """Take out what belongs to other provinces."""
    entry["crossings"] = [row for row in entry["crossings"] if row["province"] == province]
    entry["clusters"] = []
    for finding in (entry["shown"] or {}).get("findings", ()):
        facts = finding["evidence"]
        finding["evidence"] = [f for f in facts if not f.startswith("event:") or f.startswith(f"event:{province}/")]


def _moves(visitor: Visitor, case: Case, row: Entry | None) -> list[str]:
    """What this visitor may do with the case now."""
    if row is None or not visitor.user.may(Right.REVIEW):
        return []
    possible = [move.value for move in may_follow(case.state)]
    return [move for move in possible if move != "assign" or visitor.user.may(Right.ASSIGN)]


def _assignees(request: Request, visitor: Visitor) -> list[str]:
    if not visitor.user.may(Right.ASSIGN):
        return []
    return [user.name for user in desk_of(request).users.every() if user.may(Right.REVIEW) and not user.disabled]
