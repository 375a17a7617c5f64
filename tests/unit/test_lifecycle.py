"""The lifecycle of a review: what may follow what, and that of two moves at once the first counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.codec import decode, encode
from schemas.errors import RecordRejected
from schemas.lifecycle import CLOSED, FIRST, MOVES, Case, after_move, case_of, may_follow
from schemas.verdicts import Review
from schemas.vocabulary import CaseState, Province, ReviewMove, ReviewVerdict

AT = datetime(2026, 3, 2, 7, tzinfo=UTC)
HUMAN = (CaseState.OPEN, CaseState.UNDER_REVIEW, *CLOSED)


def move(name: str, what: str, after: str | None, **changes: Any) -> Review:
    fields: dict[str, Any] = {
        "review_id": name,
        "event_id": "e1",
        "province": Province.KEPRI,
        "move": ReviewMove(what),
        "reviewer": "ana",
        "reviewed_at": AT,
        "after": after,
        "verdict": ReviewVerdict.REFERRED if what == "close" else None,
        "snoozed_until": AT + timedelta(days=1) if what == "snooze" else None,
        "assignee": "budi" if what == "assign" else None,
    }
    return Review(**(fields | changes))


def test_a_review_goes_from_open_over_under_review_to_its_verdict() -> None:
    case = case_of([move("1", "take", FIRST), move("2", "close", "1")])
    assert (case.state, case.head, case.assignee, case.refused) == (CaseState.REFERRED, "2", "ana", frozenset())


def test_every_pair_of_state_and_move_that_is_not_listed_is_refused() -> None:
    for state in HUMAN:
        for what in ReviewMove:
            found = after_move(Case(state=state, head="h"), move("1", what.value, "h"))
            assert (found is None) == ((state, what) not in MOVES), (state, what)


def test_a_closed_review_is_only_noted_or_reopened() -> None:
    assert {may_follow(state) for state in CLOSED} == {(ReviewMove.NOTE, ReviewMove.REOPEN)}
    assert after_move(Case(state=CaseState.CONFIRMED, head="h"), move("1", "close", "h")) is None
    reopened = after_move(Case(state=CaseState.CONFIRMED, head="h"), move("1", "reopen", "h"))
    assert reopened is not None
    assert reopened.state is CaseState.UNDER_REVIEW


def test_of_two_moves_at_once_the_first_of_the_log_counts() -> None:
    both = [move("1", "take", FIRST, reviewer="ana"), move("2", "take", FIRST, reviewer="budi")]
    case = case_of(both)
    assert (case.assignee, case.head, case.refused) == ("ana", "1", {"2"})


def test_a_review_of_the_first_version_closes_whatever_came_before() -> None:
    old = Review(review_id="1", event_id="e1", province=Province.KEPRI, verdict=ReviewVerdict.CONFIRMED,
                 reviewer="ana", reviewed_at=AT)  # fmt: skip
    assert case_of([old, move("2", "note", "1")]).state is CaseState.CONFIRMED


@pytest.mark.parametrize(
    "changes",
    [{"verdict": None}, {"move": "note", "verdict": "confirmed"}, {"move": "snooze", "verdict": None}],
)
def test_closing_needs_a_verdict_and_nothing_else_has_one(changes: dict[str, Any]) -> None:
    fields = {"review_id": "1", "event_id": "e1", "province": "kepri", "move": "close", "verdict": "referred",
              "reviewer": "ana", "reviewed_at": AT}  # fmt: skip
    with pytest.raises(ValidationError):
        Review.model_validate(fields | changes)


def test_a_closing_without_a_verdict_is_refused_as_a_record() -> None:
    raw = encode(move("1", "close", FIRST)).replace(b'"verdict":"referred",', b"")
    with pytest.raises(RecordRejected):
        decode(Review, raw)


@given(st.lists(st.tuples(st.sampled_from(ReviewMove), st.integers(-1, 12)), max_size=12))
def test_whatever_is_tried_the_chain_of_what_counts_is_legal(tried: list[tuple[ReviewMove, int]]) -> None:
    reviews = [move(str(n), what.value, FIRST if at < 0 else str(at)) for n, (what, at) in enumerate(tried)]
    case, state, head = case_of(reviews), CaseState.OPEN, FIRST
    for review in reviews:
        if review.review_id in case.refused:
            continue
        assert review.after == head
        assert (state, review.move) in MOVES
        state, head = MOVES[state, ReviewMove(str(review.move))] or CaseState.REFERRED, review.review_id
    assert (case.state, case.head) == (state, head)
