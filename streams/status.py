"""What a matcher says of itself, once a second, in a file that others can read at any moment."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from streams.batches import Totals
from streams.lanes import Lane


def status_of(
    lanes: Mapping[int, Lane],
    assigned: set[int],
    totals: Totals,
    *,
    waiting_for: str,
    since: datetime,
    now: datetime,
) -> dict[str, Any]:
    """Lanes, totals and whether the worker is ready: it has lanes, all of them are open, and it waits for nothing."""
    return {
        "process": "matcher",
        "pid": os.getpid(),
        "since": since.isoformat(),
        "at": now.isoformat(),
        "ready": not waiting_for and bool(assigned) and all(n in lanes and lanes[n].is_open for n in assigned),
        "waiting_for": waiting_for,
        "lanes": {
            str(number): {
                "state": lane.state.value,
                "facts": len(lane.casebook),
                "replayed": lane.replayed,
                "replay_total": lane.replay_total,
                "lag": lane.lag,
            }
            for number, lane in sorted(lanes.items())
        },
        "tasks": len(asyncio.all_tasks()),
        "totals": asdict(totals),
    }


def write_status(path: Path, status: Mapping[str, Any]) -> None:
    """Replace the file in one step: a reader sees the old or the new status, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(status) + "\n", encoding="utf-8")
    draft.replace(path)
