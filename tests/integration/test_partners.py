"""What partners are told to do works as it is written, and what they are told afterwards is true."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from lintas.stack.ports import free_ports
from schemas.vocabulary import Province
from sinks.receipts import Day, zone_of
from tests.integration.gatewayed import fuzz, running_gateway
from tests.integration.known import BATAM, write
from tests.integration.stacked import Stack, clean_environment, lintas

pytestmark = pytest.mark.stack

ALONE = "ID-21-BLP"
"""A post that no other test has crossings of."""
DOCS = Path(__file__).parents[2] / "docs" / "partners"


def test_the_walk_through_runs_as_it_stands(stack: Stack, tmp_path: Path) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", (DOCS / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 7
    (port,) = free_ports(1)
    env = {
        "LINTAS_DIR": str(stack.directory.absolute()),
        "PORT": str(port),
        "DOCS": str(DOCS),
        "KAFKA": stack.kafka,
        "LINKAGE_KEY": str(stack.directory.absolute() / "keys" / "linkage.key"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    script = "set -euo pipefail\ntrap 'kill %1 2>/dev/null || true' EXIT\n" + "\n".join(blocks)
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=clean_environment(env), capture_output=True, text=True, timeout=240,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 pass, 0 fail" in done.stdout
    assert "PARTNER-KAFKA-1 is acknowledged" in done.stdout
    accepted = stack.flags("PARTNER-")
    assert {"PARTNER-1", "PARTNER-2", "PARTNER-KAFKA-1"} == accepted.keys()
    with stack.tables() as client:
        sql = "SELECT DISTINCT block, document_token FROM crossings WHERE event_id IN ('PARTNER-1', 'PARTNER-KAFKA-1')"
        assert len(client.execute(sql)) == 1, "tokens by the standard library are other than ours"


def crossing(event_id: str, **more: Any) -> dict[str, Any]:
    return {
        "event_id": event_id, "checkpoint_id": BATAM, "occurred_at": "2026-03-02T09:30:00+07:00", "direction": "out",
        "name": "MARIA CONTOH", "birth_date": "1998-05-17",
    } | more  # fmt: skip


def days_of(stack: Stack, tmp_path: Path) -> list[tuple[Path, list[dict[str, Any]]]]:
    """The receipts of Kepri of yesterday and today: the test may run over midnight."""
    found = []
    today = datetime.now(UTC).astimezone(zone_of(Province.KEPRI)).date()
    for day in (today - timedelta(days=1), today):
        told = stack.run("receipts", "--province", "kepri", "--day", day.isoformat(), "--format", "json")
        file = tmp_path / f"{day}.jsonl"
        file.write_text(told.out)
        found.append((file, told.rows))
    return found


def test_every_record_has_a_receipt_and_a_day_of_them_is_signed(stack: Stack, tmp_path: Path) -> None:
    rows = [crossing("REC-1"), crossing("REC-1"), crossing("REC-2", direction="up")]
    stack.publish("crossings", write(tmp_path / "receipts.csv", "crossings", rows), expect=3)
    producer = KafkaProducer(bootstrap_servers=stack.kafka)
    foreign = json.dumps(
        {"record": "transit_event", "event_id": "REC-3", "province": "kepri", "checkpoint_id": "NOWHERE"}
    )
    producer.send("transit.kepri", key=b"k", value=foreign.encode())
    producer.close()
    stack.wait()
    first = stack.run("receipts", "--province", "kepri", "--event", "REC-1", "--format", "json").rows
    assert [(one["outcome"], one["assessed"]) for one in first] == [("accepted", True), ("duplicate", False)]
    told = lintas("receipts", "--province", "kalbar", "--event", "REC-1", "--dir", stack.directory)
    assert (told.code, "has sent nothing by that id" in told.err) == (1, True)
    days = days_of(stack, tmp_path)
    totals = [rows[-1] for _, rows in days]
    counts = {name: sum(one[name] for one in totals) for name in ("published", "accepted", "duplicate", "rejected")}
    account = stack.accounting()["kepri"]
    assert counts["published"] == account["published"]
    assert (counts["accepted"], counts["duplicate"], counts["rejected"]) == (
        account["assessed"],
        account["duplicate"],
        account["rejected"],
    )
    codes = {receipt["code"] for _, rows in days for receipt in rows[:-1]}
    assert {"unknown_value", "missing_field"} <= codes
    for file, _ in days:
        assert stack.run("receipts", "--verify", file).out.startswith("valid: kepri")


def test_receipts_that_were_changed_are_not_valid(stack: Stack, tmp_path: Path) -> None:
    rows = [crossing("VER-1"), crossing("VER-2")]
    stack.publish("crossings", write(tmp_path / "receipts.csv", "crossings", rows))
    stack.wait()
    file = next(file for file, rows in days_of(stack, tmp_path) if len(rows) > 2)
    text = file.read_text()
    lines = text.splitlines()
    for changed in (
        text.replace('"accepted"', '"duplicate"', 1),
        "\n".join(lines[1:]),
        "\n".join([lines[0], *lines]),
        text.replace('"published":', '"published":1', 1),
        "\n".join(lines[:-1]),
        text + lines[0],
    ):
        file.write_text(changed)
        told = lintas("receipts", "--verify", file, "--dir", stack.directory)
        assert (told.code, told.out) == (1, "")
        assert "not valid" in told.err
    file.write_text(text)
    other = tmp_path / "other"
    other.mkdir()
    assert lintas("receipts", "--verify", file, "--dir", other).code == 1
    assert stack.run("receipts", "--verify", file).code == 0


def test_a_gateway_gives_a_province_its_own_receipts(stack: Stack, tmp_path: Path) -> None:
    click = {
        "LINTAS_CLICKHOUSE": f"127.0.0.1:{stack.ports['clickhouse']}",
        "LINTAS_CLICKHOUSE_USER": "analyst",
        "LINTAS_CLICKHOUSE_PASSWORD_FILE": str(stack.directory / "clickhouse" / "analyst.password"),
    }
    with running_gateway(tmp_path / "g", stack.kafka, "--rate", "1000", "--burst", "9999", more=click) as gateway:
        kepri, kalbar = gateway.key("--province", "kepri"), gateway.key("--province", "kalbar")
        assert gateway.post("crossings", crossing("GATE-1"), kepri).status == 200
        refused = gateway.post("crossings", crossing("GATE-2", direction="up"), kepri).results[0]["digest"]
        stack.wait()
        for asked, outcome in (("GATE-1", "accepted"), (refused, "rejected")):
            reply = gateway.ask(f"/v1/receipts?event={asked}", key=kepri)
            assert (reply.status, json.loads(reply.body.splitlines()[0])["outcome"]) == (200, outcome)
            assert gateway.ask(f"/v1/receipts?event={asked}", key=kalbar).body == b""
        *_, total = [json.loads(line) for line in gateway.ask("/v1/receipts", key=kepri).body.splitlines()]
        assert (total["kind"], total["province"], "signature" in total) == ("total", "kepri", False)
        fuzz(gateway, {"receipts": kepri}, tmp_path, "--include-path", "/v1/receipts", "--max-time", "12")
        assert gateway.ask("/v1/receipts").status == 401
        assert gateway.ask("/v1/receipts", key=gateway.key("--for", "registry")).status == 403
        for day in ("2026-13-01", "0", "20261103", "2026-W45-2", "9999-12-31", "0001-01-01"):
            assert gateway.ask(f"/v1/receipts?day={day}", key=kepri).status == 422


def test_feeds_say_how_well_a_checkpoint_delivers(stack: Stack, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    ahead = (now + timedelta(minutes=10)).isoformat(timespec="seconds")
    rows = [
        crossing("FEED-1", checkpoint_id=ALONE, device_id="g", sequence=1, mode="sea", occurred_at=now.isoformat()),
        crossing("FEED-2", checkpoint_id=ALONE, device_id="g", sequence=5, occurred_at=ahead),
    ]
    file = write(tmp_path / "feeds.csv", "crossings", rows)
    for _ in range(2):
        stack.publish("crossings", file)
    stack.wait()
    told = stack.run("feeds", "--quality", "--province", "kepri", "--format", "json").rows
    mine = {(one["measure"], one["name"]): one["value"] for one in told if one["checkpoint_id"] == ALONE}
    assert (mine["events", ""], mine["duplicates", ""], mine["contract", "v1"]) == (2, 2, 4)
    assert (mine["completeness", "mode"], mine["completeness", "sex"], mine["completeness", "device_id"]) == (0.5, 0, 1)
    assert mine["missing_numbers", "g"] == 3
    assert 500 < mine["ahead_seconds", ""] <= 600
    assert mine["delay_p50_seconds", ""] < mine["delay_p95_seconds", ""] < 120
    assert 0 <= mine["silence_seconds", ""] < 120
    assert sum(name == "linkage_key" for name, _ in mine) == 1
    assert any(one["measure"] == "rejected" and one["checkpoint_id"] == "" for one in told)


def test_conformance_tells_line_by_line_and_needs_no_key(tmp_path: Path) -> None:
    rows = [
        crossing("C-1", device_id="g", sequence=1),
        crossing("C-1", device_id="g", sequence=2),
        crossing("C-3", device_id="g", sequence=4),
        crossing("C-4", occurred_at="2026-03-02T09:30:00"),
        crossing("C-5", occurred_at="2090-03-02T09:30:00+07:00"),
        crossing("C-6", purpose="fun"),
    ]
    write(tmp_path / "c.csv", "crossings", rows)
    told = lintas("conformance", "--file", tmp_path / "c.csv")
    assert told.code == 3
    heads = [line.split(":")[0] for line in told.out.splitlines()]
    assert heads == [
        "pass  line 2", "FAIL  line 3", "pass  line 4", "FAIL  line 5", "FAIL  line 6", "FAIL  line 7",
        "FAIL  device 'g' counts without a gap", "2 pass, 5 fail",
    ]  # fmt: skip
    good = lintas("conformance", "--file", write(tmp_path / "d.jsonl", "crossings", [crossing("D-1")]))
    assert (good.code, good.out) == (0, "pass  line 2\n1 pass, 0 fail\n".replace("2", "1", 1))


def test_a_day_ends_at_midnight_in_the_province() -> None:
    kaltara = Day.of(Province.KALTARA, datetime(2026, 11, 3, tzinfo=UTC).date())
    assert (kaltara.since.isoformat(), kaltara.until.isoformat()) == (
        "2026-11-02T16:00:00+00:00",
        "2026-11-03T16:00:00+00:00",
    )
    kepri = Day.of(Province.KEPRI, kaltara.day)
    assert kepri.since - kaltara.since == timedelta(hours=1)
