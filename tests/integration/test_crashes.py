"""Processes are killed at random moments while events arrive: nothing is lost, nothing counts twice."""

from __future__ import annotations

import csv
import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.simulated import Reference, publish_all, simulated
from tests.integration.stacked import Stack, assert_balanced, repeated, running_stack, verdicts, versions_of

pytestmark = [pytest.mark.stack, pytest.mark.twice]
SEED = int(os.environ.get("LINTAS_TEST_SEED", "20261124"))
SOUND = ("up", "ready", "done")
KILLED = ("matcher", "loader", "clickhouse")
TIMES = 5
PIECES = 4
MOST_SECONDS_BETWEEN = 1.5
BACK_WITHIN_SECONDS = 150.0


def test_after_fifteen_kills_the_flags_are_those_of_an_undisturbed_run(reference: Reference, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    print(f"seed {SEED}")  # noqa: T201
    pieces = [piece for kind, file in simulated(tmp_path / "in") for piece in split(kind, file)]
    with running_stack(tmp_path / "s") as stack, ThreadPoolExecutor(1) as partner:
        publishing = partner.submit(publish_all, stack, pieces)
        left, order, during = dict.fromkeys(KILLED, TIMES), [], 0
        begun = time.monotonic()
        until = begun + BACK_WITHIN_SECONDS
        while any(left.values()):
            assert time.monotonic() < until, f"seed {SEED}: these did not come back to be killed: {left}"
            time.sleep(chance.uniform(0, MOST_SECONDS_BETWEEN))
            alive = {name: pid for name, pid in pids(stack).items() if left[name]}
            if not alive:
                continue
            name = chance.choice(sorted(alive))
            try:
                os.kill(alive[name], signal.SIGKILL)
            except ProcessLookupError:
                continue  # the status was a moment old
            left[name] -= 1
            print(f"{time.monotonic() - begun:6.1f} s: {name} killed")  # noqa: T201
            order.append(name)
            during += not publishing.done()
        publishing.result(timeout=BACK_WITHIN_SECONDS)
        stack.wait()
        while any(part["status"] not in SOUND for part in stack.parts().values()):
            # the last one killed waits for its back-off; what it loaded before is complete already
            assert time.monotonic() < begun + 2 * BACK_WITHIN_SECONDS, stack.parts()
            time.sleep(0.5)
        found, accounts, parts = stack.flags(), stack.accounting(), stack.parts()
        versions = versions_of(stack, "")
    told = f"seed {SEED}, kills in this order: {order}"
    assert during >= TIMES, "events arrived too fast to be disturbed"
    now, undisturbed = verdicts(found), verdicts(reference.flags)
    assert now.keys() == undisturbed.keys(), told
    assert [(now[i], undisturbed[i]) for i in now if now[i] != undisturbed[i]] == [], told
    assert_balanced(accounts)
    assert accounts == reference.accounting, told
    assert not repeated(versions), told
    assert {name: parts[name]["restarts"] for name in KILLED} == dict.fromkeys(KILLED, TIMES), told
    assert parts["broker"]["restarts"] == 0
    assert {parts[name]["status"] for name in KILLED} == {"ready"}


def split(kind: str, file: Path) -> list[tuple[str, Path]]:
    """The file in pieces, in its order."""
    with file.open(encoding="utf-8", newline="") as source:
        header, *rows = csv.reader(source)
    size = -(-len(rows) // PIECES)
    pieces = []
    for start in range(0, len(rows), size):
        piece = file.with_name(f"{start:06}-{file.name}")
        with piece.open("w", encoding="utf-8", newline="") as target:
            csv.writer(target).writerows([header, *rows[start : start + size]])
        pieces.append((kind, piece))
    return pieces


def pids(stack: Stack) -> dict[str, int]:
    """The processes that run and may be killed."""
    parts = stack.parts()
    return {name: parts[name]["pid"] for name in KILLED if parts[name]["status"] in ("starting", "ready")}
