"""The supervisor over small programs: it restarts what crashes, and leaves nothing behind however it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lintas.stack.control import StopReport, is_running, spawn_detached, stop, wait_until_up
from lintas.stack.errors import PartFailed
from lintas.stack.parts import Child, Part, last_lines
from lintas.stack.ports import LOOPBACK, free_ports
from lintas.stack.processes import ProcessId, group_is_alive, identify, is_alive
from lintas.stack.state import Phase, StackState, Status, holding, read_events, read_state, run_directory

pytestmark = pytest.mark.stack

SLEEP = "import time; time.sleep(600)"
SERVE = "import socket, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('deaf', 'w').close(); time.sleep(600)"
NOTE = "import time; open('order', 'a').write('{name} '); {then}"
PARENT = (
    "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    "open('child', 'w').write(str(p.pid)); time.sleep(600)"
)

Told = dict[str, object]


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    stop(tmp_path, 20)


def launch(directory: Path, *parts: Told) -> int:
    argv = [sys.executable, "-m", "tests.integration.supervised", str(directory), "small", json.dumps(parts)]
    return spawn_detached(argv, directory / "supervisor.log")


def up(directory: Path, *parts: Told, timeout_seconds: float = 60) -> StackState:
    pid = launch(directory, *parts)
    return wait_until_up(directory, pid, directory / "supervisor.log", timeout_seconds=timeout_seconds)


def until(claim: Callable[[], bool], timeout_seconds: float = 30) -> None:
    end = time.monotonic() + timeout_seconds
    while not claim():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


def process_of(directory: Path, name: str) -> ProcessId | None:
    state = read_state(directory)
    assert state is not None
    return next(part.process for part in state.parts if part.name == name)


def running(directory: Path, name: str) -> ProcessId:
    found = process_of(directory, name)
    assert found is not None
    return found


def test_parts_come_up_after_those_they_need_and_stop_without_a_trace(directory: Path) -> None:
    (port,) = free_ports(1)
    state = up(
        directory,
        {"name": "server", "code": SERVE.format(port=port), "port": port},
        {"name": "task", "code": NOTE.format(name="task", then="time.sleep(0.5); open('made', 'w')"), "once": True},
        {"name": "user", "code": f"open('made'); {SLEEP}", "after": ["server", "task"]},
    )
    assert [part.status for part in state.parts] == [Status.READY, Status.DONE, Status.READY]
    assert is_running(directory)
    left = [state.supervisor, *(part.process for part in state.parts if part.process)]
    assert len(left) == 3

    assert stop(directory) == StopReport(was_running=True, killed=())
    assert not is_running(directory)
    assert not any(is_alive(process) for process in left)
    after = read_state(directory)
    assert after is not None
    assert after.phase is Phase.STOPPED
    ended = [event.part for event in read_events(directory) if event.what == "stopped"]
    assert ended == ["user", "server"]
    assert stop(directory) == StopReport(was_running=False)


def test_a_part_that_is_killed_comes_back_and_the_log_says_so(directory: Path) -> None:
    before = up(directory, {"name": "one", "code": SLEEP}, {"name": "two", "code": SLEEP})
    one, two = running(directory, "one"), running(directory, "two")
    os.kill(one.pid, signal.SIGKILL)
    until(lambda: process_of(directory, "one") not in (None, one) and read_state(directory).parts[0].status == "ready")  # type: ignore[union-attr]

    state = read_state(directory)
    assert state is not None
    assert (state.supervisor, state.phase) == (before.supervisor, Phase.UP)
    assert (state.parts[0].restarts, state.parts[0].last_exit) == (1, -signal.SIGKILL)
    assert running(directory, "two") == two
    crash, *later = [event for event in read_events(directory) if event.part == "one"][2:]
    assert (crash.what, crash.pid, crash.exit_code) == ("ended by itself", one.pid, -signal.SIGKILL)
    assert "next start in 0.5 s" in crash.detail
    assert [event.what for event in later] == ["restarted", "ready"]


def test_a_part_that_ends_in_peace_unasked_is_started_again_with_longer_waits(directory: Path) -> None:
    up(directory, {"name": "short", "code": "import time; time.sleep(0.3)"})
    until(lambda: sum(event.what == "ended by itself" for event in read_events(directory)) >= 3)
    waits = [event.detail for event in read_events(directory) if event.what == "ended by itself"]
    assert waits[:3] == ["next start in 0.5 s", "next start in 1 s", "next start in 2 s"]
    assert is_running(directory)


def test_a_part_that_never_comes_up_ends_the_start_with_the_end_of_its_log(directory: Path) -> None:
    with pytest.raises(PartFailed, match=r"(?s)broken did not come up in 5 attempts: .*exit code 3.*no such thing"):
        up(
            directory,
            {"name": "well", "code": SLEEP},
            {"name": "broken", "code": "import sys; print('no such thing'); sys.exit(3)", "once": True},
        )
    until(lambda: not is_running(directory))
    assert read_state(directory).phase is Phase.FAILED  # type: ignore[union-attr]
    assert process_of(directory, "well") is None


def test_a_port_in_use_is_named(directory: Path) -> None:
    (port,) = free_ports(1)
    with (
        socket.create_server((LOOPBACK, port)),
        pytest.raises(PartFailed, match=f"port {port} is used by another program"),
    ):
        up(directory, {"name": "server", "code": SERVE.format(port=port), "port": port})


def test_a_second_supervisor_on_one_directory_is_refused_and_harms_nothing(directory: Path) -> None:
    first = up(directory, {"name": "one", "code": SLEEP})
    second = launch(directory, {"name": "one", "code": SLEEP})
    with pytest.raises(PartFailed, match=rf"AlreadyRunning: a stack runs on .*\(pid {first.supervisor.pid}\)"):
        wait_until_up(directory, second, directory / "supervisor.log", timeout_seconds=20)
    assert read_state(directory) == first
    assert is_alive(running(directory, "one"))


def test_a_part_deaf_to_sigterm_is_killed_after_its_grace(directory: Path) -> None:
    up(directory, {"name": "deaf", "code": DEAF, "stop_seconds": 0.5})
    until((directory / "deaf").exists)
    deaf = running(directory, "deaf")
    assert stop(directory) == StopReport(was_running=True)
    assert not is_alive(deaf)
    event = next(event for event in read_events(directory) if event.part == "deaf" and "was killed" in event.what)
    assert event.exit_code == -signal.SIGKILL


@pytest.mark.parametrize("code", [SLEEP, DEAF, PARENT])
def test_a_supervisor_that_is_killed_leaves_no_process(directory: Path, code: str) -> None:
    state = up(directory, {"name": "one", "code": code, "stop_seconds": 1}, {"name": "two", "code": SLEEP})
    if code is DEAF:
        until((directory / "deaf").exists)
    parts = [running(directory, "one"), running(directory, "two")]
    child = None
    if code is PARENT:
        until(lambda: (directory / "child").is_file() and (directory / "child").read_text() != "")
        child = identify(int((directory / "child").read_text()))
        assert child is not None
    guard = guard_of(state.supervisor)

    os.kill(state.supervisor.pid, signal.SIGKILL)
    until(lambda: not any(group_is_alive(part) for part in parts), 15)
    assert child is None or not is_alive(child)
    until(lambda: not is_alive(guard), 15)


def guard_of(supervisor: ProcessId) -> ProcessId:
    children = Path(f"/proc/{supervisor.pid}/task/{supervisor.pid}/children")
    if not children.is_file():
        pytest.skip("this system does not list a process's children in /proc")
    for pid in children.read_text().split():
        found = identify(int(pid))
        if found and b"lintas.stack.guard" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return found
    pytest.fail("the supervisor has no guard")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the guard alone ends the parts of a dead supervisor")
def test_parts_end_even_if_guard_and_supervisor_are_killed_together(directory: Path) -> None:
    state = up(directory, {"name": "one", "code": SLEEP})
    one, guard = running(directory, "one"), guard_of(state.supervisor)
    os.kill(guard.pid, signal.SIGKILL)
    os.kill(state.supervisor.pid, signal.SIGKILL)
    until(lambda: not is_alive(one), 10)


def test_a_guard_that_is_killed_is_replaced(directory: Path) -> None:
    state = up(directory, {"name": "one", "code": DEAF, "stop_seconds": 1})
    until((directory / "deaf").exists)
    guard = guard_of(state.supervisor)
    os.kill(guard.pid, signal.SIGKILL)
    until(lambda: not is_alive(guard))
    time.sleep(0.5)
    assert guard_of(state.supervisor) != guard
    one = running(directory, "one")
    os.kill(state.supervisor.pid, signal.SIGKILL)
    until(lambda: not is_alive(one), 15)


def test_stop_ends_what_a_killed_supervisor_left(directory: Path) -> None:
    state = up(directory, {"name": "one", "code": DEAF, "stop_seconds": 600})
    until((directory / "deaf").exists)
    one = running(directory, "one")
    os.kill(state.supervisor.pid, signal.SIGKILL)
    until(lambda: not is_running(directory))
    assert is_alive(one)  # it is deaf, and its grace is long
    report = stop(directory)
    assert report == StopReport(was_running=True, killed=("one",))
    assert not is_alive(one)


def test_stop_kills_a_supervisor_that_hangs(directory: Path) -> None:
    state = up(directory, {"name": "one", "code": SLEEP})
    one = running(directory, "one")
    os.kill(state.supervisor.pid, signal.SIGSTOP)
    report = stop(directory, 0.5)
    assert report.was_running
    assert "supervisor" in report.killed
    assert not is_alive(state.supervisor)
    assert not is_alive(one)


def test_a_new_supervisor_ends_what_a_killed_one_left(directory: Path) -> None:
    state = up(directory, {"name": "one", "code": DEAF, "stop_seconds": 600})
    until((directory / "deaf").exists)
    one = running(directory, "one")
    os.kill(state.supervisor.pid, signal.SIGKILL)
    until(lambda: not is_running(directory))
    up(directory, {"name": "other", "code": SLEEP})
    assert not is_alive(one)
    assert any("of an earlier run" in event.what for event in read_events(directory))


def test_the_children_of_a_crashed_part_are_swept_up_before_it_is_started_again(directory: Path) -> None:
    up(directory, {"name": "parent", "code": PARENT})
    until(lambda: (directory / "child").is_file() and (directory / "child").read_text() != "")
    child = identify(int((directory / "child").read_text()))
    assert child is not None
    os.kill(running(directory, "parent").pid, signal.SIGKILL)
    until(lambda: any(event.what == "restarted" for event in read_events(directory)))
    assert not is_alive(child)


def test_a_ctrl_c_in_the_terminal_reaches_the_supervisor_alone(directory: Path) -> None:
    argv = [sys.executable, "-m", "tests.integration.supervised", str(directory), "small"]
    told = json.dumps(
        [{"name": "one", "code": f"import signal; signal.signal(2, lambda *_: open('hit', 'w')); {SLEEP}"}]
    )
    with (directory / "supervisor.log").open("ab") as log:
        process = subprocess.Popen([*argv, told], stdout=log, stderr=log, start_new_session=True)
    wait_until_up(directory, process.pid, directory / "supervisor.log", timeout_seconds=30)
    one = running(directory, "one")
    os.killpg(process.pid, signal.SIGINT)  # what a terminal does
    assert process.wait(20) == 0
    assert not is_alive(one)
    assert not (directory / "hit").exists()


def test_a_command_that_does_not_exist_says_so_in_its_log(tmp_path: Path) -> None:
    child = Child(Part(name="none", argv=("/no/such/program",), log=tmp_path / "log"))
    until(lambda: child.exit_code() is not None)
    assert child.exit_code() == 127
    assert last_lines(tmp_path / "log") == "cannot run /no/such/program: No such file or directory"


def test_a_state_that_cannot_be_written_does_not_keep_parts_alive(directory: Path) -> None:
    state = up(directory, {"name": "one", "code": SLEEP})
    one = running(directory, "one")
    (directory / "run").rename(directory / "away")
    os.kill(state.supervisor.pid, signal.SIGTERM)
    until(lambda: not is_alive(state.supervisor))
    assert not is_alive(one)
    assert "cannot write" in (directory / "supervisor.log").read_text()


def test_a_part_that_is_held_stays_down_until_it_is_let_go(directory: Path) -> None:
    up(directory, {"name": "one", "code": SLEEP})
    one = running(directory, "one")
    with holding(directory, "one"):
        until(lambda: not is_alive(one))
        time.sleep(1)
        assert process_of(directory, "one") is None
    until(lambda: process_of(directory, "one") is not None)
    assert [event.what for event in read_events(directory) if event.part == "one"][2] == "held and stopped"


def test_a_hold_of_a_program_that_died_holds_nothing(directory: Path) -> None:
    up(directory, {"name": "one", "code": SLEEP})
    one = running(directory, "one")
    (run_directory(directory) / "one.hold").write_text(f"{os.getpid()} another-birth\n")
    until(lambda: not (run_directory(directory) / "one.hold").exists())
    assert is_alive(one)
