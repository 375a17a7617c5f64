"""What the lane of a person tells the lanes of groups: a crossing under the key of each group it belongs to."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, NamedTuple

from schemas.records import SCHEMA_VERSION
from schemas.verdicts import Assessment, ClusterMember
from schemas.vocabulary import Direction
from streams.crossing import Crossing
from streams.packing import INNER, NAME, NO_NAME, digits
from streams.policy import Policy

DOCUMENT, PAYER, BOOKING, PARTY, VILLAGE = "document", "payer", "booking", "party", "village"
LINKS = (PAYER, BOOKING, PARTY)
KINDS = (DOCUMENT, *LINKS, VILLAGE)
KECAMATAN_DIGITS = 6
_IN, _OUT = Direction.IN, Direction.OUT  # a member of an Enum takes three times as long to find


class Membership(NamedTuple):
    """One record and the groups that it goes to."""

    member: ClusterMember
    keys: tuple[str, ...]


def member_of(crossing: Crossing, verdict: Assessment) -> ClusterMember:
    """The crossing as groups see it."""
    kk, payer, booking, party = crossing.ties.split(INNER) if crossing.ties else ("", "", "", "")
    raw = crossing.row[NAME]
    return _unchecked(
        event_id=crossing.event_id,
        province=crossing.province,
        block=crossing.block,
        checkpoint_id=crossing.checkpoint_id,
        occurred_at=crossing.at,
        direction=crossing.direction,
        service_no=crossing.service_no,
        document_type=crossing.document_type,
        birth_date_known=crossing.birth_year is not None,
        name=None if raw == NO_NAME else blake2b(raw, digest_size=6).hexdigest(),
        sex=crossing.sex,
        age_years=crossing.age_years,
        foreign=crossing.foreign,
        origin_region=crossing.origin_region,
        purpose=crossing.purpose,
        document=digits(crossing.document),
        nik=digits(crossing.nik),
        kk=kk or None,
        payer=payer or None,
        booking=booking or None,
        party=party or None,
        status=verdict.status,
        score=verdict.score,
    )


_FIELDS = set(ClusterMember.model_fields) - {"schema_version", "record"}
_new, _set = ClusterMember.__new__, object.__setattr__


def _unchecked(**values: Any) -> ClusterMember:
    """A member of values that were checked on their way in, every field given; its constructor takes ten times as long.

    A test holds the result equal to what the constructor makes.
    """
    made = _new(ClusterMember)
    # the schema's order, which is the order on the wire
    whole = {"schema_version": SCHEMA_VERSION, "record": "cluster_member", **values, "gone": False}
    _set(made, "__dict__", whole)
    _set(made, "__pydantic_fields_set__", _FIELDS)
    _set(made, "__pydantic_extra__", {})
    _set(made, "__pydantic_private__", None)
    return made


def gone(member: ClusterMember) -> ClusterMember:
    """The word that a group has lost a crossing."""
    return member.model_copy(update={"gone": True})


def keys_of(crossing: Crossing, policy: Policy) -> list[str]:
    """The keys of the groups that a crossing belongs to, but for its document's: the kind, a colon, what is shared."""
    keys: list[str] = []
    if crossing.direction is _IN:
        return keys
    if crossing.ties:
        _, payer, booking, party = crossing.ties.split(INNER)
        if payer:
            keys.append(f"payer:{payer}")
        if booking:
            keys.append(f"booking:{booking}")
        if party:
            keys.append(f"party:{party}")
    region = crossing.origin_region
    # a village ties those on one voyage out of the country: a ship within it carries half a village at any time
    if (
        crossing.direction is _OUT
        and crossing.service_no
        and region
        and len(region) >= KECAMATAN_DIGITS
        and region[:2] in policy.terms.origin_provinces
        and not crossing.foreign
    ):
        keys.append(f"village:{region[:KECAMATAN_DIGITS]}")
    return keys


def document_key(seal: bytes) -> str:
    """The key of those who show one document."""
    return f"document:{digits(seal)}"
