"""What a change of the policy means for those who wait, and for whom a fact concerns."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.records import PolicyVersion
from schemas.vocabulary import Status
from streams.batch import Touched
from streams.casebook import Casebook
from streams.nearness import Names
from streams.packing import name_bytes
from streams.policy import load_policy, shipped_policy, shipped_text
from streams.reigns import VersionError, policy_in
from tests.people import MARIA, T0, Person, admitted, crossing, departure, heartbeats

BASE = shipped_policy()
OTHER = Person(name="MARIA YULITA SERAN", nik=None, passport="XX7777777")
HOUR = timedelta(hours=1)


def version(*changes: tuple[str, str], since: datetime = T0 - 24 * HOUR, **fields: Any) -> PolicyVersion:
    text = shipped_text().replace("2025-07-02T00:00:00+08:00", since.isoformat())
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    known = {
        "name": "ntt",
        "text": text,
        "digest": load_policy(text).digest,
        "author": "Maria",
        "activated_by": "Yosef",
        "effective_from": since,
        "activated_at": T0,
    }
    return PolicyVersion(**(known | fields))


def said(book: Casebook, *facts: Any) -> list[tuple[str, Status]]:
    return [(a.event_id, a.status) for a in book.assess(book.remember(admitted(*facts)))]


def test_a_longer_grace_lets_those_wait_anew_whose_absence_was_confirmed() -> None:
    book = Casebook(BASE)
    assert said(book, crossing(), *heartbeats(T0 + 73 * HOUR)) == [("e1", Status.UNREGISTERED)]
    longer = version(("grace_hours: 72", "grace_hours: 200"))
    assert said(book, longer) == [("e1", Status.PENDING)]
    assert said(book, *heartbeats(T0 + 199 * HOUR)) == []
    assert said(book, *heartbeats(T0 + 200 * HOUR)) == [("e1", Status.UNREGISTERED)]


def test_each_version_waits_for_its_own_registries() -> None:
    book = Casebook(BASE)
    early = crossing(at=T0 - 48 * HOUR, event_id="e0", nik_token=None)
    assert len(said(book, early, crossing(), version(("[LTSA, BP3MI, SISKOP2MI, G2G]", "[LTSA]")))) == 2
    (ltsa, *others) = heartbeats(T0 + 100 * HOUR)
    assert said(book, ltsa) == [("e1", Status.UNREGISTERED)]
    assert said(book, *others) == [("e0", Status.UNREGISTERED)]


def test_a_registration_concerns_whom_any_version_would_match_with_it() -> None:
    book = Casebook(BASE)
    said(
        book,
        crossing(nik_token=None),
        version(
            ("slip_bits: 40", "slip_bits: 90"),
            ("renewed_slip_bits: 34", "renewed_slip_bits: 90"),
            ("disagree_bits: 42", "disagree_bits: 95"),
        ),
    )
    assert said(book, departure(OTHER)) == [("e1", Status.MATCHED)]


def test_a_change_that_changes_nobody_s_policy_says_nothing() -> None:
    book = Casebook(BASE)
    said(book, crossing())
    assert said(book, version(("R01: 25", "R01: 30"), since=T0 + HOUR)) == []
    first = version(("R01: 25", "R01: 30"))
    assert len(said(book, first)) == 1
    assert said(book, first) == []
    older = version(("R01: 25", "R01: 35"), activated_at=T0 - HOUR)
    assert said(book, older) == []


def test_names_that_were_near_by_one_rule_are_asked_for_anew_by_another() -> None:
    names: Names[int] = Names()
    names.add(name_bytes(OTHER.code), 1)
    wide = BASE.matching.model_copy(update={"slip_bits": 90})
    here = name_bytes(MARIA.code)
    assert [names.near(here, rule) for rule in (BASE.matching, wide, BASE.matching)] == [[], [1], []]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"text": "name: ntt\n"}, "faults: see them with"),
        ({"digest": "0123456789abcdef"}, "is not that of its text"),
        ({"effective_from": T0}, "is not that of its text"),
        ({"text": shipped_text().replace("  R25: 70\n", "")}, "weights: R25 is missing"),
    ],
)
def test_a_version_that_is_not_what_it_says_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(VersionError, match=why):
        policy_in(version(**changes))


@pytest.mark.parametrize("by", ["Maria", " maria ", "MARIA"])
def test_nobody_activates_a_policy_alone(by: str) -> None:
    with pytest.raises(ValidationError, match="another person than its author"):
        version(activated_by=by)


def test_many_verdicts_are_said_in_parts_that_are_together_the_whole() -> None:
    """What is new or corrected stays together: what groups hear of one depends on the others."""
    book = Casebook(BASE)
    (verdict,) = book.assess(book.remember(admitted(crossing())))
    touched = Touched(before={n: None if n in (1, 4) else verdict for n in range(8)}, replaced={5: b"row"})
    parts = list(touched.parts(3))
    assert [list(part.before) for part in parts] == [[1, 4, 5], [0, 2, 3], [6, 7]]
    assert [list(part.replaced) for part in parts] == [[5], [], []]
    assert list(touched.parts(8)) == [touched]


def test_a_policy_for_the_past_is_said_in_parts_too() -> None:
    book = Casebook(BASE)
    book.replay(admitted(*(crossing(event_id=f"e{n}") for n in range(7))))
    touched = book.remember(admitted(crossing(OTHER, event_id="new"), version(("R01: 25", "R01: 55"))))
    assert [list(part.before) for part in touched.parts(3)] == [[7], [0, 1, 2], [3, 4, 5], [6]]
    assert [touched.is_new(n) for n in (6, 7, 8)] == [False, True, False]
