"""The supervisor's own metrics and health: which parts are up, and how often they had to be started again."""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from lintas.stack.state import Phase, Status
from lintas.stack.supervisor import Supervisor
from schemas.vitals import Health, VitalsServer, address_of

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
TURN_LIMIT_SECONDS = 60.0
"""It looks ten times a second, but ends a part in its own turn: longer than the longest grace of one."""
WELL = (Status.READY, Status.DONE)


class PartsCollector(Collector):
    """Reads the supervisor when it is asked."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    def describe(self) -> Iterator[Metric]:
        """Names, for the registry."""
        return iter(_families())

    def collect(self) -> Iterator[Metric]:
        """The parts of now."""
        up, restarts, since = families = _families()
        for part in self._supervisor.state().parts:
            up.add_metric([part.name], part.status in WELL)
            restarts.add_metric([part.name], part.restarts)
            since.add_metric([part.name], part.since.timestamp())
        return iter(families)


def _families() -> tuple[GaugeMetricFamily, CounterMetricFamily, GaugeMetricFamily]:
    return (
        GaugeMetricFamily("lintas_part_up", "1 = the part is ready, or a task that is done", labels=["part"]),
        CounterMetricFamily("lintas_part_restarts", "Starts after a crash of a part that was ready", labels=["part"]),
        GaugeMetricFamily("lintas_part_since_timestamp_seconds", "When its state last changed", labels=["part"]),
    )


def registry_of(supervisor: Supervisor) -> CollectorRegistry:
    """All of a supervisor's metrics."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(PartsCollector(supervisor))
    return registry


def serve_vitals(supervisor: Supervisor, address: str) -> VitalsServer:
    """Answer for a supervisor until the process ends.

    Raises:
        OSError: the address cannot be listened on.
    """
    registry = registry_of(supervisor)
    return VitalsServer(
        address_of(address),
        metrics=lambda: (CONTENT_TYPE, generate_latest(registry)),
        live=lambda: live(supervisor, time.monotonic()),
        ready=lambda: ready(supervisor),
    )


def live(supervisor: Supervisor, now: float) -> Health:
    """Whether it still looks at its parts."""
    idle = now - supervisor.turned_at
    return Health(ok=idle < TURN_LIMIT_SECONDS, why="" if idle < TURN_LIMIT_SECONDS else f"no look for {idle:.0f} s")


def ready(supervisor: Supervisor) -> Health:
    """Whether the stack is up with all its parts."""
    state = supervisor.state()
    down = [f"{part.name} is {part.status.value}" for part in state.parts if part.status not in WELL]
    if state.phase is not Phase.UP:
        down.insert(0, f"the stack is {state.phase.value}")
    return Health(ok=not down, why=", ".join(down))
