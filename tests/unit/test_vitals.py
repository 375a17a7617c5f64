"""Health and metrics without a process: what counts as alive, how a batch is counted, what a replay promises."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from schemas.vitals import Health, address_of
from sinks.metrics import Meters as LoaderMeters
from sinks.vitals import MOVE_LIMIT_SECONDS as LOADER_MOVE_SECONDS
from sinks.vitals import TURN_LIMIT_SECONDS
from sinks.vitals import Vitals as LoaderVitals
from streams.admission import Delivery
from streams.metrics import AHEAD_MS, BulkHistogram, Meters
from streams.progress import Progress, progress_line
from streams.vitals import LOOP_LIMIT_SECONDS, MOVE_LIMIT_SECONDS, Pulse
from tests.people import T0

NOW_MS = int(T0.timestamp() * 1000)


class Came:
    """A record as the consumer hands it over."""

    key, value, offset, partition = b"", b"", 0, 0

    def __init__(self, topic: str, age_ms: int) -> None:
        self.topic, self.timestamp = topic, NOW_MS - age_ms


@pytest.mark.parametrize(
    ("text", "address"),
    [("127.0.0.1:9464", ("127.0.0.1", 9464)), (":9464", ("127.0.0.1", 9464)), ("[::1]:9464", ("::1", 9464))],
)
def test_an_address_without_a_host_is_on_loopback(text: str, address: tuple[str, int]) -> None:
    assert address_of(text) == address


@pytest.mark.parametrize("text", ["9464", "host", "host:", "host:port", "host:70000", "host:-1"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="host:port"):
        address_of(text)


def test_a_matcher_lives_by_its_loop_and_by_work_that_moves() -> None:
    pulse = Pulse(0.0, 0.0)
    pulse.turn(100.0, mark=1, waits="7 records wait", unready="")
    assert pulse.live(100.0 + LOOP_LIMIT_SECONDS - 1).ok
    assert "event loop" in pulse.live(100.0 + LOOP_LIMIT_SECONDS + 1).why
    later = 100.0 + MOVE_LIMIT_SECONDS + 1
    pulse.turn(later, mark=1, waits="7 records wait", unready="")
    assert pulse.live(later).why.startswith("7 records wait, and nothing has moved")
    pulse.turn(later, mark=2, waits="7 records wait", unready="")
    assert pulse.live(later).ok, "one batch moved"
    pulse.turn(later + 1000, mark=2, waits="", unready="")
    assert pulse.live(later + 1000).ok, "nothing waits"


def test_a_loader_that_waits_for_a_named_outage_lives_and_one_that_only_lags_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr("sinks.vitals.time.monotonic", lambda: now[0])
    vitals = LoaderVitals(LoaderMeters())
    for now[0] in (60.0, 120.0, 180.0, 240.0):
        vitals.turn("clickhouse")
        vitals.look({("assessments", 0): 5}, moved=False)
    assert vitals.live(now[0]).ok
    assert vitals.ready() == Health(ok=False, why="waiting for clickhouse")
    for now[0] in (300.0, 360.0, 240.0 + LOADER_MOVE_SECONDS + 1):
        vitals.turn("")
        vitals.look({("assessments", 0): 5}, moved=False)
    assert vitals.live(now[0]).why.startswith("5 records wait")
    vitals.look({("assessments", 0): 5}, moved=True)
    assert vitals.live(now[0]).ok
    assert not vitals.live(now[0] + TURN_LIMIT_SECONDS + 1).ok


def test_a_replay_promises_what_its_pace_so_far_allows() -> None:
    progress = Progress(began=10.0, first=0)
    progress.reach(0, 1_000_000)
    assert progress_line(3, progress, 12.0) == "replaying lane 3: 0 of 1 000 000 records, time left unknown"
    progress.reach(412_000, 1_000_000)
    assert progress_line(3, progress, 28.2) == "replaying lane 3: 412 000 of 1 000 000 records, 26 s left"
    progress.reach(1_000_010, 1_000_000)
    assert progress.seconds_left(50.0) == 0


def samples(registry: CollectorRegistry, name: str) -> dict[tuple[tuple[str, str], ...], float]:
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {tuple(sorted(s.labels.items())): s.value for f in families for s in f.samples if s.name == name}


def test_a_batch_counts_each_value_in_its_bucket_whoever_else_is_observed() -> None:
    registry = CollectorRegistry()
    bulk = BulkHistogram("delay", "text", (1, 5))
    registry.register(bulk)
    bulk.observe_sorted([0.5, 1, 1.5, 99])
    bulk.observe_sorted([])
    bulk.observe_sorted([5])
    buckets = {dict(labels)["le"]: value for labels, value in samples(registry, "delay_bucket").items()}
    assert buckets == {"1.0": 2, "5.0": 4, "+Inf": 5}
    assert samples(registry, "delay_count") == {(): 5}
    assert samples(registry, "delay_sum") == {(): 107}


def test_a_batch_is_accounted_for_by_outcome_and_a_clock_ahead_is_seen() -> None:
    meters = Meters(lambda: datetime.fromtimestamp(NOW_MS / 1000, tz=UTC))
    came: list[Delivery] = [Came("transit.kepri", 3000), Came("transit.kepri", 0), Came("departures", -AHEAD_MS - 1)]
    meters.worked(came, fresh=1, refused=1)
    outcomes = {dict(k)["outcome"]: v for k, v in samples(meters.registry, "lintas_matcher_outcomes_total").items()}
    assert outcomes == {"fact": 1, "refused": 1, "known": 1}
    assert sum(samples(meters.registry, "lintas_matcher_records_total").values()) == 3
    ahead = samples(meters.registry, "lintas_matcher_future_records_total")
    assert {dict(k)["topic"] for k, v in ahead.items() if v} == {"departures"}
    assert samples(meters.registry, "lintas_matcher_delay_seconds_sum") == {(): 3}
