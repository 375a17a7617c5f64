"""What a gateway counts for Prometheus: requests and rows by their outcome, never by person or id."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from producers.columns import KINDS
from producers.gateway.answers import Outcome
from schemas.errors import Reason

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)


class Meters:
    """All of a gateway's metrics; the library keeps them right over threads."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for every counter
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        own = self.registry
        self.requests = Counter("lintas_gateway_requests", "Requests answered", ("route", "code"), registry=own)
        self.rows = Counter("lintas_gateway_rows", "Rows by what became of them", ("kind", "outcome"), registry=own)
        self.reasons = Counter("lintas_gateway_rejected_reasons", "Rows rejected", ("reason",), registry=own)
        text = "From the first byte of a request to its answer"
        self.seconds = Histogram("lintas_gateway_request_seconds", text, ("route",), registry=own, buckets=SECONDS)
        self.ready = Gauge("lintas_gateway_ready", "1 = it takes rows", registry=own)
        text = "How far this machine's clock is ahead of the broker's"
        self.skew = Gauge("lintas_gateway_clock_skew_seconds", text, registry=own)
        self.outbox = Gauge("lintas_gateway_outbox_records", "Records that wait in the outbox", registry=own)
        # Prometheus sees no rise in a series that begins with its first event
        for kind in KINDS:
            for outcome in Outcome:
                self.rows.labels(kind, outcome.value)
        for reason in Reason:
            self.reasons.labels(reason.value)

    def exposition(self) -> tuple[str, bytes]:
        """All of it in Prometheus' text form, with its content type."""
        return CONTENT_TYPE, generate_latest(self.registry)
