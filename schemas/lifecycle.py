"""The lifecycle of a review: which move leads where, and what all moves on a flag have come to; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from schemas.verdicts import Review
from schemas.vocabulary import CaseState, ReviewMove

FIRST = "first"
"""What a review follows that is the first of its flag."""
UNFINISHED = (CaseState.OPEN, CaseState.UNDER_REVIEW)
CLOSED = (CaseState.CONFIRMED, CaseState.FALSE_POSITIVE, CaseState.REFERRED, CaseState.INCONCLUSIVE)

# A closing of an open flag takes it up and closes it in one stroke: it leads to the state of its verdict.
MOVES: Mapping[tuple[CaseState, ReviewMove], CaseState | None] = MappingProxyType(
    {
        (CaseState.OPEN, ReviewMove.TAKE): CaseState.UNDER_REVIEW,
        (CaseState.OPEN, ReviewMove.ASSIGN): CaseState.UNDER_REVIEW,
        (CaseState.OPEN, ReviewMove.SNOOZE): CaseState.OPEN,
        (CaseState.OPEN, ReviewMove.NOTE): CaseState.OPEN,
        (CaseState.OPEN, ReviewMove.CLOSE): None,
        (CaseState.UNDER_REVIEW, ReviewMove.RELEASE): CaseState.OPEN,
        (CaseState.UNDER_REVIEW, ReviewMove.ASSIGN): CaseState.UNDER_REVIEW,
        (CaseState.UNDER_REVIEW, ReviewMove.SNOOZE): CaseState.UNDER_REVIEW,
        (CaseState.UNDER_REVIEW, ReviewMove.NOTE): CaseState.UNDER_REVIEW,
        (CaseState.UNDER_REVIEW, ReviewMove.CLOSE): None,
    }
    | {(state, ReviewMove.NOTE): state for state in CLOSED}
    | {(state, ReviewMove.REOPEN): CaseState.UNDER_REVIEW for state in CLOSED}
)
"""What may follow what; None = the state of the verdict. Whatever is not here is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What all moves on one flag have come to."""

    state: CaseState = CaseState.OPEN
    head: str = FIRST
    """The last move that counted: what the next one has to follow."""
    assignee: str | None = None
    due_at: datetime | None = None
    snoozed_until: datetime | None = None
    seen_version: int | None = None
    """Of the verdict that whoever moved last had before them."""
    refused: frozenset[str] = field(default_factory=frozenset)
    """Moves that did not count: another was first, or the lifecycle does not have them."""


def may_follow(state: CaseState) -> tuple[ReviewMove, ...]:
    """The moves that a state allows."""
    return tuple(move for move in ReviewMove if (state, move) in MOVES)


def after_move(case: Case, review: Review) -> Case | None:
    """The case after one more move; None where the move does not count."""
    move = review.move or ReviewMove.CLOSE
    if review.after is None and move is ReviewMove.CLOSE and review.verdict is not None:
        state: CaseState | None = CaseState(review.verdict.value)  # of the first version, which knew no lifecycle
    elif review.after != case.head or (case.state, move) not in MOVES:
        return None
    else:
        state = MOVES[case.state, move]
    if state is None:
        if review.verdict is None:
            return None
        state = CaseState(review.verdict.value)
    moved = replace(case, state=state, head=review.review_id)
    if review.assessment_version is not None:
        moved = replace(moved, seen_version=review.assessment_version)
    if move is ReviewMove.SNOOZE:
        return replace(moved, snoozed_until=review.snoozed_until)
    if move is ReviewMove.RELEASE:
        return replace(moved, assignee=None, due_at=None)
    if move in (ReviewMove.TAKE, ReviewMove.REOPEN):
        return replace(moved, assignee=review.assignee or review.reviewer, due_at=review.due_at, snoozed_until=None)
    if move is ReviewMove.ASSIGN:
        return replace(moved, assignee=review.assignee, due_at=review.due_at)
    return moved


def case_of(reviews: Iterable[Review]) -> Case:
    """What the moves on one flag come to, in the order of the log: of two at once the first counts."""
    case = Case()
    for review in reviews:
        moved = after_move(case, review)
        case = replace(case, refused=case.refused | {review.review_id}) if moved is None else moved
    return case
