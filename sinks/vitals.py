"""Whether a loader lives and is ready, and the server that says so with its metrics."""

from __future__ import annotations

import time
from collections.abc import Mapping

import structlog

from schemas.vitals import Address, Health, VitalsServer
from sinks.metrics import Meters

TURN_LIMIT_SECONDS = 90.0
"""Longer than the store may take to answer one insert: so long without a turn is a hang."""
MOVE_LIMIT_SECONDS = 120.0
"""Records that wait must be stored within this, unless a named outage keeps them."""

log = structlog.get_logger("sinks")


class Vitals:
    """Written by the loader's thread, read by the server's."""

    def __init__(self, meters: Meters) -> None:
        now = time.monotonic()
        self._meters = meters
        self._turned_at = self._moved_at = now
        self._waiting_for = "Kafka"
        self._lags: Mapping[tuple[str, int], int] = {}
        self._server: VitalsServer | None = None

    @property
    def address(self) -> str | None:
        """Where the metrics are served."""
        return self._server.address if self._server else None

    def serve(self, address: Address | None) -> None:
        """Begin to answer; a port that is taken costs the metrics, never the loading."""
        if address is None:
            return
        try:
            self._server = VitalsServer(
                address,
                metrics=self._exposition,
                live=lambda: self.live(time.monotonic()),
                ready=self.ready,
            )
        except OSError as error:
            log.error("no metrics: LINTAS_METRICS cannot be listened on", address=address, error=error.strerror)

    def turn(self, waiting_for: str) -> None:
        """A poll, an insert or a wait came to its end."""
        self._turned_at = time.monotonic()
        self._waiting_for = waiting_for
        if waiting_for:
            self._moved_at = self._turned_at  # a named outage is no fault of this process

    def look(self, lags: Mapping[tuple[str, int], int], *, moved: bool) -> None:
        """How much waits by topic and partition, and whether anything was stored since the last look."""
        self._lags = lags
        if moved or not any(lags.values()):
            self._moved_at = time.monotonic()

    def live(self, now: float) -> Health:
        """Whether the process does what it is for; if not, a restart is due."""
        if now - self._turned_at > TURN_LIMIT_SECONDS:
            return Health(ok=False, why=f"no poll and no insert has ended for {now - self._turned_at:.0f} s")
        if now - self._moved_at > MOVE_LIMIT_SECONDS:
            why = f"{sum(self._lags.values())} records wait, and none was stored for {now - self._moved_at:.0f} s"
            return Health(ok=False, why=why)
        return Health(ok=True)

    def ready(self) -> Health:
        """Whether it has partitions, and Kafka and ClickHouse let it work."""
        if self._waiting_for:
            return Health(ok=False, why=f"waiting for {self._waiting_for}")
        return Health(ok=bool(self._lags), why="" if self._lags else "the group has given it no partitions yet")

    def _exposition(self) -> tuple[str, bytes]:
        self._meters.look(self._lags, self._waiting_for)
        return self._meters.exposition()
