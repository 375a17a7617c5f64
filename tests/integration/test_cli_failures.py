"""What goes wrong around a command: one clear line on stderr, no traceback, and the documented exit code."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.known import BATAM, write
from tests.integration.stacked import BROKER, Stack, Told, lintas

pytestmark = pytest.mark.stack

NEEDS_STACK = (
    ("wait",),
    ("flags",),
    ("explain", "e1"),
    ("accounting",),
    ("feeds",),
    ("rejected",),
    ("rejected", "--with-payload", "--format", "json"),
    ("review", "e1", "--verdict", "referred"),
    ("replay-rejected",),
    ("rebuild",),
)
GOOD = {
    "event_id": "fail-1",
    "checkpoint_id": BATAM,
    "occurred_at": "2026-03-02T09:30:00+07:00",
    "direction": "out",
    "name": "GAUDENSIA LAKA",
    "birth_date": "1990-03-04",
    "nationality": "KOR",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "crossings.csv", "crossings", [GOOD])


def assert_one_line(told: Told, code: int, *words: str) -> None:
    """Said on stderr in one line, with the words, and ended with the code."""
    assert told.code == code, told
    assert "Traceback" not in told.err + told.out
    said = [line for line in told.err.splitlines() if line.startswith("lintas: ")]
    assert len(said) == 1, told.err
    assert told.err.splitlines()[-1] == said[0], told.err
    assert not told.out, told.out
    for word in words:
        assert word in said[0], (word, said[0])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["frob"], ["frob"]),
        (["up", "--broker", "rabbit"], ["rabbit"]),
        (["up", "--frob"], ["--frob"]),
        (["up", "more"], ["more"]),
        (["down", "more"], ["more"]),
        (["status", "--format", "xml"], ["xml"]),
        (["wait", "--timeout", "soon"], ["--timeout"]),
        (["wait", "--timeout", "-1"], ["--timeout"]),
        (["publish"], ["kind", "crossings"]),
        (["publish", "crossings"], ["file"]),
        (["publish", "weather", "x.csv"], ["weather"]),
        (["publish", "crossings", "no-such.csv"], ["no-such.csv"]),
        (["publish", "crossings", "."], ["."]),
        (["publish", "crossings", "x.csv", "--province", "bali"], ["bali"]),
        (["publish", "departures", "x.csv", "--province", "kepri"], ["--province"]),
        (["simulate"], ["--out"]),
        (["simulate", "--out", "o", "--days", "0"], ["--days"]),
        (["simulate", "--out", "o", "--seed", "x"], ["--seed"]),
        (["simulate", "--out", "o", "--scale", "-1"], ["--scale"]),
        (["simulate", "--out", "o", "--start", "soon"], ["soon"]),
        (["flags", "--province", "bali"], ["bali"]),
        (["flags", "--since", "yesterday"], ["yesterday"]),
        (["flags", "--as-of", "2026-03-02T09:30:00"], ["offset"]),
        (["flags", "--until", "2026-13-01"], ["2026-13-01"]),
        (["flags", "--rule", "X99"], ["X99"]),
        (["flags", "--status", "GUILTY"], ["GUILTY"]),
        (["flags", "--status", "UNVERIFIABLE", "--as-of", "2026-03-02"], ["--as-of"]),
        (["explain"], ["event_id"]),
        (["explain", "e1", "--lang", "fr"], ["fr"]),
        (["explain", "e1", "--format", "csv"], ["csv"]),
        (["accounting", "--format", "xml"], ["xml"]),
        (["feeds", "more"], ["more"]),
        (["rejected", "--province", "kepri", "--registry"], ["--registry"]),
        (["rejected", "--with-payload"], ["json"]),
        (["review", "e1"], ["--verdict"]),
        (["review", "e1", "--verdict", "guilty"], ["guilty"]),
        (["replay-rejected", "--reason", "boredom"], ["boredom"]),
        (["rebuild", "--timeout", "0"], ["--timeout"]),
        (["doctor", "more"], ["more"]),
        (["demo", "--frob"], ["--frob"]),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_two(tmp_path: Path, arguments: list[str], words: list[str]) -> None:
    if arguments[:2] == ["publish", "departures"]:
        (tmp_path / "x.csv").touch()
    assert_one_line(lintas(*arguments, cwd=tmp_path), 2, *words)
    assert not (tmp_path / ".lintas").exists()


@pytest.mark.parametrize("arguments", [*NEEDS_STACK, ("publish", "crossings", "FILE")], ids=" ".join)
@pytest.mark.parametrize("made", [False, True], ids=["never made", "stopped"])
def test_without_a_running_stack_the_line_says_how_to_start_one(
    tmp_path: Path, file: Path, arguments: tuple[str, ...], made: bool, stopped: Path
) -> None:
    where = stopped if made else tmp_path / "none"
    told = lintas(*(str(file) if word == "FILE" else word for word in arguments), "--dir", where)
    assert_one_line(told, 1, "lintas up", str(where))
    assert made or not where.exists()


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a stack that was shut down leaves."""
    where = tmp_path_factory.mktemp("stopped") / "s"
    (where / "clickhouse").mkdir(parents=True)
    (where / "clickhouse" / "lintas.password").write_text("secret\n")
    ports = {"kafka": free_port(), "controller": free_port(), "clickhouse": free_port()}
    (where / "stack.json").write_text(json.dumps({"version": 1, "broker": BROKER, "ports": ports, "partitions": 4}))
    return where


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_down_and_status_of_nothing_say_so(tmp_path: Path) -> None:
    down = lintas("down", "--dir", tmp_path / "none")
    assert (down.code, down.out) == (0, "")
    assert "no stack runs" in down.err
    status = lintas("status", "--dir", tmp_path / "none")
    assert status.code == 1
    assert "Traceback" not in status.err + status.out
    assert "lintas up" in status.err + status.out


@pytest.mark.parametrize(
    "content",
    ["", "{", "null", "[]", "{}", '{"broker": 3}', '{"ports": {"kafka": "x"}}', "\udcff\udcfe", "\0" * 64],
    ids=ascii,
)
def test_a_garbled_stack_file_is_named(tmp_path: Path, file: Path, content: str) -> None:
    where = tmp_path / "s"
    where.mkdir()
    (where / "stack.json").write_bytes(content.encode(errors="surrogateescape"))
    for arguments in (["flags"], ["publish", "crossings", str(file)], ["up", "--detach"], ["status"], ["down"]):
        told = lintas(*arguments, "--dir", where)
        assert told.code == 1, told
        assert "stack.json" in told.err
        assert "Traceback" not in told.err
        assert told.err.count("\n") == 1, told.err


def test_a_directory_that_is_a_file_cannot_be_used(tmp_path: Path) -> None:
    where = tmp_path / "file"
    where.write_text("I am a file")
    for arguments in (["up"], ["up", "--detach"]):
        assert_one_line(lintas(*arguments, "--dir", where), 1, str(where))
    assert_one_line(lintas("simulate", "--out", where), 1, str(where))
    assert_one_line(lintas("flags", "--dir", where), 1, str(where))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_without_rights_cannot_be_used(tmp_path: Path) -> None:
    where = tmp_path / "closed"
    where.mkdir(mode=0o500)
    assert_one_line(lintas("up", "--dir", where / "s"), 1, str(where))
    assert_one_line(lintas("simulate", "--out", where / "o"), 1, str(where))


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for name in ("KAFKA", "CLICKHOUSE"):
            for more in ([], ["--detach"]):
                told = lintas(
                    "up", *more, "--broker", BROKER, "--dir", tmp_path / "s", env={f"LINTAS_PORT_{name}": port}
                )
                assert told.code == 1, told
                assert port in told.err
                assert f"LINTAS_PORT_{name}" in told.err
                assert "Traceback" not in told.err


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        ("LINTAS_PORT_KAFKA", "high", 2),
        ("LINTAS_PORT_KAFKA", "70000", 2),
        ("LINTAS_PARTITIONS", "many", 2),
        ("LINTAS_CLICKHOUSE", "nowhere", 2),
        ("LINTAS_BROKER_KIND", "rabbit", 2),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(tmp_path: Path, variable: str, value: str, code: int) -> None:
    told = lintas("up", "--broker", BROKER, "--dir", tmp_path / "s", env={variable: value})
    if variable in ("LINTAS_CLICKHOUSE", "LINTAS_BROKER_KIND"):  # a local stack does not use them, its readers do
        told = lintas("flags", "--dir", tmp_path / "s", env={variable: value})
    assert_one_line(told, code, variable)


@pytest.mark.parametrize(
    "content",
    [None, b"", b"short", b"\xff\xfe\x00", b"kid:!!!!", b"x" * 2_000_000],
    ids=["none", "empty", "short", "binary", "no base32", "large"],
)
def test_a_key_file_that_cannot_be_read_is_named_and_not_shown(
    stack: Stack, tmp_path: Path, file: Path, content: bytes | None
) -> None:
    key = tmp_path / "linkage.key"
    if content is not None:
        key.write_bytes(content)
    for more in ([], ["--dry-run"]):
        told = lintas("publish", "crossings", file, *more, "--dir", stack.directory, env={"LINTAS_KEY_FILE": str(key)})
        assert_one_line(told, 1, str(key))
        assert content is None or len(content) < 5 or content.decode(errors="replace") not in told.err


@pytest.mark.parametrize("arguments", [("flags",), ("wait",)], ids=" ".join)
def test_a_remote_installation_that_does_not_answer_is_named(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    nobody = {"LINTAS_KAFKA": f"127.0.0.1:{free_port()}", "LINTAS_CLICKHOUSE": f"127.0.0.1:{free_port()}"}
    told = lintas(*arguments, "--dir", tmp_path / "s", env=nobody)
    assert told.code == 1, told
    assert "Traceback" not in told.err
    assert any(name in told.err for name in ("Kafka", "ClickHouse", "127.0.0.1")), told.err


def test_an_event_that_is_not_known_ends_with_one(stack: Stack) -> None:
    for arguments in (["explain", "no-such"], ["review", "no-such", "--verdict", "referred"]):
        assert_one_line(lintas(*arguments, "--dir", stack.directory), 1, "no-such")


def test_the_refused_file_that_cannot_be_written_ends_the_command(stack: Stack, tmp_path: Path) -> None:
    file = write(tmp_path / "c.csv", "crossings", [GOOD | {"direction": "sideways"}])
    (tmp_path / "c.csv.refused.csv").mkdir()
    told = lintas("publish", "crossings", file, "--dir", stack.directory)
    assert told.code == 1, told
    assert "refused" in told.err
    assert "Traceback" not in told.err


def test_a_second_up_says_that_the_stack_runs_already(stack: Stack) -> None:
    for more in ([], ["--detach"]):
        told = lintas("up", *more, "--dir", stack.directory)
        assert told.code == 0
        assert "already running" in told.err
    other = {"kafka": "embedded", "embedded": "kafka"}[BROKER]
    told = lintas("up", "--broker", other, "--dir", stack.directory)
    assert "already running" in told.err or told.code == 1


def test_a_reader_that_has_enough_ends_the_list_quietly(stack: Stack, tmp_path: Path) -> None:
    rows = [GOOD | {"event_id": f"pipe-{n}", "birth_date": f"19{n % 60 + 20}-01-01"} for n in range(3_000)]
    stack.publish("crossings", write(tmp_path / "c.csv", "crossings", rows))
    stack.wait()
    command = f"{sys.executable} -m lintas flags --status any --format json --dir {stack.directory} | head -n 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done
    assert done.stderr == b""
    assert done.stdout.count(b"\n") == 1


@pytest.fixture(autouse=True)
def nothing_is_left_behind(tmp_path: Path) -> Iterator[None]:
    """No test of this module may leave a stack running."""
    yield
    for file in tmp_path.rglob("stack.json"):
        lintas("down", "--dir", file.parent)
