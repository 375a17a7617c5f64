"""The local stack's own settings file: what must stay the same over a restart, and the ports it had last."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lintas.failing import Failure
from lintas.stack.files import write_atomically

PORT_NAMES = ("kafka", "controller", "clickhouse")
METRICS_OF = {part: f"metrics_{part}" for part in ("supervisor", "matcher", "loader")}
"""The part's name -> the name of the port where it serves its metrics."""
BROKERS = ("kafka", "embedded")


@dataclass(frozen=True, slots=True, kw_only=True)
class StackFile:
    """What `stack.json` holds."""

    broker: str
    """`kafka` or `embedded`: whose data lies in the directory."""
    ports: Mapping[str, int]
    """By name: kafka, controller, clickhouse, and those of METRICS_OF, which an earlier version did not write."""
    partitions: int


def read_stack_file(path: Path) -> StackFile | None:
    """Read it; None where no stack has ever been.

    Raises:
        Failure: it cannot be read, or is not one of ours.
    """
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
        stack = StackFile(
            broker=found["broker"],
            ports={name: found["ports"][name] for name in PORT_NAMES}
            | {name: found["ports"][name] for name in METRICS_OF.values() if name in found["ports"]},
            partitions=found["partitions"],
        )
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        msg = f"{path} cannot be read ({error.strerror}): check the rights of the directory"
        raise Failure(msg) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Failure(_damaged(path)) from None
    if not _is_sound(stack):
        raise Failure(_damaged(path))
    return stack


def write_stack_file(path: Path, stack: StackFile) -> None:
    """Write it, whole."""
    body = {"broker": stack.broker, "ports": dict(stack.ports), "partitions": stack.partitions}
    write_atomically(path, json.dumps(body, indent=1) + "\n")


def _is_sound(stack: StackFile) -> bool:
    numbers = [*stack.ports.values(), stack.partitions]
    return (
        stack.broker in BROKERS
        and all(isinstance(n, int) and not isinstance(n, bool) for n in numbers)
        and all(0 < port < 65_536 for port in stack.ports.values())
        and stack.partitions > 0
    )


def _damaged(path: Path) -> str:
    return (
        f"{path} is damaged. Remove it and run `lintas up` again with the --broker that the directory was made with: "
        "data and keys stay"
    )
