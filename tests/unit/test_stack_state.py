"""What a supervisor says of itself is whole, can be read back, and names processes beyond doubt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lintas.stack.errors import StackError
from lintas.stack.files import write_atomically
from lintas.stack.parts import Part
from lintas.stack.processes import ProcessId, end_groups, group_is_alive, identify, is_alive, signal_process
from lintas.stack.state import (
    Event,
    PartState,
    Phase,
    StackState,
    Status,
    describe_exit,
    read_events,
    read_state,
    run_directory,
    write_event,
    write_state,
)
from lintas.stack.supervisor import Supervisor

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def a_state() -> StackState:
    process = ProcessId(pid=12, birth="boot:34")
    broker = PartState(name="broker", status=Status.READY, process=process, port=9, restarts=2, last_exit=-9, since=NOW)
    task = replace(broker, name="topics", status=Status.DONE, process=None, port=None, last_exit=0)
    return StackState(phase=Phase.UP, supervisor=ProcessId(pid=1, birth="x"), parts=(broker, task), message="m")


def test_a_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    run_directory(tmp_path).mkdir()
    assert read_state(tmp_path) is None
    write_state(tmp_path, a_state())
    assert read_state(tmp_path) == a_state()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"phase": "up"'])
def test_a_state_file_that_is_none_of_ours_is_an_error_with_its_path(tmp_path: Path, text: str) -> None:
    run_directory(tmp_path).mkdir()
    (run_directory(tmp_path) / "state.json").write_text(text)
    with pytest.raises(StackError, match=r"state\.json cannot be read"):
        read_state(tmp_path)


def test_events_are_read_in_order_and_a_line_cut_short_is_passed_over(tmp_path: Path) -> None:
    run_directory(tmp_path).mkdir()
    assert read_events(tmp_path) == ()
    events = [Event(at=NOW, part="broker", what="ended", pid=7, exit_code=-9, detail=str(n)) for n in range(5)]
    for event in events:
        write_event(tmp_path, event)
    with (run_directory(tmp_path) / "events.jsonl").open("a") as file:
        file.write('{"at": "2026')
    assert read_events(tmp_path) == tuple(events)
    assert str(events[0]) == "broker ended (pid 7) with SIGKILL: 0"


def test_exits_are_told_in_words() -> None:
    assert [describe_exit(code) for code in (0, 3, -9, -77)] == ["exit code 0", "exit code 3", "SIGKILL", "signal 77"]


def test_a_file_is_replaced_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / "f"
    write_atomically(path, "long text before")
    write_atomically(path, "short")
    assert path.read_text() == "short"
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["f"]


def test_a_number_used_again_is_not_the_same_process() -> None:
    me = identify(os.getpid())
    assert me is not None
    assert is_alive(me)
    earlier = replace(me, birth=me.birth + "0")
    assert not is_alive(earlier)
    assert not group_is_alive(earlier)
    signal_process(earlier, signal.SIGKILL)  # must not reach this process


def test_a_process_that_ended_but_is_not_collected_is_not_alive() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found = identify(process.pid)
    assert found is not None
    process.kill()
    while is_alive(found):
        time.sleep(0.01)
    assert identify(process.pid) is None
    process.communicate()


def test_a_group_is_ended_with_the_children_of_a_dead_leader(tmp_path: Path) -> None:
    child = "import time; time.sleep(60)"
    leader = (
        f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {child!r}]);"
        "print(p.pid, flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", leader], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    grandchild = identify(int(process.stdout.readline()))
    found = identify(process.pid)
    assert found is not None
    assert grandchild is not None
    process.kill()
    process.wait()
    process.stdout.close()
    process.stdin.close()
    assert group_is_alive(found)
    assert end_groups([found], 5.0) == ()
    assert not is_alive(grandchild)


@pytest.mark.parametrize("after", [("b",), ("a",)])
def test_a_part_may_only_come_after_an_earlier_one(tmp_path: Path, after: tuple[str, ...]) -> None:
    parts = [Part(name="a", argv=("x",), log=tmp_path / "l", after=after)]
    with pytest.raises(ValueError, match="earlier parts only"):
        Supervisor(tmp_path, parts, clock=lambda: NOW)


def test_names_of_parts_are_unique(tmp_path: Path) -> None:
    part = Part(name="a", argv=("x",), log=tmp_path / "l")
    with pytest.raises(ValueError, match="unique"):
        Supervisor(tmp_path, [part, part], clock=lambda: NOW)
