"""The policy: one reviewed file with every threshold, weight and date that a verdict depends on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from importlib import resources
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas.vocabulary import DocumentType, EmployerType, Purpose, Sector, Source
from streams.yaml_lines import Marked, YamlError, problems, read_marked

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


class PolicyError(ValueError):
    """The policy file cannot be used; the text has a line for each thing that is wrong: file, line, key, why."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _no_yes_for_a_number(cls, data: Any) -> Any:
        """YAML reads `on` and `yes` as true, and pydantic true as 1: as a text it is refused where a number stands."""
        if isinstance(data, dict):
            return {key: str(value).lower() if isinstance(value, bool) else value for key, value in data.items()}
        return data


class Scope(_Part):
    """Of whom a registration is expected."""

    origin_provinces: tuple[ProvinceCode, ...]
    purposes: tuple[PurposeOrUnknown, ...]
    exempt_documents: tuple[DocumentType, ...]

    @cached_property
    def purpose_set(self) -> frozenset[Purpose | None]:
        """The purposes in scope; None where `unknown` is listed."""
        return frozenset(None if p == "unknown" else Purpose(p) for p in self.purposes)


class Cover(_Part):
    """Which crossings a registration covers."""

    planned_before_days: Days
    planned_after_days: Days
    contract_lead_days: Days
    open_contract_days: Days
    undated_days: Days
    late_days: Days


class Matching(_Part):
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


class PassportTimes(_Part):
    """How soon is soon."""

    recent_days: Days
    new_days: Days
    deportation_days: Days
    refusal_days: Days


class Travel(_Part):
    """How fast a traveller can be."""

    max_speed_kmh: Annotated[int, Field(gt=0)]
    min_distance_km: Annotated[int, Field(ge=0)]


class Visits(_Part):
    """Which stays abroad use up a visitor's pass one after another."""

    least_stay_days: Days
    most_stay_days: Days
    home_days: Days
    times: Annotated[int, Field(ge=1, le=20)]
    within_days: Days


class Absences(_Part):
    """After how long somebody who was not seen again is missing."""

    visit_days: Days
    visit_purposes: tuple[Purpose, ...]
    settle_days: Days
    arrival_posts: tuple[str, ...]


class Silences(_Part):
    """After how long a checkpoint that delivered, or a ship that called, is silent."""

    least_hours: Annotated[int, Field(ge=1, le=24 * 60)] = 36
    least_expected: Annotated[int, Field(ge=1, le=1000)] = 10
    known_days: Annotated[int, Field(ge=7, le=366)] = 28
    sailing_hours: Annotated[int, Field(ge=1, le=24 * 14)] = 48


class Licence(_Part):
    """What is known of an agency's licence; an empty list means any province."""

    valid_to: date | None = None
    origin_provinces: tuple[ProvinceCode, ...] = ()


class ShipCall(_Part):
    """A ship from NTT that calls every week; weekdays count from Monday = 1."""

    ship: str
    checkpoint_id: str
    weekdays: tuple[Annotated[int, Field(ge=1, le=7)], ...]


class Feast(_Part):
    """A feast after which many leave; `ends` is its last day."""

    name: str
    ends: date


class Calendar(_Part):
    """Times of which many leave outside the procedure; hours are the checkpoint's."""

    ship_calls: tuple[ShipCall, ...]
    days_after_call: Annotated[int, Field(ge=0, le=6)]
    feasts: tuple[Feast, ...]
    days_after_feast: Annotated[int, Field(ge=0, le=60)]
    day_begins_hour: Annotated[int, Field(ge=0, le=24)]
    day_ends_hour: Annotated[int, Field(ge=0, le=24)]


RuleId = Annotated[str, Field(pattern=r"^R\d\d$", description="a rule's id, such as R13")]


class Suppressions(_Part):
    """Findings that do not count where the traveller's situation explains them and nothing else is found beside."""

    running_contract: tuple[RuleId, ...] = ()
    """Somebody returns to work under a registered contract that is running."""
    border_pass_resident: tuple[RuleId, ...] = ()
    """A border pass at a post that takes it, by somebody first registered in the post's own regency."""


class Moratorium(_Part):
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


class Groups(_Part):
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What every verdict asks of a policy, in sets and plain numbers: pydantic's attributes take four times as long."""

    origin_provinces: frozenset[str | None]
    purposes: frozenset[Purpose | None]
    exempt_documents: frozenset[DocumentType]
    grace_us: int
    minimum_age_years: int
    review_threshold: int
    digest: str


class Policy(_Part):
    """Everything that a verdict depends on besides the facts."""

    name: str
    effective_from: AwareDatetime
    review_threshold: Annotated[int, Field(ge=1, le=100)]
    registries: tuple[Source, ...]
    grace_hours: Annotated[int, Field(ge=0, le=24 * 60)]
    silence_allowance_hours: Annotated[int, Field(ge=0, le=24 * 60)]
    scope: Scope
    cover: Cover
    matching: Matching
    passport: PassportTimes
    travel: Travel
    minimum_age_years: Annotated[int, Field(ge=0, le=30)]
    required_papers: tuple[str, ...]
    moratoria: tuple[Moratorium, ...]
    visits: Visits
    chain_hours: Annotated[int, Field(ge=0, le=24 * 30)]
    unlikely_for_tourists: tuple[str, ...]
    absences: Absences
    agencies: dict[str, Licence]
    calendar: Calendar
    groups: Groups
    suppressions: Suppressions = Suppressions()
    silences: Silences = Silences()
    weights: dict[str, Weight]

    @cached_property
    def digest(self) -> str:
        """First 16 hex digits of the SHA-256 of the policy's content; stands on every assessment."""
        return hashlib.sha256(self.model_dump_json(by_alias=True).encode()).hexdigest()[:16]

    @cached_property
    def grace(self) -> timedelta:
        """How long registries are given after a crossing before absence counts."""
        return timedelta(hours=self.grace_hours)

    @cached_property
    def grace_us(self) -> int:
        """The same in microseconds."""
        return self.grace_hours * 3_600_000_000

    @cached_property
    def terms(self) -> Terms:
        """What every verdict asks."""
        return Terms(
            origin_provinces=frozenset(self.scope.origin_provinces),
            purposes=self.scope.purpose_set,
            exempt_documents=frozenset(self.scope.exempt_documents),
            grace_us=self.grace_us,
            minimum_age_years=self.minimum_age_years,
            review_threshold=self.review_threshold,
            digest=self.digest,
        )

    @cached_property
    def history_us(self) -> int:
        """How far before a departure an earlier journey of the traveller may still count, microseconds."""
        return max(self.visits.within_days * 24, self.chain_hours) * 3_600_000_000

    def weight(self, key: str) -> int:
        """The weight of a rule or of one of its variants (`R10.minor`), hundredths."""
        found = self.weights.get(key)
        return self.weights[key.partition(".")[0]] if found is None else found


@cache
def policy_schema() -> dict[str, Any]:
    """The JSON Schema of the policy file; generated into `streams/policies/policy.schema.json`."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "id.lintas.policy-file"}
    return head | Policy.model_json_schema(by_alias=True)


def read_policy(marked: Marked) -> Policy:
    """The policy that stands in a file.

    Raises:
        PolicyError: an unknown or missing key, or a value that is not allowed; names each of them with its line.
    """
    try:
        return Policy.model_validate(marked.data)
    except ValidationError as error:
        raise PolicyError("\n".join(problems(error, marked, policy_schema()))) from None


def load_policy(text: str, name: str = "policy") -> Policy:
    """Read a policy file of that name.

    Raises:
        PolicyError: not YAML, or see `read_policy`.
    """
    try:
        marked = read_marked(text, name)
    except YamlError as error:
        raise PolicyError(str(error)) from None
    return read_policy(marked)


def shipped_text() -> str:
    """The policy file that comes with Lintas."""
    return resources.files("streams").joinpath("policies/ntt.yaml").read_text(encoding="utf-8")


@cache
def shipped_policy() -> Policy:
    """The policy that comes with Lintas: NTT's moratorium on domestic work and the thresholds of docs/rules.md."""
    return load_policy(shipped_text(), "ntt.yaml")
