"""The command line from outside, without a stack: exit codes, and one clear line for whatever is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lintas.cli import boundary
from lintas.cli.app import app
from lintas.cli.boundary import run
from lintas.cli.shell import Shell
from lintas.keys import ensure_key
from schemas.vocabulary import Province

NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)
COMMANDS = {
    *("up", "down", "status", "wait", "publish", "simulate", "flags", "explain", "accounting", "feeds"),
    *("rejected", "replay-rejected", "review", "suppress", "suppressions", "rebuild", "doctor", "demo"),
    *("map", "scan", "watch", "clusters", "cases", "console", "indicators", "conformance", "receipts"),
}
OF_NO_STACK = {"conformance", "map"}
NEEDS_A_STACK = (
    ("status",),
    ("wait",),
    ("flags",),
    ("explain", "E-1"),
    ("accounting",),
    ("clusters",),
    ("feeds",),
    ("feeds", "--quality"),
    ("receipts", "--province", "kepri"),
    ("rejected",),
    ("rejected", "--with-payload", "--format", "json"),
    ("replay-rejected",),
    ("review", "E-1", "--verdict", "confirmed", "--note", "seen"),
    ("suppress", "E-1", "--rule", "R08", "--reason", "seen", "--until", "2026-12-01"),
    ("suppressions",),
    ("policy", "list"),
    ("rebuild",),
    ("cases",),
    ("indicators",),
    ("console",),
)
HEADER = "event_id,checkpoint_id,occurred_at,direction,name,birth_date,document_type,document_number\n"
GOOD = "E-{},ID-21-BTC,2026-03-02T09:00:00+07:00,out,TOKEN PERSON,1990-01-0{},passport,X00000{}\n"
BAD = "E-9,ID-21-BTC,2026-03-02 09:00:00,out,TOKEN PERSON,1990-01-02,passport,X000009\n"

Told = tuple[int, str, str]
Cli = Callable[..., Told]


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command in a directory of its own: exit code, stdout, stderr."""

    def call(*arguments: str, **env: str) -> Told:
        told = {"LINTAS_DIR": str(tmp_path / "stack"), "HOME": str(tmp_path), "PATH": os.environ["PATH"], **env}
        code = run(arguments, Shell(env=told, clock=lambda: NOW))
        out, err = capsys.readouterr()
        return code, out, err

    return call


def one_line(err: str) -> str:
    lines = err.splitlines()
    assert len(lines) == 1, err
    assert lines[0].startswith("lintas: ")
    return lines[0]


def crossings(path: Path, *rows: str) -> Path:
    path.write_text(HEADER + "".join(rows), encoding="utf-8")
    return path


def good(number: int) -> str:
    return GOOD.format(number, number, number)


def test_every_command_is_there_and_has_help(cli: Cli) -> None:
    assert {command.name or command.callback.__name__ for command in app.registered_commands if command.callback} == (
        COMMANDS
    )
    for name in COMMANDS:
        code, out, err = cli(name, "--help")
        assert (code, err) == (0, "")
        assert out.startswith(f"Usage: lintas {name}")
        assert ("--dir" in out) is (name not in OF_NO_STACK)


def test_help_does_not_load_what_it_does_not_need() -> None:
    heavy = ("kafka", "clickhouse_driver", "faust", "openpyxl", "chdb", "producers", "streams", "sinks")
    program = (
        "import sys; from lintas.cli.boundary import run; from lintas.cli.shell import Shell;"
        "code = run(['--help'], Shell(env={}, clock=None));"
        f"loaded = [name for name in {heavy!r} if name in sys.modules]; sys.exit(str(loaded) if loaded else code)"
    )
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("publish",),
        ("publish", "nonsense", "file.csv"),
        ("publish", "crossings", "there-is-none.csv"),
        ("publish", "departures", __file__, "--province", "kepri"),
        ("flags", "--status", "NONSENSE"),
        ("flags", "--province", "bali"),
        ("flags", "--since", "yesterday"),
        ("flags", "--since", "2026-03-02T10:00:00"),
        ("flags", "--rule", "first"),
        ("flags", "--status", "UNVERIFIABLE", "--as-of", "2026-03-02"),
        ("explain",),
        ("review", "E-1", "--verdict", "guilty"),
        ("rejected", "--province", "kepri", "--registry"),
        ("rejected", "--with-payload"),
        ("simulate",),
        ("simulate", "--out", "x", "--days", "0"),
        ("simulate", "--out", "x", "--start", "soon"),
        ("up", "--broker", "rabbit"),
        ("wait", "--timeout", "-1"),
    ],
)
def test_a_command_that_is_called_wrongly_says_so_in_one_line_and_ends_with_2(
    cli: Cli, arguments: tuple[str, ...]
) -> None:
    code, out, err = cli(*arguments)
    assert (code, out) == (2, "")
    one_line(err)


@pytest.mark.parametrize("arguments", NEEDS_A_STACK, ids=" ".join)
def test_without_a_stack_a_command_says_how_to_start_one_and_ends_with_1(cli: Cli, arguments: tuple[str, ...]) -> None:
    code, out, err = cli(*arguments)
    assert (code, out) == (1, "")
    assert "lintas up" in one_line(err)


@pytest.mark.parametrize("arguments", NEEDS_A_STACK, ids=" ".join)
@pytest.mark.parametrize("text", ["", "{", "[]", '{"broker": "kafka"}', '{"broker":1,"ports":{},"partitions":0}'])
def test_a_damaged_settings_file_is_named_in_one_line(
    cli: Cli, tmp_path: Path, arguments: tuple[str, ...], text: str
) -> None:
    (tmp_path / "stack").mkdir()
    (tmp_path / "stack" / "stack.json").write_text(text, encoding="utf-8")
    code, out, err = cli(*arguments)
    assert (code, out) == (1, "")
    assert "stack.json is damaged" in one_line(err)


def test_down_without_a_stack_says_so_and_is_content(cli: Cli) -> None:
    code, out, err = cli("down")
    assert (code, out) == (0, "")
    assert "no stack runs in" in err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LINTAS_PARTITIONS", "many"),
        ("LINTAS_PARTITIONS", "0"),
        ("LINTAS_REPLICATION", "-1"),
        ("LINTAS_CLICKHOUSE", "localhost"),
        ("LINTAS_BROKER_KIND", "rabbit"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(cli: Cli, name: str, value: str) -> None:
    code, _, err = cli("accounting", **{name: value})
    assert code == 2
    assert name in one_line(err)


def test_a_dry_run_needs_a_key_but_no_stack(cli: Cli, tmp_path: Path) -> None:
    file = crossings(tmp_path / "c.csv", good(1), good(2))
    code, _, err = cli("publish", "crossings", str(file), "--dry-run")
    assert code == 1
    assert "linkage key" in one_line(err)

    ensure_key(tmp_path / "k")
    code, out, err = cli("publish", "crossings", str(file), "--dry-run", LINTAS_KEY_FILE=str(tmp_path / "k"))
    assert (code, out, err) == (0, "c.csv: 2 of 2 rows would be published\n", "")


def test_refused_rows_are_counted_by_reason_and_the_exit_code_says_so(cli: Cli, tmp_path: Path) -> None:
    ensure_key(tmp_path / "k")
    key = {"LINTAS_KEY_FILE": str(tmp_path / "k")}
    some = crossings(tmp_path / "some.csv", good(1), BAD)
    code, out, err = cli("publish", "crossings", str(some), "--dry-run", **key)
    assert (code, out) == (3, "some.csv: 1 of 2 rows would be published\n  refused 1 naive_time\n")
    assert "some.csv.refused.csv" in err

    none = crossings(tmp_path / "none.csv", BAD)
    code, out, _ = cli("publish", "crossings", str(none), "--dry-run", **key)
    assert (code, out.splitlines()[0]) == (1, "none.csv: 0 of 1 rows would be published")


@pytest.mark.parametrize("text", ["", "no key", "kid: a\nsecret: c2hvcnQ=\n"])
def test_a_key_file_that_is_none_is_named_without_its_content(cli: Cli, tmp_path: Path, text: str) -> None:
    file = crossings(tmp_path / "c.csv", good(1))
    (tmp_path / "k").write_text(text, encoding="utf-8")
    code, _, err = cli("publish", "crossings", str(file), "--dry-run", LINTAS_KEY_FILE=str(tmp_path / "k"))
    assert code == 1
    line = one_line(err)
    assert str(tmp_path / "k") in line
    assert "c2hvcnQ" not in line


def test_a_directory_that_cannot_be_made_is_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    code, _, err = cli("up", "--dir", str(tmp_path / "file" / "stack"), "--broker", "embedded", "--detach")
    assert code == 1
    assert "choose another --dir" in one_line(err)


def test_simulated_files_go_where_they_should(cli: Cli, tmp_path: Path) -> None:
    code, out, err = cli("simulate", "--out", str(tmp_path / "s"), "--days", "2", "--rate", "0", "--scale", "0.1")
    assert (code, out) == (0, "")
    assert "crossings" in err
    names = {path.name for path in (tmp_path / "s").iterdir()}
    assert {f"crossings-{province.value}.csv" for province in Province} < names
    assert {"departures.csv", "heartbeats.csv", "reports.csv", "truth.jsonl"} < names
    assert all(json.loads(line) for line in (tmp_path / "s" / "truth.jsonl").read_text(encoding="utf-8").splitlines())


def test_a_defect_leaves_one_line_and_its_traceback_in_a_file_of_its_owner(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        message = "row of a person"
        raise ZeroDivisionError(message)

    monkeypatch.setattr(boundary.typer.main, "get_command", lambda _: type("Command", (), {"main": broken})())
    code, out, err = cli("flags")
    assert (code, out) == (1, "")
    file = tmp_path / "stack" / "log" / "traceback.txt"
    assert str(file) in one_line(err)
    assert "row of a person" not in err
    told = file.read_text(encoding="utf-8")
    assert "ZeroDivisionError" in told
    assert "Traceback" in told
    assert "row of a person" not in told
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_doctor_names_what_is_missing_and_how_to_mend_it(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "k").write_text("kid: a\nsecret: AAAA\n", encoding="utf-8")
    code, out, _ = cli("doctor", "--format", "json", LINTAS_KEY_FILE=str(tmp_path / "k"))
    found = {row["check"]: row for row in map(json.loads, out.splitlines())}
    assert code == 1
    assert found["linkage key"]["state"] == "fail"
    assert found["linkage key"]["mend"]
    assert found["policy"]["state"] == "ok"
    assert found["stack"]["state"] == "warn"
