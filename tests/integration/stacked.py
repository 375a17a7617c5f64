"""A local stack run through its command line as another program would: every command is a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from clickhouse_driver import Client

BROKER = os.environ.get("LINTAS_TEST_BROKER", "kafka")
SECONDS = 180

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a command said."""

    arguments: tuple[str, ...]
    code: int
    out: str
    err: str
    seconds: float

    @property
    def rows(self) -> list[Row]:
        """Its JSON, one object a line."""
        return [json.loads(line) for line in self.out.splitlines() if line]


def clean_environment(more: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without its own settings of Lintas."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LINTAS_")}
    return {**kept, "COLUMNS": "200", **more}


def lintas(
    *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, given: bytes = b""
) -> Told:
    """Run one command to its end, whatever its exit code; `given` is its standard input."""
    words = tuple(map(str, arguments))
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "lintas", *words],
        capture_output=True,
        input=given,
        timeout=SECONDS,
        check=False,
        cwd=cwd,
        env=clean_environment(env or {}),
    )
    return Told(
        arguments=words,
        code=done.returncode,
        out=done.stdout.decode(),
        err=done.stderr.decode(),
        seconds=time.monotonic() - begun,
    )


@dataclass(slots=True, kw_only=True)
class Stack:
    """One local stack; remembers what every command said."""

    directory: Path
    said: list[Told] = field(default_factory=list)

    def run(self, *arguments: str | Path, expect: int = 0, given: bytes = b"") -> Told:
        """A command on this stack, which must end with the expected code."""
        told = lintas(*arguments, "--dir", self.directory, given=given)
        self.said.append(told)
        assert told.code == expect, f"{' '.join(told.arguments)} ended with {told.code}: {told.out[-500:]}{told.err}"
        return told

    def publish(self, kind: str, file: Path, *options: str, expect: int = 0) -> Told:
        """Publish one file."""
        return self.run("publish", kind, file, *options, expect=expect)

    def wait(self, seconds: float = 120) -> None:
        """Until everything is assessed and loaded."""
        self.run("wait", "--timeout", str(seconds))

    def flags(self, prefix: str = "", *options: str) -> dict[str, Row]:
        """The verdicts on the crossings whose ids begin so, by id; each once."""
        rows = self.run("flags", "--status", "any", "--format", "json", *options).rows
        found = [row for row in rows if row["event_id"].startswith(prefix)]
        by_id = {row["event_id"]: row for row in found}
        assert len(by_id) == len(found), "a crossing is listed twice"
        return by_id

    def accounting(self) -> dict[str, Row]:
        """The accounting by province."""
        return {row["province"]: row for row in self.run("accounting", "--format", "json").rows}

    def parts(self) -> dict[str, Row]:
        """What `status` says of the processes."""
        told = lintas("status", "--format", "json", "--dir", self.directory)  # exit code 1 while one is down
        return {row["part"]: row for row in told.rows if row["kind"] == "part"}

    @property
    def ports(self) -> dict[str, int]:
        """Where the parts listen."""
        found: dict[str, int] = json.loads((self.directory / "stack.json").read_text())["ports"]
        return found

    @property
    def kafka(self) -> str:
        """The broker's address."""
        return f"127.0.0.1:{self.ports['kafka']}"

    @contextmanager
    def tables(self) -> Iterator[Client]:
        """A reader of the tables."""
        password = (self.directory / "clickhouse" / "analyst.password").read_text().strip()
        client = Client("127.0.0.1", self.ports["clickhouse"], user="analyst", password=password, database="lintas")
        try:
            yield client
        finally:
            client.disconnect()


@contextmanager
def running_stack(directory: Path, **settings: str) -> Iterator[Stack]:
    """A stack from `up` to `down`; `settings` are those of its parts."""
    stack = Stack(directory=directory)
    try:
        told = lintas("up", "--detach", "--broker", BROKER, "--dir", directory, env=settings)
        stack.said.append(told)
        assert told.code == 0, told.err
        yield stack
    finally:
        stack.run("down")


def assert_balanced(accounts: dict[str, Row]) -> None:
    """Law 5: every row has become exactly one thing."""
    for province, row in accounts.items():
        assert row["published"] == row["assessed"] + row["rejected"] + row["duplicate"], (province, row)


def difference(before: dict[str, Row], after: dict[str, Row]) -> dict[str, dict[str, int]]:
    """What the accounting gained, by province; provinces that gained nothing are left out."""
    names = ("published", "assessed", "rejected", "duplicate")
    gains = {
        province: {name: row[name] - before.get(province, {}).get(name, 0) for name in names}
        for province, row in after.items()
    }
    return {province: gain for province, gain in gains.items() if any(gain.values())}


def verdicts(flags: dict[str, Row]) -> dict[str, Row]:
    """The verdicts without what depends on the order of arrival."""
    return {event_id: {k: v for k, v in row.items() if k != "version"} for event_id, row in flags.items()}


def versions_of(stack: Stack, prefix: str) -> list[tuple[Any, ...]]:
    """Every verdict ever given on the crossings whose ids begin so: what it says, oldest first for each."""
    sql = """
        SELECT province, event_id, block, status, score, rules, findings, departure_id, tier, match, missing, policy
        FROM assessment_versions FINAL WHERE startsWith(event_id, %(prefix)s)
        ORDER BY province, event_id, block, version
    """
    with stack.tables() as client:
        found: list[tuple[Any, ...]] = client.execute(sql, {"prefix": prefix})
    return found


def repeated(versions: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Verdicts that say just what the one before them said."""
    rows = list(versions)
    return [b for a, b in pairwise(rows) if a == b]
