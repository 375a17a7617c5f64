"""Today: who may need protection, the newest first; the page of the morning, live without reload."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from console.access import Right
from console.entry import Unfit, desk_of, visitor_of
from console.lists import PAGE_ROWS, Page, Row, exported, first_page, read_key
from console.pages.login import home_of
from console.rendering import page
from console.sessions import Visitor
from schemas.reference import checkpoints
from schemas.vocabulary import PROVINCE_CODES, Province
from sinks.casework import (
    FLAG_STATUSES,
    HIGHEST,
    NEWEST,
    SORTS,
    STATES,
    Wish,
    attention_count,
    flag_counts,
    flag_list,
)

router = APIRouter()
COLUMNS = (
    *("event_id", "province", "checkpoint_id", "occurred_at", "status", "score", "rules", "departure_id", "tier"),
    *("policy", "version", "state", "assignee", "due_at", "snoozed_until"),
)
NTT_ZONE = ZoneInfo("Asia/Makassar")
"""A day that is typed in begins in Kupang."""
_KEY = {NEWEST: (int, str, str, str), HIGHEST: (int, int, str, str, str)}
_BANDS = (("band_now", timedelta(hours=2)), ("band_today", timedelta(days=1)), ("band_week", timedelta(days=7)))


@router.get("/")
def today(request: Request, visitor: Annotated[Visitor, Depends(visitor_of)]) -> Response:
    """The list, with counts; asked by htmx only its live part."""
    if not visitor.user.may(Right.FLAGS):
        return RedirectResponse(home_of(visitor.user), status_code=303)
    desk, now = desk_of(request), desk_of(request).clock()
    wish = wish_of(request, visitor)
    file = exported(request, visitor, "flags", COLUMNS, _all(request, wish, now))
    if file is not None:
        return file
    after = read_key(request.query_params.get("after", ""), _KEY[HIGHEST if wish.sort == HIGHEST else NEWEST])
    with desk.clients.one() as client:
        found = flag_list(client, wish, now=now, after=after, limit=PAGE_ROWS + 1)
        shown = first_page(found, after=after, key=lambda row: row["key"])
        counts = flag_counts(client, now=now, province=visitor.province)
        attention = attention_count(client, province=visitor.province)
    values = {
        "page": shown,
        "bands": bands(shown, now) if wish.sort == NEWEST else [("", shown.rows)],
        "counts": by_province(counts),
        "attention": attention,
        "wish": wish,
        "findings": lambda row: orjson.loads(row["findings"]),
        "statuses": FLAG_STATUSES,
        "states": STATES,
        "sorts": SORTS,
        "posts": posts_of(visitor.province),
        "since": request.query_params.get("since", ""),
        "until": request.query_params.get("until", ""),
    }
    template = "today_live.html" if request.headers.get("hx-request") else "today.html"
    return page(request, template, visitor, values)


def wish_of(request: Request, visitor: Visitor) -> Wish:
    """What the address asks for; a province officer never for another province.

    Raises:
        Unfit: a word of the address is none of ours.
    """
    asked = {name: request.query_params.get(name, "").strip() for name in _WORDS}
    for name, known in _WORDS.items():
        if asked[name] and known and asked[name] not in known:
            raise Unfit(name)
    return Wish(
        province=visitor.province or asked["province"],
        checkpoint=asked["checkpoint"],
        rule=asked["rule"].upper(),
        status=asked["status"] or FLAG_STATUSES[0],
        state=asked["state"],
        assignee=asked["assignee"],
        since=day_of(request, "since"),
        until=day_of(request, "until"),
        sort=asked["sort"] or NEWEST,
    )


_WORDS: dict[str, tuple[str, ...]] = {
    "province": tuple(province.value for province in Province),
    "checkpoint": tuple(checkpoints()),
    "rule": (),
    "status": FLAG_STATUSES,
    "state": STATES,
    "assignee": (),
    "sort": SORTS,
}


def day_of(request: Request, name: str) -> datetime | None:
    """The beginning of a day that the address names.

    Raises:
        Unfit: it is no day.
    """
    text = request.query_params.get(name, "").strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Unfit(name) from None
    return datetime(day.year, day.month, day.day, tzinfo=NTT_ZONE).astimezone(UTC)


def bands(shown: Page, now: datetime) -> list[tuple[str, list[Row]]]:
    """The rows by how long ago they crossed: the sooner, the more can still be done."""
    found: dict[str, list[Row]] = {}
    for row in shown.rows:
        age = now - datetime.fromisoformat(row["occurred_at"])
        band = next((name for name, limit in _BANDS if age < limit), "band_older")
        found.setdefault(band, []).append(row)
    return list(found.items())


def by_province(counts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The counts of checkpoints under their province, with their sums."""
    made: dict[str, dict[str, Any]] = {}
    for row in counts:
        one = made.setdefault(
            row["province"], {"province": row["province"], "posts": [], "flags": 0, "open": 0, "under_review": 0}
        )
        one["posts"].append(row)
        for name in ("flags", "open", "under_review"):
            one[name] += row[name]
    return list(made.values())


def posts_of(province: str) -> list[tuple[str, str]]:
    """Checkpoints to choose from, by name."""
    known = checkpoints().values()
    mine = [c for c in known if province in ("", PROVINCE_CODES[c.province_code].value)]
    return sorted(((c.id, c.name) for c in mine), key=lambda pair: pair[1])


def _all(request: Request, wish: Wish, now: datetime) -> Iterator[Row]:
    with desk_of(request).clients.one() as client:
        yield from flag_list(client, wish, now=now)
