"""What a loader counts for Prometheus: once a batch or once a look, never once a row, and never by person."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from itertools import product

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from schemas.errors import Reason
from schemas.topics import REJECTED
from sinks.batch import Line
from sinks.rows import owner_of
from sinks.tables import COLUMNS

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
INSERT_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)
BATCH_RECORDS = (1, 10, 100, 1_000, 5_000, 10_000, 20_000, 50_000)
STAGES = ("publisher", "matcher", "loader")
OWNERS = (*(owner_of(topic) for topic in REJECTED), "")
"""Empty: what the pipeline says itself, such as a verdict that another program has broken."""
OUTAGES = ("clickhouse", "kafka")
"""What a loader can wait for."""

_OWNER, _REASON, _STAGE = (COLUMNS["rejected"].index(name) for name in ("owner", "reason", "stage"))


class Meters:
    """All of a loader's metrics; written by its one thread, read by the server's."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for every counter
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        counter, gauge = self._counter, self._gauge
        self.rows = counter("rows", "Rows stored; a record that came twice counts twice", "table")
        self.refused = counter("refused_rows", "Rows that ClickHouse refused for their data", "table")
        self.rejected = counter("rejected", "Refusals of publishers, matcher and loader", "owner", "stage")
        self.reasons = counter("rejected_reasons", "The same by reason", "reason")
        self.batches = counter("batches", "Batches stored and committed")
        self.retries = counter("retries", "Attempts that have to be repeated", "at", "cause")
        self.uncommitted = counter("failed_commits", "Commits that the group refused: the records come again")
        self.insert = self._histogram("insert_seconds", "One insert that succeeded", INSERT_SECONDS, "table")
        self.sizes = self._histogram("batch_records", "Records of one batch", BATCH_RECORDS)
        self.lag = gauge("lag_records", "Records that wait", "topic", "partition")
        self.partitions = gauge("partitions", "Partitions that it has")
        self.waiting = gauge("waiting", "1 = it waits for this, and nothing is loaded meanwhile", "outage")
        self.ready = gauge("ready", "1 = it has partitions and waits for nothing")
        self._places: set[tuple[str, str]] = set()
        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        """Prometheus sees no rise in a series that begins with its first event."""
        for table in COLUMNS:
            self.rows.labels(table)
            self.refused.labels(table)
        for owner, stage in product(OWNERS, STAGES):
            self.rejected.labels(owner, stage)
        for reason in Reason:
            self.reasons.labels(reason.value)
        self.retries.labels("clickhouse", "TOO_MANY_PARTS")

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"lintas_loader_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"lintas_loader_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, bounds: Sequence[float], *labels: str) -> Histogram:
        return Histogram(f"lintas_loader_{name}", text, labels, registry=self.registry, buckets=bounds)

    def inserted(self, table: str, lines: Sequence[Line], refused: int, seconds: float) -> None:
        """An insert came back, with so many rows refused."""
        self.rows.labels(table).inc(len(lines) - refused)
        self.insert.labels(table).observe(seconds)
        if refused:
            self.refused.labels(table).inc(refused)
        if table == "rejected":
            for labels, count in Tally([(x.row[_OWNER], x.row[_STAGE]) for x in lines]).items():
                self.rejected.labels(*labels).inc(count)
            for reason, count in Tally([x.row[_REASON] for x in lines]).items():
                self.reasons.labels(reason).inc(count)

    def stored(self, records: int) -> None:
        """A batch is stored."""
        self.batches.inc()
        self.sizes.observe(records)

    def again(self, at: str, cause: str) -> None:
        """An attempt failed and will be repeated; the cause is a class or a server's code, never its text."""
        self.retries.labels(at, cause.partition(" ")[0]).inc()

    def look(self, lags: Mapping[tuple[str, int], int], waiting_for: str) -> None:
        """Set what is a state rather than a count."""
        places = {(topic, str(partition)): lag for (topic, partition), lag in lags.items()}
        for gone in self._places - places.keys():
            self.lag.remove(*gone)
        self._places = set(places)
        for place, lag in places.items():
            self.lag.labels(*place).set(lag)
        for outage in OUTAGES:
            self.waiting.labels(outage).set(waiting_for.lower().startswith(outage))
        self.partitions.set(len(places))
        self.ready.set(bool(places) and not waiting_for)

    def exposition(self) -> tuple[str, bytes]:
        """All of it in Prometheus' text form, with its content type."""
        return CONTENT_TYPE, generate_latest(self.registry)
