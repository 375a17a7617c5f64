"""What a policy says that can hardly be meant: rules that never fire, unknown codes, dates that are over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations

from schemas import reference
from schemas.records import Readiness
from schemas.reference.countries import COUNTRIES
from streams import rules as rules  # importing the rules fills the catalogue
from streams.assessing import combine
from streams.case import CATALOGUE
from streams.clusters import rules as group_rules  # noqa: F401  the same for those of groups
from streams.clusters.catalogue import GROUP_CATALOGUE
from streams.policy import Moratorium, Policy
from streams.yaml_lines import Path

ABSENT = ("R14", "R18")
"""Weights of what never came: views of the store, and no rules of a verdict."""
WEIGHTLESS = frozenset({"R27"})
"""Context that is shown and never counts."""
_KEYS = (
    *(key for rule in CATALOGUE for key in rule.weight_keys),
    *(key for rule in GROUP_CATALOGUE for key in rule.weight_keys),
)
"""The weights that rules ask for."""


class Level(StrEnum):
    """What a notice means for whoever wants to activate the policy."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that is, or may be, wrong."""

    level: Level
    path: Path
    text: str


def unusable(policy: Policy) -> list[Notice]:
    """What a lane could not judge by: of every finding that a rule can make, the weight must be there."""
    return [
        _error(("weights",), f"{key} is missing")
        for key in (*_KEYS, *ABSENT)
        if key not in policy.weights and key.partition(".")[0] not in policy.weights
    ]


def check(policy: Policy) -> list[Notice]:
    """Everything that is worth a look, errors first."""
    found = [
        *unusable(policy),
        *_weights(policy),
        *_codes(policy),
        *_papers(policy),
        *_moratoria(policy),
        *_dates(policy),
    ]
    return sorted(found, key=lambda notice: notice.level is not Level.ERROR)


def _error(path: Path, text: str) -> Notice:
    return Notice(level=Level.ERROR, path=path, text=text)


def _warning(path: Path, text: str) -> Notice:
    return Notice(level=Level.WARNING, path=path, text=text)


def _weights(policy: Policy) -> Iterator[Notice]:
    keys = {*_KEYS, *ABSENT}
    ids = {key.partition(".")[0] for key in keys}
    for key, weight in policy.weights.items():
        rule = key.partition(".")[0]
        if key not in keys and key not in ids:
            yield _warning(("weights", key), "no rule of a verdict asks for it")
        elif not weight and rule not in WEIGHTLESS:
            yield _warning(("weights", key), "weighs nothing: what the rule finds is shown and never counts")
    judged = [
        max(policy.weights.get(k, policy.weights.get(k.partition(".")[0], 0)) for k in r.weight_keys) for r in CATALOGUE
    ]
    most = combine(judged)
    if most < policy.review_threshold:
        text = f"never reached: all findings together come to {most}"
        yield _error(("review_threshold",), text)


def _codes(policy: Policy) -> Iterator[Notice]:
    places = {*reference.checkpoints(), *reference.foreign_places(), *reference.route_nodes()}
    yield from _unknown(("scope", "origin_provinces"), policy.scope.origin_provinces, reference.regions(), "province")
    for number, moratorium in enumerate(policy.moratoria):
        at: Path = ("moratoria", number)
        yield from _unknown((*at, "origin_provinces"), moratorium.origin_provinces, reference.regions(), "province")
        yield from _unknown((*at, "origin_districts"), moratorium.origin_districts, reference.regions(), "district")
        yield from _unknown((*at, "countries"), moratorium.countries, COUNTRIES, "country")
    for licence, terms in policy.agencies.items():
        at = ("agencies", licence, "origin_provinces")
        yield from _unknown(at, terms.origin_provinces, reference.regions(), "province")
    yield from _unknown(("unlikely_for_tourists",), policy.unlikely_for_tourists, places, "place")
    yield from _unknown(
        ("absences", "arrival_posts"), policy.absences.arrival_posts, reference.checkpoints(), "checkpoint"
    )
    for number, call in enumerate(policy.calendar.ship_calls):
        at = ("calendar", "ship_calls", number, "checkpoint_id")
        if call.checkpoint_id not in reference.checkpoints():
            yield _error(at, f"{call.checkpoint_id} is no checkpoint of the reference list")


def _unknown(path: Path, codes: Iterable[str], known: Iterable[str], kind: str) -> Iterator[Notice]:
    for number, code in enumerate(codes):
        if code not in known:
            yield _error((*path, number), f"{code} is no {kind} of the reference list")


def _papers(policy: Policy) -> Iterator[Notice]:
    known = tuple(Readiness.model_fields)
    asked: list[tuple[Path, tuple[str, ...]]] = [(("required_papers",), policy.required_papers)]
    asked += [(("moratoria", n, "lifted_by"), m.lifted_by) for n, m in enumerate(policy.moratoria)]
    for path, papers in asked:
        for number, paper in enumerate(papers):
            if paper not in known:
                yield _error((*path, number), f"{paper} is not one of {', '.join(known)}")


def _moratoria(policy: Policy) -> Iterator[Notice]:
    for number, one in enumerate(policy.moratoria):
        if one.until is not None and one.until < one.starts:
            yield _error(("moratoria", number, "until"), f"{one.until} lies before {one.starts}, when it begins")
        elif one.until is not None and one.until < policy.effective_from.date():
            yield _warning(("moratoria", number, "until"), "is over before the policy takes effect")
    for (a, first), (b, second) in combinations(enumerate(policy.moratoria), 2):
        if first.name == second.name:
            yield _error(("moratoria", b, "name"), f"{second.name} is the name of moratoria.{a} too")
        if _overlap(first, second):
            text = f"overlaps with moratoria.{a} ({first.name}): of both only the first is named in a finding"
            yield _warning(("moratoria", b), text)


def _overlap(a: Moratorium, b: Moratorium) -> bool:
    at_once = a.starts <= (b.until or date.max) and b.starts <= (a.until or date.max)
    shared = (
        (a.origin_provinces, b.origin_provinces),
        (a.origin_districts, b.origin_districts),
        (a.sectors, b.sectors),
        (a.employer_types, b.employer_types),
        (a.countries, b.countries),
    )
    return at_once and all(not ours or not theirs or set(ours) & set(theirs) for ours, theirs in shared)


def _dates(policy: Policy) -> Iterator[Notice]:
    begins = policy.effective_from.date()
    for licence, terms in policy.agencies.items():
        if terms.valid_to is not None and terms.valid_to < begins:
            yield _warning(("agencies", licence, "valid_to"), "the licence is over before the policy takes effect")
    for number, feast in enumerate(policy.calendar.feasts):
        if feast.ends < begins:
            yield _warning(("calendar", "feasts", number), f"{feast.name} is over before the policy takes effect")
    if policy.calendar.day_begins_hour >= policy.calendar.day_ends_hour:
        yield _error(("calendar", "day_ends_hour"), "lies before day_begins_hour")
