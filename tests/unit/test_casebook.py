"""A fact that comes late says what it changes about crossings that are known already."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from schemas.records import Document
from schemas.vocabulary import Direction, DocumentType, OfficerAction, Purpose
from streams.casebook import Casebook
from streams.policy import shipped_policy
from tests.people import (
    MARIA,
    NUNUKAN,
    T0,
    Person,
    admitted,
    crossing,
    departure,
    heartbeats,
    passport_of,
    report,
)

DAY = timedelta(days=1)
NEW = passport_of(MARIA, issued_on=date(2026, 2, 20))
YUSUF = Person(name="YUSUF BERE", nik="5399995705989003", passport=MARIA.passport)
SPLP = Document(type=DocumentType.SPLP)


def said_of(event_id: str, known: list[Any], late: Any) -> list[set[str]]:
    """The rules of every verdict on one crossing that a late fact brings about."""
    book = Casebook(shipped_policy())
    book.replay(admitted(*known))
    changed = book.assess(book.remember(admitted(late)))
    return [{f.rule for f in a.findings} for a in changed if a.event_id == event_id]


@pytest.mark.parametrize(
    ("known", "late", "rules"),
    [
        ([crossing(document=NEW)], crossing(event_id="e0", at=T0 - 9 * DAY), set()),
        ([crossing()], crossing(YUSUF, event_id="e2", at=T0 - 50 * DAY), {"R12"}),
        ([crossing()], crossing(event_id="e2", checkpoint_id=NUNUKAN, at=T0 + DAY / 24), {"R12"}),
        (
            [crossing()],
            crossing(
                event_id="e0", direction=Direction.IN, at=T0 - 9 * DAY, document=SPLP, purpose=Purpose.DEPORTATION
            ),
            {"R16"},
        ),
        (
            [crossing()],
            crossing(event_id="e0", checkpoint_id=NUNUKAN, at=T0 - DAY * 2, officer_action=OfficerAction.REFUSED),
            {"R28"},
        ),
        ([crossing()], report(), {"R25"}),
        ([crossing(), *heartbeats()], departure(), set()),
        ([crossing(), *heartbeats()[1:]], heartbeats()[0], {"R01"}),
    ],
    ids=["R09", "R12-name", "R12-travel", "R16", "R28", "R25", "R01-withdrawn", "R01"],
)
def test_a_late_fact_changes_the_verdict_on_a_known_crossing(known: list[Any], late: Any, rules: set[str]) -> None:
    """The new verdict is published once, with the finding that the fact brings or takes away."""
    assert said_of("e1", known, late) == [rules]


def test_a_fact_that_changes_nothing_says_nothing() -> None:
    """The crossing of an hour that has no bearing on another leaves its verdict unsaid."""
    assert said_of("e1", [crossing()], crossing(event_id="e2", at=T0 + 40 * DAY)) == []
