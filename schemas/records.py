"""The facts that partners publish: crossings, legal departures, community reports and registry heartbeats."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from schemas.vocabulary import (
    DepartureEvent,
    Direction,
    DocumentType,
    EmployerType,
    Mode,
    OfficerAction,
    Province,
    Purpose,
    ReportKind,
    Scheme,
    Sector,
    Sex,
    Source,
)

SCHEMA_VERSION = 1

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,32}:[a-z2-7]{26}$")]
NameCode = Annotated[str, StringConstraints(min_length=8, max_length=400, pattern=r"^[A-Za-z0-9_+/=:.-]+$")]
Region = Annotated[str, StringConstraints(pattern=r"^\d{2}(\d{2}(\d{2}(\d{4})?)?)?$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Nationality = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,3}$")]


def _plausible(moment: datetime) -> datetime:
    if not 1990 <= moment.year <= 2100:
        msg = "the year must lie between 1990 and 2100"
        raise ValueError(msg)
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_plausible)]


class Record(BaseModel):
    """What every record has; unknown extra fields are kept so that newer partners can speak to older readers."""

    model_config = ConfigDict(extra="allow", frozen=True, str_strip_whitespace=False)

    schema_version: Annotated[int, Field(ge=1, le=SCHEMA_VERSION)] = SCHEMA_VERSION


class Document(BaseModel):
    """The document that a traveller showed, its number only as a token."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: DocumentType = DocumentType.NONE
    token: Token | None = None
    issue_office: Text | None = None
    issued_on: date | None = None
    expires_on: date | None = None
    mrz_ok: bool | None = None


class TransitEvent(Record):
    """One traveller at one checkpoint, published by the checkpoint's province under the key `block`."""

    record: Literal["transit_event"] = "transit_event"
    event_id: Identifier
    province: Province
    checkpoint_id: Identifier
    device_id: Identifier | None = None
    sequence: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    """Counts up per device, so that a gap shows what has not arrived."""
    occurred_at: Moment
    direction: Direction
    mode: Mode | None = None
    carrier: Text | None = None
    service_no: Text | None = None
    from_place: Text | None = None
    to_place: Text | None = None
    document: Document = Document()
    nik_token: Token | None = None
    kk_token: Token | None = None
    name_code: NameCode | None = None
    """Keyed Bloom filter over the name, salted with the birth date: comparable inside one block only."""
    block: Token
    birth_year: Annotated[int, Field(ge=1880, le=2100)] | None = None
    nik_birth_year: Annotated[int, Field(ge=1880, le=2100)] | None = None
    """Birth year by the NIK, where the NIK gives one."""
    age_years: Annotated[int, Field(ge=0, le=140)] | None = None
    """Full years at the crossing."""
    sex: Sex | None = None
    nationality: Nationality | None = None
    origin_region: Region | None = None
    """Kemendagri code of the place of first registration, from the NIK, kecamatan precision."""
    purpose: Purpose | None = None
    destination_country: Country | None = None
    destination_place: Text | None = None
    payer_token: Token | None = None
    booking_token: Token | None = None
    party_token: Token | None = None
    officer_action: OfficerAction | None = None
    identity_quality: tuple[Text, ...] = ()
    key_id: Identifier


class Readiness(BaseModel):
    """Which papers of article 13 UU 18/2017 a registration has; None is unknown."""

    model_config = ConfigDict(extra="allow", frozen=True)

    certificate: bool | None = None
    opp: bool | None = None
    health: bool | None = None
    insurance: bool | None = None
    permission: bool | None = None
    visa: bool | None = None


class Departure(Record):
    """One revision of a registered legal departure, published once under each of the worker's blocks."""

    record: Literal["departure"] = "departure"
    departure_id: Identifier
    revision: Annotated[int, Field(ge=0, lt=2**31)] = 1
    event: DepartureEvent
    source: Source
    block: Token | None = None
    """The block of this copy; None = the worker's birth date is unknown and the record goes to every partition."""
    passport_token: Token | None = None
    previous_passport_tokens: tuple[Token, ...] = ()
    nik_token: Token | None = None
    name_code: NameCode | None = None
    birth_year: Annotated[int, Field(ge=1880, le=2100)] | None = None
    sex: Sex | None = None
    origin_region: Region | None = None
    scheme: Scheme | None = None
    p3mi_licence: Text | None = None
    p3mi_valid_to: date | None = None
    sector: Sector | None = None
    employer_type: EmployerType | None = None
    destination_country: Country | None = None
    planned_date: date | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    checkpoint_id: Identifier | None = None
    mode: Mode | None = None
    readiness: Readiness = Readiness()
    training_institution: Text | None = None
    ltsa_office: Text | None = None
    issued_at: Moment
    identity_quality: tuple[Text, ...] = ()
    key_id: Identifier


class Heartbeat(Record):
    """A registry's promise that all it had up to `complete_up_to` is published; one goes to every partition."""

    record: Literal["heartbeat"] = "heartbeat"
    source: Source
    complete_up_to: Moment


class CommunityReport(Record):
    """A person whom a SI-SAGA case looks for; there is no field for who reported, and unknown ones are dropped."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    record: Literal["community_report"] = "community_report"
    case_id: Identifier
    reported_at: Moment
    kind: ReportKind | None = None
    block: Token | None = None
    """None = the person's birth date is unknown and the record goes to every partition."""
    passport_token: Token | None = None
    nik_token: Token | None = None
    name_code: NameCode | None = None
    birth_year: Annotated[int, Field(ge=1880, le=2100)] | None = None
    sex: Sex | None = None
    origin_region: Region | None = None
    checkpoint_id: Identifier | None = None
    destination_country: Country | None = None
    key_id: Identifier


class PolicyVersion(Record):
    """A policy file as two persons activated it; one goes to every partition."""

    record: Literal["policy"] = "policy"
    name: Text
    text: Annotated[str, StringConstraints(min_length=1, max_length=200_000)]
    """The reviewed file, whole."""
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    """Of what the file says; stands on every verdict that it decides."""
    author: Text
    activated_by: Text
    effective_from: Moment
    """Crossings from this moment on are judged by it, whenever they arrive."""
    activated_at: Moment

    @model_validator(mode="after")
    def _four_eyes(self) -> PolicyVersion:
        if self.author.strip().casefold() == self.activated_by.strip().casefold():
            msg = "a policy is activated by another person than its author"
            raise ValueError(msg)
        return self


class Suppression(Record):
    """An analyst's word that findings of some rules do not count: on one crossing, or on all under one number."""

    record: Literal["suppression"] = "suppression"
    suppression_id: Identifier
    event_id: Identifier | None = None
    province: Province | None = None
    """Of the event."""
    block: Token | None = None
    """The event's; None = it is about a number, and the record goes to every partition."""
    token: Token | None = None
    """The document number or NIK of whose crossings it speaks."""
    rules: Annotated[tuple[Annotated[str, StringConstraints(pattern=r"^R\d\d$")], ...], Field(min_length=1)]
    reason: Text
    made_by: Text
    made_at: Moment
    until: Moment
    """Only crossings before this moment: from then on the findings count again."""

    @model_validator(mode="after")
    def _of_one_thing(self) -> Suppression:
        event = (self.event_id, self.province, self.block)
        whole, named = None not in event, any(part is not None for part in event)
        if (whole and self.token is None) or (not named and self.token is not None):
            return self
        msg = "a suppression is about a crossing (event_id, province, block) or about a number (token)"
        raise ValueError(msg)


Fact = TransitEvent | Departure | Heartbeat | CommunityReport | PolicyVersion | Suppression
