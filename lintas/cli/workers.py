"""What matcher and loader say of themselves, as rows of `lintas status`; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lintas.cli.listing import Column

Row = dict[str, Any]

LANES = (
    Column(field="lane", right=True),
    Column(field="state"),
    Column(field="facts", right=True),
    Column(field="lag", title="behind", right=True),
    Column(field="replay", wrap=True),
)


def lane_rows(body: Mapping[str, Any]) -> list[Row]:
    """A row for each lane of a matcher."""
    lanes, replaying = body.get("lanes"), body.get("replaying") or {}
    if not isinstance(lanes, Mapping):
        return []
    rows = []
    for number, lane in lanes.items():
        left = (replaying.get(number) or {}).get("seconds_left")
        row = {name: lane.get(name) for name in ("state", "facts", "lag", "replayed", "replay_total")}
        rows.append({"lane": int(number), **row, "seconds_left": left, "replay": _replay(lane, left)})
    return rows


def _replay(lane: Mapping[str, Any], left: float | None) -> str:
    if lane.get("state") in ("open", "replayed"):
        return f"{spaced(lane.get('replayed'))} records read again" if lane.get("replayed") else ""
    told = "" if left is None else f", {left:.0f} s left"
    return f"{spaced(lane.get('replayed'))} of {spaced(lane.get('replay_total'))} records{told}"


def outcome_rows(bodies: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """What each worker did since its start, counted."""
    totals = (bodies.get("matcher") or {}).get("totals") or {}
    loader = bodies.get("loader") or {}
    rows = [{"part": "matcher", "what": what, "count": count} for what, count in totals.items()]
    if loader:
        rows.append({"part": "loader", "what": "batches", "count": loader.get("batches", 0)})
        rows.append({"part": "loader", "what": "refused", "count": loader.get("refused", 0)})
        rows += [{"part": "loader", "what": f"rows {t}", "count": n} for t, n in (loader.get("rows") or {}).items()]
    return rows


def outcome_lines(rows: list[Row]) -> list[str]:
    """The same, one line a worker."""
    lines: dict[str, list[str]] = {}
    for row in rows:
        lines.setdefault(row["part"], []).append(f"{spaced(row['count'])} {str(row['what']).removeprefix('rows ')}")
    return [f"{part} since its start: {', '.join(told)}" for part, told in lines.items()]


def detail(body: Mapping[str, Any], *, ready: bool) -> str:
    """How a worker is, in a few words."""
    if body.get("waiting_for"):
        return f"waiting for {body['waiting_for']}"
    if body.get("live") is False:
        return f"hangs: {body.get('why')}"
    if not ready:
        return str(body.get("why") or "not ready")
    lanes = body.get("lanes")
    if isinstance(lanes, Mapping):
        facts = sum(lane.get("facts", 0) for lane in lanes.values())
        return f"{len(lanes)} lanes open, {spaced(facts)} facts"
    return f"{body.get('partitions', 0)} partitions, {spaced(body.get('lag'))} records behind"


def spaced(number: Any) -> str:
    """A count for people: 1 234 567."""
    return f"{number:,}".replace(",", " ") if isinstance(number, int) else str(number or 0)
