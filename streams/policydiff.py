"""What differs between two policies, by key and not by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from streams.policy import Policy

NAMES = ("name", "ship")
"""By what the items of a list are told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One key that two policies give different values."""

    key: str
    before: Any
    """None = it stands in the second policy only."""
    after: Any
    """None = it stands in the first policy only."""


def changes(before: Policy, after: Policy) -> list[Change]:
    """Every key that differs, in the order of its name; the order of a list without names says nothing."""
    old, new = _flat(before), _flat(after)
    return [
        Change(key=key, before=old.get(key), after=new.get(key))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]


def _flat(policy: Policy) -> dict[str, Any]:
    return dict(_leaves("", policy.model_dump(mode="json", by_alias=True)))


def _leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        if not value and key:
            yield key, {}
        for name, inner in value.items():
            yield from _leaves(f"{key}.{name}" if key else str(name), inner)
    elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        for one in value:
            name = next((str(one[n]) for n in NAMES if n in one), None)
            yield from _leaves(f"{key}[{name}]", {k: v for k, v in one.items() if k not in NAMES} or {"": True})
    elif isinstance(value, list):
        yield key, sorted(value, key=str)
    elif value is not None:
        yield key, value
