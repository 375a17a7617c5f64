"""What matcher and loader say of themselves once a second, as others read it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lintas.stack.processes import identify

FRESH = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartStatus:
    """One status file."""

    ready: bool
    at: datetime
    pid: int
    body: Mapping[str, Any]
    """All it says."""

    def is_fresh(self, now: datetime) -> bool:
        """Was it written just now?"""
        return abs(now - self.at) < FRESH


def read_part_status(path: Path) -> PartStatus | None:
    """Read it; None where there is none, or none that can be read."""
    try:
        body: Any = json.loads(path.read_text(encoding="utf-8"))
        return PartStatus(
            ready=bool(body["ready"]), at=datetime.fromisoformat(body["at"]), pid=int(body["pid"]), body=body
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def probe_of(path: Path, clock: Callable[[], datetime]) -> Callable[[], bool]:
    """A probe that holds once a running process says that it is ready; what an earlier one left does not count."""

    def is_ready() -> bool:
        status = read_part_status(path)
        return status is not None and status.ready and status.is_fresh(clock()) and identify(status.pid) is not None

    return is_ready
