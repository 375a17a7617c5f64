"""A worker that slept while another took its lane over never speaks again; without the fence it would."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from schemas.codec import encode
from schemas.records import Heartbeat
from schemas.vocabulary import Source, Status
from tests.cluster.facts import Sent, sent
from tests.cluster.stage import LANES, Stage, publish, said
from tests.cluster.starts import (
    MARK,
    changed,
    sleeping_before_the_commit,
    sleeping_before_the_transaction,
    without_fencing,
)
from tests.people import T0, crossing, departure

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(180)]
UNREGISTERED, MATCHED = Status.UNREGISTERED, Status.MATCHED
Change = Callable[[], None]


def heard_all() -> list[Sent]:
    beats = [encode(Heartbeat(source=s, complete_up_to=T0 + timedelta(days=30))) for s in Source]
    return [("departures", None, beat, lane) for beat in beats for lane in range(LANES)]


def what_is_said(stage: Stage, *changes: Change) -> tuple[list[Status], int | None]:
    """A worker judges a crossing and falls asleep; its heir hears of the registration; the sleeper wakes up."""
    mark = stage.directory / "stop"
    sleeper = stage.matcher("sleeper", changed(*changes), **{MARK: str(mark)})
    stage.wait_open(sleeper)
    publish(stage.kafka, heard_all())
    stage.wait_done()
    mark.touch()
    publish(stage.kafka, [sent(crossing())])
    stage.until(lambda: not mark.exists())
    heir = stage.matcher("heir")
    stage.wait_open(heir)
    publish(stage.kafka, [sent(departure())])
    if sleeping_before_the_commit in changes:
        stage.until(lambda: heir.status()["totals"]["assessments"] >= 2)
    else:
        stage.until(lambda: [v.status for vs in said(stage.kafka).values() for v in vs][-1:] == [MATCHED])
    sleeper.send(signal.SIGCONT)
    assert sleeper.process is not None
    if without_fencing in changes:
        time.sleep(5)
    else:
        stage.until(lambda: sleeper.process is not None and sleeper.process.poll() is not None)
    stage.wait_done()
    (versions,) = said(stage.kafka).values()
    return [version.status for version in versions], sleeper.process.poll()


@pytest.mark.parametrize("asleep", [sleeping_before_the_transaction, sleeping_before_the_commit])
def test_a_zombie_never_speaks_after_its_heir(stage: Stage, asleep: Change) -> None:
    statuses, code = what_is_said(stage, asleep)
    assert statuses == [UNREGISTERED, MATCHED]
    assert code == 1


def test_control_without_the_fence_a_zombie_takes_the_newer_verdict_back(stage: Stage) -> None:
    statuses, _ = what_is_said(stage, sleeping_before_the_transaction, without_fencing)
    assert statuses[:2] == [UNREGISTERED, MATCHED]
    assert statuses[2:3] == [UNREGISTERED], "the test above would not notice a lost fence"
