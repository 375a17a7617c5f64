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


def read_groups(path: Path) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Event ids and expected rules of each planted group.

    Raises:
        Failure: the file is not what `lintas simulate` writes.
    """
    members: dict[str, set[str]] = defaultdict(set)
    rules: dict[str, frozenset[str]] = {}
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                if row.get("group") and row.get("group_rules"):
                    members[row["group"]].add(row["event_id"])
                    rules[row["group"]] = frozenset(row["group_rules"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{path} is not a truth file of `lintas simulate` ({type(error).__name__}): simulate again"
        raise Failure(msg) from None
    return {group: (frozenset(events), rules[group]) for group, events in members.items()}


def compare_groups(
    planted: Mapping[str, tuple[frozenset[str], frozenset[str]]], clusters: Iterable[Mapping[str, Any]]
) -> dict[str, Tally]:
    """Count planted groups, those found, and clusters that weigh beside every planted one, rule by rule.

    A group is found by a rule where a cluster in which the rule weighs names one of its crossings.
    """
    tallies: dict[str, Tally] = defaultdict(Tally)
    home = {event: group for group, (events, _) in planted.items() for event in events}
    hits: set[tuple[str, str]] = set()
    for cluster in clusters:
        innocent = {one.partition(":")[0] for one in cluster["suppressed"]}
        groups = {home[event] for event in cluster["members"] if event in home}
        for rule in set(cluster["rules"]) - innocent:
            hits |= {(group, rule) for group in groups}
            if not groups:
                tallies[rule].false += 1
    for group, (_, rules) in planted.items():
        for rule in rules:
            tallies[rule].planted += 1
            tallies[rule].found += (group, rule) in hits
    return dict(tallies)


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
