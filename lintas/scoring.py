"""What a simulation planted against what the rules found."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lintas.failing import Failure

Crossing = tuple[str, str]
"""Province and event id."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """One rule's count of crossings."""

    planted: int = 0
    found: int = 0
    """Of the planted ones."""
    false: int = 0
    """Found where the truth does not have it."""


def read_truth(path: Path) -> dict[Crossing, frozenset[str]]:
    """The rules that the truth names for each crossing.

    Raises:
        Failure: the file is not what `lintas simulate` writes.
    """
    truth: dict[Crossing, frozenset[str]] = {}
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                truth[row["province"], row["event_id"]] = frozenset(row["rules"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{path} is not a truth file of `lintas simulate` ({type(error).__name__}): simulate again"
        raise Failure(msg) from None
    return truth


def compare(truth: Mapping[Crossing, frozenset[str]], verdicts: Iterable[Mapping[str, Any]]) -> dict[str, Tally]:
    """Count planted, found and false, rule by rule."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for rules in truth.values():
        for rule in rules:
            tallies[rule].planted += 1
    for verdict in verdicts:
        planted = truth.get((verdict["province"], verdict["event_id"]), frozenset())
        for rule in set(verdict["rules"]):
            if rule in planted:
                tallies[rule].found += 1
            else:
                tallies[rule].false += 1
    return dict(tallies)
