"""Run as a module by tests: a supervisor over a broker or over small programs, as `lintas up` is one."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from lintas.stack.brokers import embedded_part, kafka_parts
from lintas.stack.errors import StackError
from lintas.stack.jars import kafka_jars
from lintas.stack.java import find_java
from lintas.stack.kafka import cluster_nodes, prepare
from lintas.stack.parts import Part
from lintas.stack.probing import accepts_connections
from lintas.stack.supervisor import Supervisor


def small(directory: Path, told: dict[str, object]) -> Part:
    """A part that is a line of Python."""
    port = told.get("port")
    return Part(
        name=str(told["name"]),
        argv=(sys.executable, "-c", str(told["code"])),
        log=directory / f"{told['name']}.log",
        cwd=directory,
        after=tuple(told.get("after", ())),  # type: ignore[call-overload]
        once=bool(told.get("once", False)),
        port=port if isinstance(port, int) else None,
        ready=partial(accepts_connections, port) if isinstance(port, int) else lambda: True,
        stop_seconds=float(str(told.get("stop_seconds", 10))),
    )


def main(directory: Path, what: str, *rest: str) -> None:
    if what == "kafka":
        java, jars = find_java(os.environ), kafka_jars(os.environ)
        nodes = cluster_nodes(directory / "kafka", [int(port) for port in rest])
        prepare(nodes, java, jars)
        parts = list(kafka_parts(nodes, java, jars))
    elif what == "embedded":
        parts = [embedded_part(directory / "embedded", int(rest[0]))]
    else:
        parts = [small(directory, told) for told in json.loads(rest[0])]
    try:
        Supervisor(
            directory, parts, clock=lambda: datetime.now(UTC), say=lambda line: sys.stdout.write(line + "\n")
        ).run()
    except StackError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
