"""What the gateway says: one result for each row, and a problem in one form for whatever stopped a whole request."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.errors import Reason

PROBLEM_JSON = "application/problem+json"


class Outcome(StrEnum):
    """What became of one row."""

    ACCEPTED = "accepted"
    """Kafka has acknowledged all its records."""
    STORED = "stored"
    """It lies in the outbox of this gateway, safe from a power cut, and goes to Kafka when the line is there."""
    CHECKED = "checked"
    """It would be published: the request was a dry run."""
    REJECTED = "rejected"


class RowResult(BaseModel):
    """What became of one row; holds no value of the row but the id of one that was taken."""

    model_config = ConfigDict(frozen=True)

    index: Annotated[int, Field(ge=0, description="Place of the row in the request, from 0.")]
    event_id: Annotated[
        str | None,
        Field(description="Id of the row that was taken: event_id, departure_id, case_id, or source and time."),
    ] = None
    status: Outcome
    code: Annotated[Reason | None, Field(description="Why it was rejected: a stable code.")] = None
    field: Annotated[str | None, Field(description="The field that is wrong.")] = None
    message: Annotated[str | None, Field(description="What is wrong with it.")] = None
    mend: Annotated[str | None, Field(description="What to do about it.")] = None
    digest: Annotated[
        str | None,
        Field(description="Names a rejected row, keyed: its receipt is found by it."),
    ] = None
    warnings: Annotated[
        tuple[str, ...], Field(description="What was read as something else than it says, such as unknown_word:mode.")
    ] = ()


class Answer(BaseModel):
    """What became of a request's rows."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["crossings", "departures", "heartbeats", "reports"]
    dry_run: bool
    taken: Annotated[int, Field(ge=0, description="Rows accepted, stored or checked.")]
    rejected: Annotated[int, Field(ge=0)]
    unknown_keys: Annotated[
        int, Field(ge=0, description="Keys that are not documented and were ignored; their names are not repeated.")
    ] = 0
    results: tuple[RowResult, ...]


class Problem(BaseModel):
    """Why a whole request was not done (RFC 9457); nothing of its body is repeated."""

    model_config = ConfigDict(frozen=True)

    title: str
    status: int
    code: Annotated[str, Field(description="A stable word for programs.")]
    detail: Annotated[str, Field(description="What is wrong.")]
    mend: Annotated[str, Field(description="What to do about it.")]


class Refusal(Exception):
    """Ends a request with a problem; never carries anything of its body."""

    def __init__(
        self, status: int, code: str, detail: str, mend: str, *, retry_after_seconds: int | None = None
    ) -> None:
        super().__init__(code)
        self.problem = Problem(title=_TITLES[status], status=status, code=code, detail=detail, mend=mend)
        self.retry_after_seconds = retry_after_seconds


_TITLES = {
    400: "The request cannot be read",
    401: "No key",
    403: "Not with this key",
    404: "Not here",
    405: "Not by this method",
    408: "Too slow",
    409: "A conflict with another request",
    411: "No length",
    413: "Too large",
    415: "Not in this form",
    422: "Parameters are wrong",
    429: "Too many requests",
    500: "A defect of the gateway",
    503: "Not now",
}


def status_of(answer: Answer) -> int:
    """200 all taken (202 in the outbox), 207 some, 422 none: whoever looks at the status only must not lose a row."""
    if not answer.rejected:
        return 202 if any(one.status is Outcome.STORED for one in answer.results) else 200
    return 207 if answer.taken else 422
