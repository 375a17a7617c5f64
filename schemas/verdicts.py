"""What the pipeline says: assessments with their findings, clusters, refusals and reviews."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from schemas.errors import Reason
from schemas.records import Identifier, Record, Text
from schemas.vocabulary import (
    Direction,
    DocumentType,
    OfficerAction,
    Province,
    Purpose,
    ReviewMove,
    ReviewVerdict,
    Sex,
    Status,
    Tier,
)


class Finding(BaseModel):
    """One rule's result on one crossing: what raised it and what would clear it."""

    model_config = ConfigDict(extra="allow", frozen=True)

    rule: Annotated[str, Field(pattern=r"^R\d\d$")]
    version: int
    weight: Annotated[int, Field(ge=0, le=100)]
    """Hundredths; the score combines the weights as independent evidence."""
    evidence: tuple[str, ...] = ()
    """Ids of the facts: `event:<province>/<event_id>`, `departure:<id>`, `report:<case_id>`, `watermark:<source>`."""
    sentence_id: str
    sentence_en: str
    clears_id: str
    clears_en: str


class Suppressed(BaseModel):
    """A finding that does not count, with who or what says so: recorded, never silent."""

    model_config = ConfigDict(extra="allow", frozen=True)

    finding: Finding
    kind: Literal["analyst", "running_contract", "border_pass_resident"]
    by: str
    """`suppression:<id>`, `departure:<id>` or `checkpoint:<id>`."""
    reason: str = ""
    """The analyst's words."""
    until: AwareDatetime | None = None
    """Crossings from then on are not suppressed any more."""


class MatchScores(BaseModel):
    """How near the matched registration is."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name_dice: float | None = None
    same_sex: bool | None = None
    same_origin: bool | None = None
    same_birth_date: bool | None = None
    """False = the two dates differ by a slip of the hand: day and month exchanged, or the year off by one."""


class Assessment(Record):
    """The verdict on one transit event; the offset of its Kafka record is its version."""

    record: Literal["assessment"] = "assessment"
    event_id: Identifier
    province: Province
    block: Identifier
    checkpoint_id: Identifier
    occurred_at: AwareDatetime
    direction: Direction
    document_type: DocumentType
    sex: Sex | None = None
    age_years: int | None = None
    origin_region: str | None = None
    purpose: Purpose | None = None
    destination_country: str | None = None
    service_no: str | None = None
    officer_action: OfficerAction | None = None
    status: Status
    score: Annotated[int, Field(ge=0, le=100)]
    findings: tuple[Finding, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    """Findings that are no part of the score."""
    departure_id: str | None = None
    tier: Tier | None = None
    match: MatchScores | None = None
    missing: tuple[str, ...] = ()
    """What the verdict had to do without, such as `nik` or `watermark` (a registry has not reported past it)."""
    policy: str
    """Digest of the policy that was applied."""


Tie = Annotated[str, StringConstraints(pattern=r"^[a-z2-7]{26}$")]
"""The digits of a token, without the name of its key: tokens under two keys have no digits in common."""


class ClusterMember(Record):
    """A crossing as groups see it: what may tie its traveller to others, and what is said of it now.

    Written under the key of every group that it belongs to; the newest under a key replaces those before it.
    """

    record: Literal["cluster_member"] = "cluster_member"
    event_id: Identifier
    province: Province
    block: Identifier
    checkpoint_id: Identifier
    occurred_at: AwareDatetime
    direction: Direction
    service_no: str | None = None
    document_type: DocumentType
    birth_date_known: bool = True
    """Without one the block is no birth date."""
    name: str | None = None
    """Digest of the name code: tells people of one block apart."""
    sex: Sex | None = None
    age_years: int | None = None
    foreign: bool = False
    origin_region: str | None = None
    purpose: Purpose | None = None
    document: Tie | None = None
    nik: Tie | None = None
    kk: Tie | None = None
    payer: Tie | None = None
    booking: Tie | None = None
    party: Tie | None = None
    status: Status
    score: Annotated[int, Field(ge=0, le=100)]
    gone: bool = False
    """The crossing was corrected and belongs to this group no more."""


class Cluster(Record):
    """Travellers tied by a shared document, payer, booking, party or village; without findings it is withdrawn."""

    record: Literal["cluster"] = "cluster"
    cluster_id: Identifier
    kind: Text
    status: Status
    score: Annotated[int, Field(ge=0, le=100)]
    members: tuple[str, ...] = ()
    """Event ids of those that findings name, in the order of their crossings; of a large group the first ones."""
    member_count: Annotated[int, Field(ge=0)] = 0
    """How many there are in all."""
    left_out: Annotated[int, Field(ge=0)] = 0
    """Crossings under the key that were not looked at one by one: of a large group those least in doubt."""
    first_at: AwareDatetime | None = None
    last_at: AwareDatetime | None = None
    suppressed: tuple[str, ...] = ()
    """`<rule>:<reason>` of findings that an innocent reason explains: they stand here and do not weigh."""
    findings: tuple[Finding, ...] = ()
    policy: str


class Rejected(Record):
    """A record that could not be taken: whole where it came from Kafka, place and digest where it came from a file."""

    record: Literal["rejected"] = "rejected"
    reason: Reason
    message: str
    field: str = ""
    stage: Literal["publisher", "matcher", "loader"]
    topic: str
    """Where the record was, or was meant for."""
    partition: int | None = None
    offset: int | None = None
    line: int | None = None
    """Physical line of the partner's file, for the publisher's refusals."""
    digest: str
    """SHA-256 of the original bytes; of a keyed row for the publisher's refusals, whose rows hold raw identities."""
    key_base64: str | None = None
    payload_base64: str | None = None
    """The original bytes; absent for the publisher's refusals, whose rows never leave the province."""
    happened_at: AwareDatetime


class Review(Record):
    """One move of an analyst in the review of a flag; what it leads to is in `schemas.lifecycle`."""

    record: Literal["review"] = "review"
    review_id: Identifier
    event_id: Identifier
    province: Province
    move: ReviewMove | None = None
    """None = close, the only move of the first version."""
    verdict: ReviewVerdict | None = None
    """What a closing concludes; no other move has one."""
    note: Annotated[str, Field(max_length=2000)] = ""
    reviewer: Text
    reviewed_at: AwareDatetime
    assessment_version: int | None = None
    """The version of the assessment that the analyst saw."""
    after: Identifier | None = None
    """The review that this one follows, `first` where the analyst saw none; None = whatever came before."""
    assignee: Text | None = None
    """Who has it from now on."""
    due_at: AwareDatetime | None = None
    snoozed_until: AwareDatetime | None = None

    @model_validator(mode="after")
    def _only_a_closing_concludes(self) -> Self:
        closes = self.move in (None, ReviewMove.CLOSE)
        if closes != (self.verdict is not None):
            msg = "a closing needs a verdict" if closes else "only a closing has a verdict"
            raise ValueError(msg)
        if (self.move is ReviewMove.SNOOZE) != (self.snoozed_until is not None):
            msg = "a snooze, and only a snooze, has an end"
            raise ValueError(msg)
        return self
