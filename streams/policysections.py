"""The sections of the policy file."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from schemas.vocabulary import DocumentType, EmployerType, Purpose, Sector

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[int, Field(ge=0, le=100)]
Bits = Annotated[int, Field(ge=0, le=512)]
Days = Annotated[int, Field(ge=0, le=3650)]
ProvinceCode = Annotated[str, Field(pattern=r"^\d{2}$", description="a Kemendagri province code, two digits, quoted")]
DistrictCode = Annotated[str, Field(pattern=r"^\d{4}$", description="a Kemendagri district code, four digits, quoted")]
CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="a country of two capitals, such as MY")]


PURPOSES = (*(purpose.value for purpose in Purpose), "unknown")


def _purpose(word: str) -> str:
    if word not in PURPOSES:
        msg = "not a purpose"
        raise ValueError(msg)
    return word


PurposeOrUnknown = Annotated[str, AfterValidator(_purpose), Field(json_schema_extra={"enum": list(PURPOSES)})]


class Part(BaseModel):
    """A section: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _no_yes_for_a_number(cls, data: Any) -> Any:
        """YAML reads `on` and `yes` as true, and pydantic true as 1: as a text it is refused where a number stands."""
        if isinstance(data, dict):
            return {key: str(value).lower() if isinstance(value, bool) else value for key, value in data.items()}
        return data


class Scope(Part):
    """Of whom a registration is expected."""

    origin_provinces: tuple[ProvinceCode, ...]
    purposes: tuple[PurposeOrUnknown, ...]
    exempt_documents: tuple[DocumentType, ...]

    @cached_property
    def purpose_set(self) -> frozenset[Purpose | None]:
        """The purposes in scope; None where `unknown` is listed."""
        return frozenset(None if p == "unknown" else Purpose(p) for p in self.purposes)


class Cover(Part):
    """Which crossings a registration covers."""

    planned_before_days: Days
    planned_after_days: Days
    contract_lead_days: Days
    open_contract_days: Days
    undated_days: Days
    late_days: Days


class Matching(Part):
    """How near two names must be; measured by the matching corpus."""

    slip_bits: Bits
    dropped_bits: Bits
    dropped_dice: Share
    dropped_least_bits: Bits
    renewed_slip_bits: Bits = 34
    renewed_least_bits: Bits = 105
    contradicted_dice: Share
    report_dice: Share
    disagree_bits: Bits
    disagree_dice: Share


class PassportTimes(Part):
    """How soon is soon."""

    recent_days: Days
    new_days: Days
    deportation_days: Days
    refusal_days: Days


class Travel(Part):
    """How fast a traveller can be."""

    max_speed_kmh: Annotated[int, Field(gt=0)]
    min_distance_km: Annotated[int, Field(ge=0)]


class Visits(Part):
    """Which stays abroad use up a visitor's pass one after another."""

    least_stay_days: Days
    most_stay_days: Days
    home_days: Days
    times: Annotated[int, Field(ge=1, le=20)]
    within_days: Days


class Absences(Part):
    """After how long somebody who was not seen again is missing."""

    visit_days: Days
    visit_purposes: tuple[Purpose, ...]
    settle_days: Days
    arrival_posts: tuple[str, ...]


class Silences(Part):
    """After how long a checkpoint that delivered, or a ship that called, is silent."""

    least_hours: Annotated[int, Field(ge=1, le=24 * 60)] = 36
    least_expected: Annotated[int, Field(ge=1, le=1000)] = 10
    known_days: Annotated[int, Field(ge=7, le=366)] = 28
    sailing_hours: Annotated[int, Field(ge=1, le=24 * 14)] = 48


class Licence(Part):
    """What is known of an agency's licence; an empty list means any province."""

    valid_to: date | None = None
    origin_provinces: tuple[ProvinceCode, ...] = ()


class ShipCall(Part):
    """A ship from NTT that calls every week; weekdays count from Monday = 1."""

    ship: str
    checkpoint_id: str
    weekdays: tuple[Annotated[int, Field(ge=1, le=7)], ...]


class Feast(Part):
    """A feast after which many leave; `ends` is its last day."""

    name: str
    ends: date


class Calendar(Part):
    """Times of which many leave outside the procedure; hours are the checkpoint's."""

    ship_calls: tuple[ShipCall, ...]
    days_after_call: Annotated[int, Field(ge=0, le=6)]
    feasts: tuple[Feast, ...]
    days_after_feast: Annotated[int, Field(ge=0, le=60)]
    day_begins_hour: Annotated[int, Field(ge=0, le=24)]
    day_ends_hour: Annotated[int, Field(ge=0, le=24)]


RuleId = Annotated[str, Field(pattern=r"^R\d\d$", description="a rule's id, such as R13")]


class Suppressions(Part):
    """Findings that do not count where the traveller's situation explains them and nothing else is found beside."""

    running_contract: tuple[RuleId, ...] = ()
    """Somebody returns to work under a registered contract that is running."""
    border_pass_resident: tuple[RuleId, ...] = ()
    """A border pass at a post that takes it, by somebody first registered in the post's own regency."""


class Moratorium(Part):
    """A dated stop of departures; empty lists mean any."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    name: str
    origin_provinces: tuple[ProvinceCode, ...] = ()
    origin_districts: tuple[DistrictCode, ...] = ()
    sectors: tuple[Sector, ...] = ()
    employer_types: tuple[EmployerType, ...] = ()
    countries: tuple[CountryCode, ...] = ()
    starts: Annotated[date, Field(alias="from")]
    until: date | None = None
    lifted_by: tuple[str, ...] = ()


class Groups(Part):
    """What makes travellers a group worth a look."""

    window_days: Days
    companion_days: Days
    least_people: Annotated[int, Field(ge=2, le=50)]
    companion_years: Annotated[int, Field(ge=0, le=60)]
    innocent_purposes: tuple[Purpose, ...]
    agents: tuple[str, ...] = ()
    judged_members: Annotated[int, Field(ge=1, le=10_000)]
    judged_elders: Annotated[int, Field(ge=0, le=1_000)]
    listed_members: Annotated[int, Field(ge=1, le=1_000)]

    @cached_property
    def innocent_set(self) -> frozenset[Purpose]:
        """Declared purposes that explain a group."""
        return frozenset(self.innocent_purposes)

    @cached_property
    def agent_set(self) -> frozenset[str]:
        """Payers that are known to buy for strangers, by the digits of their tokens."""
        return frozenset(agent.rpartition(":")[2] for agent in self.agents)
