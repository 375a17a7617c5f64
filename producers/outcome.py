"""What became of one file, and of the records that are not known to have arrived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from schemas.errors import Reason

NOT_ACKNOWLEDGED: Final = "not acknowledged by Kafka"
LARGER_THAN_TAKEN: Final = "the record is larger than the broker takes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """A record that is not known to have arrived."""

    topic: str
    why: str


@dataclass(slots=True, kw_only=True)
class Publication:
    """What became of one file."""

    path: Path
    kind: str
    dry_run: bool
    read: int = 0
    """Rows, readable or not; blank lines are none."""
    accepted: int = 0
    """Rows whose records are published, or would be in a dry run."""
    records: int = 0
    """Records that Kafka acknowledged; a departure is published under each of the worker's blocks."""
    refused: Counter[Reason] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    """What was read as something else than it says, by `kind:column`."""
    undelivered: Mapping[int, Undelivered] = field(default_factory=dict)
    """Lines whose records are not known to have arrived, with why."""
    refused_file: Path | None = None
    failure: str = ""
    """Why the file was not read, or publishing not finished."""
    away: bool = False
    """Whether it failed because Kafka did not take records: the same again later may do."""
    last_line: int = 0
    """The last line that was read."""

    @property
    def exit_code(self) -> int:
        """0 all published, 3 some rows refused, 1 publishing did not come to its end or published nothing."""
        if not (self.failure or self.refused or self.undelivered):
            return 0
        return 3 if self.accepted and not self.failure else 1
