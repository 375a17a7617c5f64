"""What a matcher says of itself, once a second, in a file that others can read at any moment."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from streams.batches import Totals
from streams.lanes import Lane


class StageStatus(NamedTuple):
    """How one stage of the worker stands."""

    lanes: Mapping[int, Lane]
    assigned: set[int]
    totals: Totals
    waiting_for: str

    @property
    def ready(self) -> bool:
        """Whether it has lanes, all of them are open, and it waits for nothing."""
        is_open = all(n in self.lanes and self.lanes[n].is_open for n in self.assigned)
        return not self.waiting_for and bool(self.assigned) and is_open


def status_of(stages: Mapping[str, StageStatus], *, since: datetime, now: datetime) -> dict[str, Any]:
    """Lanes and totals of the stages, the people's first, and whether the worker is ready: every stage is."""
    (_, people), *others = stages.items()
    return {
        "process": "matcher",
        "pid": os.getpid(),
        "since": since.isoformat(),
        "at": now.isoformat(),
        "ready": all(stage.ready for stage in stages.values()),
        "waiting_for": next((stage.waiting_for for stage in stages.values() if stage.waiting_for), ""),
        "lanes": _lanes(people),
        "tasks": len(asyncio.all_tasks()),
        "totals": asdict(people.totals),
        **{name: {"lanes": _lanes(stage), "totals": asdict(stage.totals)} for name, stage in others},
    }


def _lanes(stage: StageStatus) -> dict[str, Any]:
    return {
        str(number): {
            "state": lane.state.value,
            "facts": len(lane.book),
            "replayed": lane.replayed,
            "replay_total": lane.replay_total,
            "lag": lane.lag,
        }
        for number, lane in sorted(stage.lanes.items())
    }


def write_status(path: Path, status: Mapping[str, Any]) -> None:
    """Replace the file in one step: a reader sees the old or the new status, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(status) + "\n", encoding="utf-8")
    draft.replace(path)
