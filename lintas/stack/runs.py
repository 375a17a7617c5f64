"""A part's life under a supervisor."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lintas.stack.parts import Child, Part
from lintas.stack.state import PartState, Status


@dataclass(slots=True, kw_only=True)
class Run:
    """A part's life under this supervisor; times are of the monotonic clock."""

    part: Part
    since: datetime
    status: Status = Status.WAITING
    child: Child | None = None
    failures: int = 0  # in a row
    restarts: int = 0
    last_exit: int | None = None
    was_ready: bool = False
    held: bool = False  # ended on purpose: the next start is none after a crash
    began: float = 0.0
    retry_at: float = field(default=0.0)

    def state(self) -> PartState:
        """What others are told of it."""
        child = self.child  # once: another thread may ask while the supervisor lets it go
        return PartState(
            name=self.part.name,
            status=self.status,
            process=child.id if child else None,
            port=self.part.port,
            restarts=self.restarts,
            last_exit=self.last_exit,
            since=self.since,
        )


def check_order(parts: Sequence[Part]) -> None:
    """See that every part comes after parts that are named before it.

    Raises:
        ValueError: one does not, or two have one name.
    """
    seen: set[str] = set()
    for part in parts:
        if part.name in seen or not seen.issuperset(part.after):
            message = f"part {part.name}: names are unique, and `after` {part.after} names earlier parts only"
            raise ValueError(message)
        seen.add(part.name)
