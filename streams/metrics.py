"""What a matcher counts for Prometheus: once a batch or once a second, never once a record, and never by person."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from aiokafka.errors import InvalidProducerEpoch, ProducerFenced
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from schemas.topics import INPUTS, refusals_of
from schemas.verdicts import Assessment, Cluster
from schemas.vocabulary import Status
from streams.admission import Delivery, Refused
from streams.batches import LaneState
from streams.casebook import Admitted, Casebook

if TYPE_CHECKING:
    from streams.lanes import Lane

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
DELAY_SECONDS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200, 86_400)
BATCH_RECORDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
JUDGING_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2)
LOOP_SECONDS = (0.005, 0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
AHEAD_MS = 60_000
"""A record stamped so far in the future says that somebody's clock is wrong."""
MOST_KEY_IDS = 16
FENCED = (ProducerFenced, InvalidProducerEpoch, AssertionError)
"""What aiokafka raises in a producer whose lane has a newer owner; the last where it has given up already."""
OUTCOMES = ("fact", "refused", "known")
OWNERS = {topic: refusals_of(topic).removeprefix("rejected.") for topic in INPUTS}


class BulkHistogram(Collector):
    """A histogram that takes a whole batch at once: prometheus_client's own costs a microsecond a value."""

    def __init__(self, name: str, text: str, bounds: Sequence[float]) -> None:
        self._name, self._text, self._bounds = name, text, tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe_sorted(self, values: Sequence[float]) -> None:
        """Add values that are in rising order."""
        ends = [0, *(bisect_right(values, bound) for bound in self._bounds), len(values)]
        self._counts = [count + b - a for count, (a, b) in zip(self._counts, pairwise(ends), strict=True)]
        self._sum += sum(values)

    def describe(self) -> Iterator[HistogramMetricFamily]:
        """Its name, for the registry."""
        yield HistogramMetricFamily(self._name, self._text)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """The buckets of now."""
        counts, total, buckets = self._counts, 0, []
        for bound, count in zip([*map(float, self._bounds), float("inf")], counts, strict=True):
            total += count
            buckets.append(("+Inf" if bound == float("inf") else str(bound), float(total)))
        yield HistogramMetricFamily(self._name, self._text, buckets=buckets, sum_value=self._sum)


class Meters:
    """All of a worker's metrics; written by the event loop, read by the server's thread."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for every counter
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._clock = clock
        self._count_work()
        self._count_troubles()
        self._measure()
        self._lanes: set[str] = set()
        self._key_ids: set[str] = set()

    def _count_work(self) -> None:
        counter = self._counter
        self.records = counter("records", "Input records worked on", "topic", "owner")
        self.outcomes = counter(
            "outcomes", "Records: a new fact, refused, or known (repeats, corrections, heartbeats)", "outcome"
        )
        self.refused = counter("refused", "Records refused by the matcher", "topic", "reason")
        self.assessments = counter("assessments", "Verdicts written: only what changed is said", "status")
        self.transactions = counter("transactions", "Transactions by how they ended", "result")
        for topic in INPUTS:
            self.records.labels(topic, OWNERS[topic])
        for outcome in OUTCOMES:
            self.outcomes.labels(outcome)
        for status in Status:
            self.assessments.labels(status.value)
        for result in ("committed", "failed"):
            self.transactions.labels(result)

    def _count_troubles(self) -> None:
        counter = self._counter
        self.rebalances = counter("rebalances", "Assignments of lanes by the group")
        self.fencings = counter("fencings", "Lanes that another worker took over while this one still had them")
        self.future = counter("future_records", "Records stamped more than a minute in the future", "topic")
        self.expired = counter("expired_records", "Records that retention removed before they were read", "topic")
        for topic in INPUTS:
            self.future.labels(topic)
            self.expired.labels(topic)

    def _measure(self) -> None:
        gauge = self._gauge
        self.lag = gauge("lag_records", "Input records that wait, of an open lane", "lane")
        self.facts = gauge("facts", "Facts in memory", "lane")
        self.lanes = gauge("lanes", "Lanes by state", "state")
        self.replayed = gauge("replayed_records", "Records read again to fill the memory", "lane")
        self.replay_total = gauge("replay_records", "Records to be read again before the lane opens", "lane")
        self.replay_left = gauge("replay_left_seconds", "Estimate until the lane is replayed; 0 when it is", "lane")
        self.complete = gauge(
            "registry_complete_timestamp_seconds", "How far a registry says it is complete; the furthest behind lane",
            "source",
        )  # fmt: skip
        self.key_ids = gauge("key_ids", "Different linkage keys among the facts: more than one cannot be matched")
        self.ready = gauge("ready", "1 = all assigned lanes are open")
        self.delay = BulkHistogram(
            "lintas_matcher_delay_seconds", "From a record's timestamp to the commit of its verdict", DELAY_SECONDS
        )
        self.registry.register(self.delay)
        self.batches = BulkHistogram("lintas_matcher_batch_records", "Records of one transaction", BATCH_RECORDS)
        self.registry.register(self.batches)
        self.judging = self._histogram("judging_seconds", "Judging one batch, without the write", JUDGING_SECONDS)
        self.writing = self._histogram("transaction_seconds", "Writing one transaction", DELAY_SECONDS)
        self.loop_delay = self._histogram("loop_delay_seconds", "How late the event loop wakes a task", LOOP_SECONDS)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"lintas_matcher_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"lintas_matcher_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, bounds: Sequence[float]) -> Histogram:
        return Histogram(f"lintas_matcher_{name}", text, registry=self.registry, buckets=bounds)

    # ------------------------------------------------------------------------------------------ once a batch

    def said(
        self, verdicts: Sequence[Assessment | Cluster], refused: Sequence[Refused], judged: float, wrote: float
    ) -> None:
        """What a batch says is written; judging and writing took so many seconds."""
        self.judging.observe(judged)
        self.writing.observe(wrote)
        self.transactions.labels("committed").inc()
        for status, count in Tally([v.status for v in verdicts]).items():
            self.assessments.labels(status.value).inc(count)
        for (topic, reason), count in Tally([(r.record.topic, r.record.reason) for r in refused]).items():
            self.refused.labels(topic, reason.value).inc(count)

    def worked(self, deliveries: Sequence[Delivery], *, fresh: int, refused: int) -> None:
        """A batch is committed: so many new facts are in memory, so many records were refused."""
        self.batches.observe_sorted([len(deliveries)])
        for topic, count in Tally([d.topic for d in deliveries]).items():
            self.records.labels(topic, OWNERS.get(topic, "")).inc(count)
        fresh = max(0, fresh)  # a lane of groups may come to know of fewer crossings
        counts = (fresh, refused, max(0, len(deliveries) - fresh - refused))
        for outcome, count in zip(OUTCOMES, counts, strict=True):
            self.outcomes.labels(outcome).inc(count)
        now_ms = int(self._clock().timestamp() * 1000)
        delays = sorted([now_ms - d.timestamp for d in deliveries])
        if delays[0] < -AHEAD_MS:
            for topic, count in Tally([d.topic for d in deliveries if now_ms - d.timestamp < -AHEAD_MS]).items():
                self.future.labels(topic).inc(count)
        self.delay.observe_sorted([max(0, delay) / 1000 for delay in delays])

    def failed(self, error: BaseException) -> None:
        """A transaction failed: nothing of it is visible, and the worker ends."""
        self.transactions.labels("failed").inc()
        if isinstance(error, FENCED):
            self.fencings.inc()

    def admitted(self, facts: Iterable[Admitted]) -> None:
        """Facts were read, replayed ones too."""
        if len(self._key_ids) < MOST_KEY_IDS:
            self._key_ids.update({key for f in facts if (key := getattr(f.fact, "key_id", ""))})

    # ------------------------------------------------------------------------------------------ once a second

    def look(self, lanes: Mapping[int, Lane], left: Mapping[int, float | None], *, ready: bool) -> None:
        """Set what is a state rather than a count; lanes that are gone are told no more."""
        self.ready.set(ready)
        self.key_ids.set(len(self._key_ids))
        states = Tally(lane.state for lane in lanes.values())
        for state in LaneState:
            self.lanes.labels(state.value).set(states[state])
        for gone in self._lanes - {str(number) for number in lanes}:
            for gauge in (self.lag, self.facts, self.replayed, self.replay_total, self.replay_left):
                gauge.remove(gone)
        self._lanes = {str(number) for number in lanes}
        for number, lane in lanes.items():
            self._look_at(lane, str(number), left.get(number))
        self._look_at_watermarks(lanes.values())

    def _look_at(self, lane: Lane, number: str, left_seconds: float | None) -> None:
        self.lag.labels(number).set(lane.lag or 0)
        self.facts.labels(number).set(len(lane.book))
        self.replayed.labels(number).set(lane.replayed)
        self.replay_total.labels(number).set(lane.replay_total)
        self.replay_left.labels(number).set(left_seconds if left_seconds is not None else 0)

    def _look_at_watermarks(self, lanes: Iterable[Lane]) -> None:
        marks = [lane.book.watermarks for lane in lanes if lane.is_replayed and isinstance(lane.book, Casebook)]
        for source in {source for mark in marks for source in mark}:
            self.complete.labels(source.value).set(min(m[source].timestamp() for m in marks if source in m))

    def exposition(self) -> tuple[str, bytes]:
        """All of it in Prometheus' text form, with its content type."""
        return CONTENT_TYPE, generate_latest(self.registry)
