"""A worker that comes back takes its memory up from disk and says what it would have said without."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration import test_lanes as lanes
from tests.integration.test_lanes import LANES, Matcher, Sent, assert_right, make_topics, publish, wait_for_all, world

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]
kafka = lanes.kafka
broker = lanes.broker


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Matcher]]:
    """Starts matchers that share one state directory, one after the other."""
    monkeypatch.setenv("LINTAS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("LINTAS_SNAPSHOT_SECONDS", "0.2")
    started: list[Matcher] = []

    def begin(address: str, **options: str) -> Matcher:
        started.append(Matcher(address, tmp_path / f"matcher-{len(started)}", **options))
        return started[-1]

    yield begin
    for matcher in started:
        matcher.end()


def taken_up(matcher: Matcher) -> int:
    return matcher.log.read_text().count("lane taken up from its snapshot")


def ignored(matcher: Matcher) -> int:
    return len(re.findall(r"snapshot ignored", matcher.log.read_text()))


def replayed(matcher: Matcher) -> int:
    return sum(lane["replayed"] for lane in matcher.status()["lanes"].values())


def work_through(address: str, matcher: Matcher, sent: Sent) -> None:
    matcher.wait_open()
    publish(address, sent)
    wait_for_all(address, matcher)


def test_a_worker_comes_back_from_its_snapshots(
    broker: str, start: Callable[..., Matcher], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a stop nothing is read again, after a kill exactly the tail; no verdict differs, none is said twice."""
    sent = world(21)
    first = start(broker)
    work_through(broker, first, sent[:500])
    assert first.end() == 0
    files = sorted(path.name for path in (tmp_path / "state").iterdir())
    assert files == [f"lane-{n}.snapshot" for n in range(LANES)]
    monkeypatch.setenv("LINTAS_SNAPSHOT_SECONDS", "1000")
    second = start(broker)
    work_through(broker, second, sent[500:700])
    assert (taken_up(second), ignored(second), replayed(second)) == (LANES, 0, 0)
    second.end(signal.SIGKILL)
    third = start(broker)
    work_through(broker, third, sent[700:])
    assert (taken_up(third), ignored(third), replayed(third)) == (LANES, 0, 200)
    assert_right(broker, sent)


def test_a_snapshot_is_written_while_the_worker_works(
    broker: str, start: Callable[..., Matcher], tmp_path: Path
) -> None:
    """A kill then costs little: the snapshots of a moment ago are there."""
    sent = world(26)
    first = start(broker)
    work_through(broker, first, sent[:500])
    time.sleep(4.0)
    first.end(signal.SIGKILL)
    second = start(broker)
    work_through(broker, second, sent[500:])
    assert (taken_up(second), ignored(second)) == (LANES, 0)
    assert_right(broker, sent)


def test_broken_and_foreign_snapshots_are_ignored(broker: str, start: Callable[..., Matcher], tmp_path: Path) -> None:
    """A damaged one, another lane's, none: the log is read, and the end of it is put away anew."""
    sent = world(22)
    first = start(broker)
    work_through(broker, first, sent[:500])
    assert first.end() == 0
    damaged, other, missing = (tmp_path / "state" / f"lane-{n}.snapshot" for n in range(3))
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    other.write_bytes((tmp_path / "state" / "lane-3.snapshot").read_bytes())
    missing.unlink()
    second = start(broker)
    work_through(broker, second, sent[500:])
    assert (taken_up(second), ignored(second)) == (LANES - 3, 2)
    assert_right(broker, sent)
    assert second.end() == 0
    third = start(broker)
    third.wait_open()
    assert (taken_up(third), ignored(third)) == (LANES, 0)


def test_a_snapshot_of_topics_made_anew_is_ignored(kafka: str, start: Callable[..., Matcher], tmp_path: Path) -> None:
    """Another log of the same names, read further than the snapshot goes, has other records at its marks."""
    make_topics(kafka)
    first = start(kafka)
    work_through(kafka, first, world(23, crossings=300))
    assert first.end() == 0
    old = {path: path.read_bytes() for path in (tmp_path / "state").iterdir()}
    make_topics(kafka)
    sent = world(24)
    second = start(kafka)
    work_through(kafka, second, sent[:900])
    assert second.end() == 0
    for path, data in old.items():
        path.write_bytes(data)
    third = start(kafka)
    work_through(kafka, third, sent[900:])
    assert (taken_up(third), ignored(third)) == (0, LANES)
    assert_right(kafka, sent)


def test_a_state_directory_that_cannot_be_written_stops_nothing(
    broker: str, start: Callable[..., Matcher], tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file stands here")
    sent = world(25, crossings=200)
    matcher = start(broker)
    work_through(broker, matcher, sent)
    time.sleep(2.0)
    assert_right(broker, sent)
    assert matcher.end() == 0
    assert "the snapshot cannot be written" in matcher.log.read_text()
