"""docs/policy.md says what can be done: every command in it is run, in its order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.known import Traveller, crossing, heartbeats, write
from tests.integration.stacked import Stack, clean_environment, running_stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]
DOCUMENT = Path(__file__).parents[2] / "docs" / "policy.md"
BLOCKS = re.findall(r"```sh\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)


def prepared(stack: Stack, folder: Path) -> None:
    who = Traveller(number=1, world=1, name="MARGARETA BANO")
    row = crossing("BTC-0001", who, issue_office="Blitar", issued_on="2026-02-01")
    stack.publish("heartbeats", write(folder / "h.csv", "heartbeats", heartbeats()))
    stack.publish("crossings", write(folder / "c.csv", "crossings", [row]))
    stack.wait()


def test_every_command_of_the_document_does_what_it_says(tmp_path: Path) -> None:
    script = "set -eux\n" + "\n".join(BLOCKS)
    with running_stack(tmp_path / "s") as stack:
        prepared(stack, tmp_path)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        env = clean_environment({"LINTAS_DIR": str(stack.directory), "PATH": path})
        done = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, env=env, capture_output=True, timeout=300, check=False
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        assert done.returncode == 0, out + err
        after = stack.flags()["BTC-0001"]
    assert "0 errors, " in out
    assert re.search(r"weights\.R08 +25 +40", out)
    assert "kepri/BTC-0001" in out
    assert "in force for crossings from 2099-01-01T00:00:00+08:00 on" in out
    assert "Yosef Bere" in out
    assert "passport renewed after a flood" in out
    assert "nothing is silent" in out
    assert (after["status"], after["rules"]) == ("UNREGISTERED", ["R01", "R09"])
