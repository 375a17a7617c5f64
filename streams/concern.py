"""Whom a fact concerns: the known crossings whose verdict may change when it comes."""

from __future__ import annotations

from collections.abc import Container

from schemas.records import Suppression
from streams.crossing import DAY_US, EPOCH_ORDINAL, Crossing
from streams.dossier import Dossier
from streams.likeness import names_disagree, names_near
from streams.matching import recognises
from streams.memory import Memory
from streams.merging import Registration, Report
from streams.packing import (
    MARKS_PLACE,
    NAME,
    NAME_BYTES,
    NOTABLE,
    at_us,
    has_key,
    is_out,
    issued_ordinal,
    key_for,
    marks_of,
    name_bits,
    number_of,
    seal,
)
from streams.policy import Matching, Policy
from streams.rules.movement import LONGEST_JOURNEY_US


def by_crossing(
    memory: Memory, dossier: Dossier, cause: bytes, tokens: tuple[bytes, ...], known: Container[int], policy: Policy
) -> list[int]:
    """The other crossings whose verdict may change when `cause` comes, or goes; those in `known` are left out."""
    found: list[int] = []
    others = memory.sharing(dossier, tokens)
    if others:
        here = number_of(cause)
        for other in others:
            number = number_of(other)
            # the sure ones first: in a backlog most others came in the same batch
            if number not in known and number != here and _matters_to(cause, other, policy):
                found.append(number)
    if cause[MARKS_PLACE] & NOTABLE:
        here, rows, since, name, rule = number_of(cause), memory.rows, at_us(cause), name_bits(cause), policy.matching
        for number in dossier.crossings_near([cause[NAME]], rows, rule):
            row = rows[number]
            if (
                number not in known
                and number != here
                and at_us(row) >= since
                and names_near(name, name_bits(row), rule)
            ):
                found.append(number)
    return found


def _matters_to(cause: bytes, other: bytes, policy: Policy) -> bool:
    """Whether a rule looks from `other` to `cause`; asked of every pair, so as little as possible is worked out."""
    at = at_us(other)
    later = at - at_us(cause)
    if -LONGEST_JOURNEY_US <= later <= LONGEST_JOURNEY_US:
        return True
    if later > 0:
        # journeys before a departure: those that came back, and those that came by ship
        if marks_of(cause) & NOTABLE or (later <= policy.history_us and is_out(other)):
            return True
        issued = issued_ordinal(other)
        # one day more: the rule counts by the checkpoint's calendar
        if issued and EPOCH_ORDINAL + at // DAY_US - issued <= policy.passport.new_days + 1:
            return True
    return cause[NAME] != other[NAME] and names_disagree(name_bits(cause), name_bits(other), policy.matching)


def by_registration(memory: Memory, dossier: Dossier, registration: Registration, rule: Matching) -> list[int]:
    """The crossings for which a registration may be a candidate, under its number or by its name."""
    rows, names = memory.rows, registration.names
    found = dict.fromkeys(number_of(r) for r in memory.under_any(registration.tokens, dossier))
    if names:
        raw = [name.to_bytes(NAME_BYTES, "big") for name in names]
        for n in dossier.crossings_near(raw, rows, rule):
            row = rows[n]
            if is_out(row) and n not in found and any(names_near(name_bits(row), name, rule) for name in names):
                found[n] = None
    return list(found)


def by_report(memory: Memory, dossier: Dossier, report: Report, rule: Matching) -> list[int]:
    """The crossings of whom a report may be."""
    rows = memory.rows
    seen = {number_of(r) for r in memory.under_any(report.tokens, dossier)}
    seen.update(dossier.crossings_alike(report.name, rows, rule))
    return [n for n in sorted(seen) if recognises(report, Crossing(rows[n], dossier.block), rule)]


def by_suppression(memory: Memory, fact: Suppression) -> list[int]:
    """The crossings of which an analyst speaks."""
    if fact.token is not None:
        return [number_of(row) for row in memory.under_any([seal(fact.token)])]
    dossier = memory.dossiers.get(fact.block or "")
    if dossier is None or fact.province is None or fact.event_id is None:
        return []
    key = key_for(fact.province, fact.event_id)
    return [n for n in dossier.numbers if has_key(memory.rows[n], key)]
