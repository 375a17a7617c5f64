"""Whether a worker lives and is ready, how long its replays will take, and the server that says so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import structlog

from schemas.vitals import Address, Health, VitalsServer
from streams.batches import LaneState, Totals
from streams.lanes import Lane
from streams.metrics import Meters
from streams.progress import Progress, progress_line

LOOP_LIMIT_SECONDS = 15.0
"""The loop turns once a second, or in 0.3 s while a lane judges: so long without a turn is a hang."""
MOVE_LIMIT_SECONDS = 60.0
"""Work that waits must move within this: four times the longest that one transaction may take."""
SAY_EVERY_SECONDS = 5.0

log = structlog.get_logger("streams.vitals")


@dataclass(slots=True)
class Pulse:
    """When the loop last turned and when work last moved, on the monotonic clock; read by another thread."""

    turned_at: float
    moved_at: float
    waits: str = ""
    """What work waits, in words; empty = none does."""
    unready: str = "the first lanes are not assigned yet"
    _mark: object = None

    def turn(self, now: float, *, mark: object, waits: str, unready: str) -> None:
        """The loop turned; `mark` differs when anything has moved."""
        self.turned_at = now
        if mark != self._mark or not waits:
            self.moved_at = now
        self._mark, self.waits, self.unready = mark, waits, unready

    def live(self, now: float) -> Health:
        """Whether the process does what it is for; if not, a restart is due."""
        if now - self.turned_at > LOOP_LIMIT_SECONDS:
            return Health(ok=False, why=f"the event loop has not turned for {now - self.turned_at:.0f} s")
        if now - self.moved_at > MOVE_LIMIT_SECONDS:
            return Health(ok=False, why=f"{self.waits}, and nothing has moved for {now - self.moved_at:.0f} s")
        return Health(ok=True)

    def ready(self) -> Health:
        """Whether its lanes are open."""
        return Health(ok=not self.unready, why=self.unready)


class Vitals:
    """What the worker around the lanes calls, a few lines each time."""

    def __init__(self, meters: Meters) -> None:
        now = time.monotonic()
        self._meters = meters
        self._pulse = Pulse(now, now)
        self._progress: dict[int, Progress] = {}
        self._said_at = now
        self._assigned = False
        self._server: VitalsServer | None = None

    def serve(self, address: Address | None, stages: Callable[[], Sequence[Vitals]]) -> None:
        """Begin to answer for all stages of the worker; a port that is taken costs the metrics, never the matching."""
        if address is None:
            return
        try:
            self._server = VitalsServer(
                address,
                metrics=self._meters.exposition,
                live=lambda: _worst(one.live() for one in stages()),
                ready=lambda: _worst(one.ready() for one in stages()),
            )
        except OSError as error:
            log.error("no metrics: LINTAS_METRICS cannot be listened on", address=address, error=error.strerror)

    def live(self) -> Health:
        """Whether the stage does what it is for."""
        return self._pulse.live(time.monotonic())

    def ready(self) -> Health:
        """Whether its lanes are open."""
        return self._pulse.ready()

    def close(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.close()

    def rebalancing(self) -> None:
        """The group takes all lanes away before it gives them out anew."""
        self._assigned = False

    def assigned(self) -> None:
        """The group said which lanes are this worker's; none is an answer too."""
        self._assigned = True
        self._meters.rebalances.inc()

    async def sleep(self, seconds: float) -> None:
        """Sleep, and note how late the loop woke."""
        begun = time.monotonic()
        await asyncio.sleep(seconds)
        self._meters.loop_delay.observe(max(0.0, time.monotonic() - begun - seconds))

    def look(self, lanes: Mapping[int, Lane], current: Set[int], totals: Totals) -> None:
        """Once a second: gauges, pulse, and a line about every replay under way."""
        now = time.monotonic()
        shut = [n for n in sorted(current) if n not in lanes or not lanes[n].is_open]
        lag = sum(lane.lag or 0 for lane in lanes.values())
        self._follow(lanes, now)
        left = {number: progress.seconds_left(now) for number, progress in self._progress.items()}
        mark = (totals.events, sum(lane.replayed for lane in lanes.values()), [lane.state for lane in lanes.values()])
        self._pulse.turn(
            now,
            mark=mark,
            waits=f"lanes {shut} are not open" if shut else f"{lag} records wait" if lag else "",
            unready=_unready(self._assigned, shut),
        )
        self._meters.look(lanes, left, ready=self._assigned and not shut)

    def _follow(self, lanes: Mapping[int, Lane], now: float) -> None:
        replaying = {n: lane for n, lane in lanes.items() if lane.state is LaneState.REPLAYING}
        self._progress = {
            n: self._progress.get(n) or Progress(began=now, first=lane.replayed) for n, lane in replaying.items()
        }
        for number, lane in replaying.items():
            self._progress[number].reach(lane.replayed, lane.replay_total)
        if self._progress and now - self._said_at >= SAY_EVERY_SECONDS:
            self._said_at = now
            for number, progress in self._progress.items():
                said = {"lane": number, "records": progress.done, "total": progress.total}
                log.info(progress_line(number, progress, now), **said)

    def status(self) -> dict[str, Any]:
        """What the status file says beyond the lanes."""
        now = time.monotonic()
        live = self._pulse.live(now)
        return {
            "metrics": self._server.address if self._server else None,
            "live": live.ok,
            "why": live.why or self._pulse.unready,
            "replaying": {
                str(number): {"records": p.done, "total": p.total, "seconds_left": p.seconds_left(now)}
                for number, p in self._progress.items()
            },
        }


def _worst(healths: Iterable[Health]) -> Health:
    """The first that is not well; all being well, so is the worker."""
    return next((health for health in healths if not health.ok), Health(ok=True))


def _unready(assigned: bool, shut: list[int]) -> str:
    if not assigned:
        return "no lanes are assigned: the group is being formed"
    return f"lanes {', '.join(map(str, shut))} are not replayed and open yet" if shut else ""
