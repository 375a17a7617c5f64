"""A policy changes on the running stack: from its moment on, by two persons, and the log remembers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from streams.policy import load_policy, shipped_policy, shipped_text
from tests.integration.known import DAY, Traveller, crossing, heartbeats, write
from tests.integration.stacked import Row, Stack, assert_balanced, clean_environment, running_stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]
BASE = shipped_policy()
BEFORE, AFTER = DAY, date(2026, 3, 10)
SINCE = "2026-03-10T00:00:00+07:00"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Stack]:
    with running_stack(tmp_path / "s") as stack:
        yield stack


def changed(path: Path, *changes: tuple[str, str], since: str = SINCE) -> Path:
    text = shipped_text()
    for old, new in (*changes, ("2025-07-02T00:00:00+08:00", since)):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return path


def people(tag: str, world: int) -> list[Row]:
    """Two who leave without a registration, one before the change of policy and one after it."""
    return [
        crossing(f"{tag}-{n}", Traveller(number=n, world=world, name=f"{name} {tag.upper()}"), day=day)
        for n, (name, day) in enumerate((("LAURENSIA", BEFORE), ("YULIANA", AFTER)))
    ]


def says(stack: Stack, tag: str) -> list[tuple[str, str]]:
    found = stack.flags(tag)
    return [(found[i]["status"], found[i]["policy"]) for i in sorted(found)]


def test_an_activated_policy_judges_crossings_from_its_moment_on(own: Stack, tmp_path: Path) -> None:
    """Without a restart, after one, and after a rebuild; what was judged by the version before stays as it was."""
    own.publish("heartbeats", write(tmp_path / "h.csv", "heartbeats", heartbeats()))
    own.publish("crossings", write(tmp_path / "a.csv", "crossings", people("a", 1)))
    own.wait()
    assert says(own, "a") == [("UNREGISTERED", BASE.digest)] * 2
    first = changed(tmp_path / "first.yaml", ("R01: 25", "R01: 55"))
    digest = load_policy(first.read_text()).digest
    own.run("policy", "activate", first, "--author", "Maria", "--by", "MARIA ", "--past", expect=2)
    assert "--past" in own.run("policy", "activate", first, "--author", "Maria", "--by", "Yosef", expect=2).err
    assert says(own, "a") == [("UNREGISTERED", BASE.digest)] * 2
    told = own.run("policy", "backtest", first, "--since", SINCE, "--format", "json")
    again = own.run("policy", "backtest", first, "--since", SINCE, "--format", "json", "--processes", "1")
    assert told.rows == again.rows
    assert (told.rows[0]["gained"], told.rows[0]["lost"], told.rows[0]["events"]) == (1, 0, ["kepri/a-1"])
    assert {(r["by"], r["value"]) for r in told.rows[1:]} == {
        ("district", "5399"), ("province", "kepri"), ("rule", "R01"), ("sex", "F")
    }  # fmt: skip
    assert says(own, "a") == [("UNREGISTERED", BASE.digest)] * 2
    own.run("policy", "activate", first, "--author", "Maria", "--by", "Yosef", "--past")
    own.wait()
    assert says(own, "a") == [("UNREGISTERED", BASE.digest), ("FLAGGED", digest)]
    assert digest in own.run("explain", "a-1", "--lang", "en").out
    (listed,) = own.run("policy", "list", "--format", "json").rows
    assert (listed["digest"], listed["author"], listed["activated_by"]) == (digest, "Maria", "Yosef")

    own.run("down")
    own.run("up", "--detach")
    own.publish("crossings", write(tmp_path / "b.csv", "crossings", people("b", 2)))
    own.wait()
    assert says(own, "b") == [("UNREGISTERED", BASE.digest), ("FLAGGED", digest)]

    # a version that begins at the same moment replaces the first; one for later leaves these crossings alone
    second = changed(tmp_path / "second.yaml", ("R01: 25", "R01: 35"))
    later = changed(tmp_path / "later.yaml", ("R01: 25", "R01: 90"), since="2031-01-01T00:00:00+07:00")
    for file in (later, second):
        own.run("policy", "activate", file, "--author", "Maria", "--by", "Yosef", "--past")
    own.wait()
    other = load_policy(second.read_text()).digest
    wanted = [("UNREGISTERED", BASE.digest), ("UNREGISTERED", other)]
    assert says(own, "a") == says(own, "b") == wanted
    told_rows = own.run("rebuild", "--format", "json").rows
    assert all(row["equal"] for row in told_rows)
    assert "policies" in {row["table"] for row in told_rows}
    assert says(own, "a") == says(own, "b") == wanted
    assert len(own.run("policy", "list", "--format", "json").rows) == 2


def test_a_record_that_is_no_policy_is_refused_and_judges_nobody(own: Stack, tmp_path: Path) -> None:
    """Somebody with the right to write puts a single person's policy, and one that cannot be read, into the topic."""
    from kafka import KafkaProducer

    text = changed(tmp_path / "p.yaml", ("R01: 25", "R01: 55")).read_text()
    body = {
        "record": "policy",
        "name": "ntt",
        "text": text,
        "digest": load_policy(text).digest,
        "author": "Maria",
        "activated_by": "Yosef",
        "effective_from": SINCE,
        "activated_at": "2026-03-01T00:00:00Z",
    }
    wrong = [
        body | {"activated_by": "maria"},
        body | {"text": "name: ntt\n"},
        body | {"text": text.replace("  R25: 70\n", "")},
        body | {"effective_from": "2026-03-01T00:00:00+07:00"},
    ]
    producer = KafkaProducer(bootstrap_servers=own.kafka)
    for one in wrong:
        producer.send("policies", json.dumps(one).encode(), partition=0).get(10)
    producer.close()
    own.publish("heartbeats", write(tmp_path / "h.csv", "heartbeats", heartbeats()))
    own.publish("crossings", write(tmp_path / "a.csv", "crossings", people("a", 1)))
    own.wait()
    assert says(own, "a") == [("UNREGISTERED", BASE.digest)] * 2
    refused = own.run("rejected", "--registry", "--format", "json").rows
    assert [(r["topic"], r["reason"]) for r in refused] == [("policies", "out_of_range")] * 4
    assert own.run("policy", "list", "--format", "json").rows == []


def test_a_policy_is_tried_out_on_live_traffic_and_flags_nobody(own: Stack, tmp_path: Path) -> None:
    """A shadow judges what came before it and what comes, says nothing where flags are read, and can be compared."""
    own.publish("heartbeats", write(tmp_path / "h.csv", "heartbeats", heartbeats()))
    own.publish("crossings", write(tmp_path / "a.csv", "crossings", people("a", 1)))
    own.wait()
    tried = changed(tmp_path / "tried.yaml", ("R01: 25", "R01: 55"))
    with running_shadow(own, tried):
        own.publish("crossings", write(tmp_path / "b.csv", "crossings", people("b", 2)))
        own.wait()
        until = time.monotonic() + 60
        while (report := shadow_report(own, tried))[0]["gained"] < 4 and time.monotonic() < until:
            time.sleep(1)
    assert [(r["by"], r["value"], r["gained"], r["lost"]) for r in report if r["by"] in ("all", "rule")] == [
        ("all", "", 4, 0),
        ("rule", "R01", 4, 0),
    ]
    assert says(own, "a") == says(own, "b") == [("UNREGISTERED", BASE.digest)] * 2
    assert own.run("flags", "--format", "json").rows == []
    assert own.run("rejected", "--registry", "--format", "json").rows == []
    # what the log would say of it is the same
    told = own.run("policy", "backtest", tried, "--format", "json")
    assert told.rows == report
    assert_balanced(own.accounting())


@contextmanager
def running_shadow(stack: Stack, file: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "lintas", "policy", "shadow", str(file), "--dir", str(stack.directory)]
    with subprocess.Popen(command, env=clean_environment({}), stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0


def shadow_report(stack: Stack, file: Path) -> list[Row]:
    return stack.run("policy", "shadow", file, "--report", "--format", "json").rows
