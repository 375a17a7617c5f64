"""The command line on running stacks: what it does, what it leaves behind, and what it says when it cannot."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaProducer

from schemas.codec import encode
from schemas.records import TransitEvent
from tests.integration.stacked import BROKER, Stack, clean_environment, lintas, running_stack

pytestmark = pytest.mark.stack

HEADER = "event_id,checkpoint_id,occurred_at,direction,name,birth_date,sex,document_type,document_number,purpose\n"
BLOCK = "local:" + "a" * 26


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack with two crossings that share an id, and one of its own."""
    place = tmp_path_factory.mktemp("cli")
    with running_stack(place / "s") as stack:
        for province, post, zone in (("kepri", "ID-21-BTC", "+07:00"), ("kaltara", "ID-65-NNT", "+08:00")):
            file = place / f"{province}.csv"
            seen, who = (
                f"{post},2026-03-02T09:00:00{zone},out",
                f"TOKEN PERSON {province},1990-01-02,F,passport,X9999991",
            )
            row = f"twice,{seen},{who},work\n"
            file.write_text(HEADER + row + row.replace("twice", f"only-{province}"), encoding="utf-8")
            told = stack.publish("crossings", file, "--province", province)
            assert told.out == f"{province}.csv: 2 of 2 rows published\n"
        stack.wait()
        yield stack


def processes(directory: Path) -> list[str]:
    """Command lines that name the directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(directory) in line:
                found.append(line)
    return found


def until_gone(directory: Path, seconds: float = 10) -> list[str]:
    end = time.monotonic() + seconds
    while (left := processes(directory)) and time.monotonic() < end:
        time.sleep(0.1)
    return left


def event(event_id: str) -> TransitEvent:
    return TransitEvent.model_validate(
        {
            "event_id": event_id, "province": "kepri", "checkpoint_id": "ID-21-BTC", "direction": "out",
            "occurred_at": "2026-03-02T02:00:00Z", "block": BLOCK, "key_id": "local",
        }
    )  # fmt: skip


def test_an_event_id_of_two_provinces_asks_which_and_lists_them(own: Stack) -> None:
    told = own.run("explain", "twice", expect=2)
    assert told.err == "lintas: 'twice' is an event of kaltara and of kepri: say which with --province\n"
    assert own.run("explain", "twice", "--province", "kepri").out.startswith("kepri/twice\n")
    (row,) = own.run("explain", "only-kaltara", "--format", "json").rows
    assert (row["province"], row["assessment"]["event_id"]) == ("kaltara", "only-kaltara")
    assert own.run("explain", "unknown", expect=1).err.count("\n") == 1


def test_who_did_not_return_is_listed_and_explained(own: Stack) -> None:
    document = {"type": "passport", "token": f"local:{'a' * 26}"}
    fields = json.loads(encode(event("visitor"))) | {"purpose": "tourism", "origin_region": "530199"}
    others = [fields | {"document": document}, fields | {"event_id": "heard", "occurred_at": "2026-04-20T02:00:00Z"}]
    producer = KafkaProducer(bootstrap_servers=own.kafka)
    for other in others:
        producer.send("transit.kepri", key=BLOCK.encode(), value=json.dumps(other).encode())
    producer.flush()
    producer.close()
    own.wait()
    listed = own.run("flags", "--rule", "R14", "--format", "json")
    assert [(row["event_id"], row["rules"]) for row in listed.rows] == [("visitor", ["R14"])]
    assert "view" in listed.err
    assert own.run("flags", "--rule", "R14", "--as-of", "2026-03-20T00:00:00Z", "--format", "json").rows == []
    (row,) = own.run("explain", "visitor", "--format", "json").rows
    assert [f["rule"] for f in row["absences"]] == ["R14"]
    assert "R14@1" in own.run("explain", "visitor").out


def test_a_review_goes_through_the_log_into_the_history(own: Stack) -> None:
    own.run("review", "only-kepri", "--verdict", "referred", "--note", "to BP3MI", "--reviewer", "ana")
    own.wait()
    (row,) = own.run("explain", "only-kepri", "--format", "json").rows
    assert [(r["verdict"], r["note"], r["reviewer"]) for r in row["reviews"]] == [("referred", "to BP3MI", "ana")]
    own.run("review", "unknown", "--verdict", "referred", expect=1)
    own.run("review", "twice", "--verdict", "referred", expect=2)
    assert (
        "identity"
        in own.run("review", "only-kepri", "--verdict", "referred", "--note", "5399990101909001", expect=2).err
    )


def test_what_the_matcher_refused_is_sent_again_where_it_can_be_read(own: Stack, tmp_path: Path) -> None:
    broken = json.loads(encode(event("replay-broken")))
    del broken["direction"]
    producer = KafkaProducer(bootstrap_servers=own.kafka)
    producer.send("transit.kepri", key=b"not the block", value=encode(event("replay-key")))
    producer.send("transit.kepri", key=BLOCK.encode(), value=json.dumps(broken).encode())
    producer.flush()
    producer.close()
    own.wait()
    before = own.accounting()["kepri"]
    reasons = {row["reason"] for row in own.run("rejected", "--format", "json").rows}
    assert {"key_mismatch", "missing_field"} <= reasons
    assert {row["reason"] for row in own.run("rejected", "--summary", "--format", "json").rows} == reasons

    assert own.run("replay-rejected").out.startswith("1 sent again, 1 still unreadable\n  1 missing_field\n")
    own.wait()
    assert set(own.flags("replay-")) == {"replay-key"}
    assert own.accounting()["kepri"]["assessed"] == before["assessed"] + 1

    own.run("replay-rejected", "--reason", "key_mismatch")
    own.wait()
    again = own.accounting()["kepri"]
    assert (again["assessed"], again["duplicate"]) == (before["assessed"] + 1, before["duplicate"] + 1)

    exported = own.run("rejected", "--with-payload", "--format", "json").rows
    (mended,) = [row for row in exported if row["reason"] == "missing_field"]
    mended["record"]["direction"] = "out"
    file = tmp_path / "mended.jsonl"
    file.write_text(json.dumps(mended) + "\n", encoding="utf-8")
    assert own.run("replay-rejected", "--repaired", file).out == "1 sent again, 0 still unreadable\n"
    own.wait()
    assert set(own.flags("replay-")) == {"replay-key", "replay-broken"}


def test_another_machine_sees_the_same_by_addresses_alone(own: Stack, tmp_path: Path) -> None:
    ports = own.ports
    env = {
        "LINTAS_KAFKA": own.kafka,
        "LINTAS_CLICKHOUSE": f"127.0.0.1:{ports['clickhouse']}",
        "LINTAS_CLICKHOUSE_USER": "analyst",
        "LINTAS_CLICKHOUSE_PASSWORD_FILE": str(own.directory / "clickhouse" / "analyst.password"),
        "LINTAS_PARTITIONS": "4",
    }
    far = tmp_path / "none"
    here = own.run("flags", "--status", "any", "--format", "json").out
    there = lintas("flags", "--status", "any", "--format", "json", "--dir", far, env=env)
    assert (there.code, there.out) == (0, here)
    assert lintas("wait", "--dir", far, env=env).code == 0
    assert lintas("status", "--dir", far, env=env).code == 0
    wrong = lintas("flags", "--dir", far, env=env | {"LINTAS_CLICKHOUSE_USER": "nobody"})
    assert (wrong.code, wrong.err.count("\n")) == (1, 1)
    assert "refuses the user nobody" in wrong.err


def test_a_rebuild_gives_the_same_content(own: Stack) -> None:
    rows = own.run("rebuild", "--format", "json").rows
    assert {row["table"]: row["equal"] for row in rows} == dict.fromkeys((row["table"] for row in rows), True)
    assert next(row for row in rows if row["table"] == "assessments")["rows_after"] >= 4
    assert own.parts()["loader"]["restarts"] == 0


def test_a_running_stack_is_well_and_is_not_started_twice(own: Stack) -> None:
    assert "already running" in own.run("up", "--detach").err
    states = {row["check"]: row["state"] for row in own.run("doctor", "--format", "json").rows}
    assert set(states.values()) <= {"ok", "warn"}
    assert states["topics"] == states["schema"] == states["matcher"] == "ok"
    assert "at" not in own.run("status").err
    late = own.run("wait", "--timeout", "0", expect=1)
    assert late.err.startswith("lintas: not done after 0 s")


@pytest.mark.twice
def test_a_stack_keeps_its_data_ports_and_kind_over_a_restart_and_leaves_no_process(tmp_path: Path) -> None:
    directory = tmp_path / "s"
    with running_stack(directory) as stack:
        ports = stack.ports
    assert until_gone(directory) == []
    assert stack.run("wait", expect=1).err.startswith(f"lintas: the stack in {directory} does not run")
    other = "kafka" if BROKER == "embedded" else "embedded"
    refused = stack.run("up", "--detach", "--broker", other, expect=1).err
    assert f"was made with --broker {BROKER}" in refused
    with running_stack(directory):
        assert stack.ports == ports
        assert stack.accounting()["kepri"]["published"] == 0
    assert until_gone(directory) == []


def test_a_fixed_port_that_is_taken_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = lintas(
            "up", "--detach", "--broker", BROKER, "--dir", tmp_path / "s", env={"LINTAS_PORT_CLICKHOUSE": str(port)}
        )
    assert told.code == 1
    assert f"port {port} (LINTAS_PORT_CLICKHOUSE) is used by another program" in told.err
    assert until_gone(tmp_path) == []


@pytest.mark.parametrize(
    ("command", "number", "seconds", "code"),
    [
        (("up", "--broker", BROKER), signal.SIGINT, 15.0, 0),
        (("up", "--broker", BROKER), signal.SIGTERM, 0.7, 143),
        (("demo", "--broker", BROKER), signal.SIGINT, 2.0, 130),
        (("demo", "--broker", BROKER), signal.SIGTERM, 8.0, 143),
    ],
    ids=str,
)
def test_a_signal_leaves_no_process(
    tmp_path: Path, command: tuple[str, ...], number: signal.Signals, seconds: float, code: int
) -> None:
    argv = [sys.executable, "-m", "lintas", *command, "--dir", str(tmp_path / "s")]
    with subprocess.Popen(
        argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=clean_environment({}), start_new_session=True
    ) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(number)
        err = process.communicate(timeout=60)[1].decode()
    assert process.returncode in (code, 0), err
    assert "Traceback" not in err
    assert until_gone(tmp_path) == []
