"""The desk's commands on a whole stack: users, the console as a process, reviews through the log, audit, indicators."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pyotp
import pytest
from kafka import KafkaProducer

from lintas.stack.ports import free_ports
from schemas.codec import encode
from schemas.topics import ASSESSMENTS
from tests.integration.officed import PASSWORD, hidden, token
from tests.integration.sinking import BLOCK, verdict
from tests.integration.stacked import Stack, clean_environment, lintas, running_stack

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("desk") / "s") as running:
        producer = KafkaProducer(bootstrap_servers=running.kafka)
        for event in ("d1", "d2", "d3"):
            producer.send(ASSESSMENTS, encode(verdict(event, occurred_at=datetime.now(UTC))), key=BLOCK.encode())
        producer.flush()
        producer.close()
        running.wait()
        yield running


def added(own: Stack, name: str, role: str) -> pyotp.TOTP:
    """A user, made as an operator makes one."""
    done = subprocess.run(
        [sys.executable, "-m", "lintas", "users", "add", name, "--role", role, "--password-stdin", "--dir",
         str(own.directory)], input=PASSWORD.encode() + b"\n", capture_output=True, check=True,
        env=clean_environment({}),
    )  # fmt: skip
    found = re.search(r"secret=(\w+)", done.stdout.decode())
    assert found is not None
    assert PASSWORD not in done.stdout.decode()
    return pyotp.TOTP(found[1])


@contextmanager
def console(own: Stack) -> Iterator[httpx2.Client]:
    """The console as a process."""
    (port,) = free_ports(1)
    argv = [sys.executable, "-m", "lintas", "console", "--port", str(port), "--dir", str(own.directory)]
    process = subprocess.Popen(argv, stderr=subprocess.PIPE, env=clean_environment({}))
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
            until = time.monotonic() + 60
            while True:
                try:
                    assert client.get("/readyz").status_code == 200
                    break
                except httpx2.TransportError:
                    assert time.monotonic() < until, "the console does not answer"
                    assert process.poll() is None, process.communicate()[1].decode()
                    time.sleep(0.2)
            yield client
    finally:
        process.terminate()
        _, said = process.communicate(timeout=30)
    assert process.returncode in (0, -15)
    assert "d1" not in said.decode(), "no id of a crossing in a log"


def log_in(client: httpx2.Client, name: str, totp: pyotp.TOTP) -> None:
    page = client.get("/login").text
    form = {"name": name, "password": PASSWORD, "code": totp.at(datetime.now(UTC)), "token": hidden(page, "token")}
    assert client.post("/login", data=form).status_code == 303


def test_a_review_in_the_console_is_the_command_line_s_and_the_other_way_round(own: Stack) -> None:
    totp = added(own, "ana", "analyst")
    with console(own) as client:
        log_in(client, "ana", totp)
        asked = client.get("/flag/kepri/d1").text
        client.post("/purpose", data={"csrf": token(asked), "purpose": "review", "next": "/"})
        for made in ({"move": "take"}, {"move": "close", "verdict": "referred", "note": "ke satgas desa"}):
            page = client.get("/flag/kepri/d1").text
            answer = client.post("/review/kepri/d1", data={"csrf": token(page), "after": hidden(page, "after"), **made})
            assert (answer.status_code, answer.headers["location"]) == (303, "/flag/kepri/d1?said=saved#review")
        page = client.get("/flag/kepri/d2").text
        secret = {"csrf": token(page), "after": "first", "move": "note", "note": "NIK 5399995705989001"}
        refused = client.post("/review/kepri/d2", data=secret)
        assert (refused.status_code, "identity number" in refused.text) == (422, True)
        own.run("review", "d2", "--move", "take", "--reviewer", "budi")
        assert "budi" in client.get("/flag/kepri/d2").text
        listed = {row["event_id"]: row for row in map(_json, client.get("/?format=json").text.splitlines())}
    cases = {row["event_id"]: row for row in own.run("cases", "--format", "json").rows}
    assert {e: (cases[e]["state"], cases[e]["assignee"]) for e in ("d1", "d2", "d3")} == {
        "d1": ("referred", "ana"), "d2": ("under_review", "budi"), "d3": ("open", None),
    }  # fmt: skip
    assert {e: (r["state"], r["assignee"]) for e, r in listed.items()} == {
        e: (r["state"], r["assignee"]) for e, r in cases.items()
    }
    (row,) = own.run("explain", "d1", "--format", "json").rows
    assert [(r["move"], r["verdict"], r["reviewer"]) for r in row["reviews"]] == [
        ("take", None, "ana"), ("close", "referred", "ana"),
    ]  # fmt: skip


def _json(line: str) -> dict[str, object]:
    import json

    found: dict[str, object] = json.loads(line)
    return found


def test_the_command_line_refuses_what_the_lifecycle_forbids(own: Stack) -> None:
    assert "possible are take" in own.run("review", "d3", "--move", "release", expect=2).err
    assert "needs --verdict" in own.run("review", "d3", expect=2).err
    assert "has no --verdict" in own.run("review", "d3", "--move", "note", "--verdict", "referred", expect=2).err
    assert "in the future" in own.run("review", "d3", "--move", "snooze", "--until", "2026-01-01", expect=2).err


def test_the_audit_of_all_that_is_whole_until_somebody_touches_it(own: Stack) -> None:
    added(own, "adi", "auditor")
    whole = own.run("audit", "verify").out
    head = whole.split()[-1]
    own.run("audit", "verify", "--expect", head)
    own.run("users", "disable", "adi")
    own.run("audit", "verify", "--expect", head)
    rows = {row["name"]: row["disabled"] for row in own.run("users", "list", "--format", "json").rows}
    assert rows["adi"] is True
    import sqlite3

    link = sqlite3.connect(own.directory / "console" / "console.db")
    link.execute("DROP TRIGGER audit_is_not_changed")
    link.execute("UPDATE audit SET subject = 'kepri/d9' WHERE number = 1")
    link.commit()
    link.close()
    told = own.run("audit", "verify", expect=1)
    assert "row 1 was changed" in told.out
    assert "tampered" in told.err


def test_the_indicators_say_how_they_count_and_what_is_not_known(own: Stack) -> None:
    rows = own.run("indicators", "--format", "json").rows
    assert {row["step"] for row in rows} == set(range(1, 9))
    assert all(row["method_id"] and row["method_en"] and row["unknown_id"] and row["unknown_en"] for row in rows)
    assert own.run("indicators", "--format", "csv").out.startswith("step,indicator,area,value,of,unit,withheld")
    assert "non_procedural" in own.run("indicators").out


def test_a_console_without_users_or_stack_says_what_to_do(tmp_path: Path) -> None:
    told = lintas("console", "--dir", tmp_path / "none")
    assert (told.code, "lintas up" in told.err) == (1, True)
    told = lintas("users", "add", "x1", "--role", "king", "--dir", tmp_path / "none")
    assert (told.code, "viewer, analyst" in told.err) == (2, True)
