"""The policy: one reviewed file with every threshold, weight and date that a verdict depends on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, cached_property
from importlib import resources
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, ValidationError

from schemas.vocabulary import DocumentType, Purpose, Source
from streams.policysections import Absences as Absences
from streams.policysections import Calendar as Calendar
from streams.policysections import Cover as Cover
from streams.policysections import Feast as Feast
from streams.policysections import Groups as Groups
from streams.policysections import Licence as Licence
from streams.policysections import Matching as Matching
from streams.policysections import Moratorium as Moratorium
from streams.policysections import Part as Part
from streams.policysections import PassportTimes as PassportTimes
from streams.policysections import Scope as Scope
from streams.policysections import ShipCall as ShipCall
from streams.policysections import Silences as Silences
from streams.policysections import Suppressions as Suppressions
from streams.policysections import Travel as Travel
from streams.policysections import Visits as Visits
from streams.policysections import Weight as Weight
from streams.yaml_lines import Marked, YamlError, problems, read_marked


class PolicyError(ValueError):
    """The policy file cannot be used; the text has a line for each thing that is wrong: file, line, key, why."""


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


class Policy(Part):
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
