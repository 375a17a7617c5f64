"""Simulated files of three provinces, and what an undisturbed stack makes of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.integration.stacked import Row, Stack, lintas

PROVINCES = ("kepri", "kalbar", "kaltara")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Of the undisturbed run."""

    flags: dict[str, Row]
    accounting: dict[str, Row]


def simulated(directory: Path) -> list[tuple[str, Path]]:
    """The same files every time; kind and path of each, in the order of an ordinary day."""
    told = lintas("simulate", "--out", directory, "--seed", "11", "--days", "2", "--rate", "0.2")
    assert told.code == 0, told.err
    return [
        *((kind, directory / f"{kind}.csv") for kind in ("departures", "heartbeats", "reports")),
        *(("crossings", directory / f"crossings-{province}.csv") for province in PROVINCES),
    ]


def publish_all(stack: Stack, files: Iterable[tuple[str, Path]]) -> None:
    """Publish files and wait until all is assessed and loaded."""
    for kind, file in files:
        stack.publish(kind, file)
    stack.wait()
