"""What the lane of a person tells the lanes of groups: a crossing under the key of each group it belongs to."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, NamedTuple

from schemas.records import SCHEMA_VERSION
from schemas.verdicts import Assessment, ClusterMember
from schemas.vocabulary import Direction, DocumentType
from streams.crossing import Crossing
from streams.packing import INNER, NAME, NO_NAME, digits
from streams.policy import Policy

DOCUMENT, PAYER, BOOKING, PARTY, VILLAGE = "document", "payer", "booking", "party", "village"
LINKS = (PAYER, BOOKING, PARTY)
KINDS = (DOCUMENT, *LINKS, VILLAGE)
KECAMATAN_DIGITS = 6
_DOCUMENTS = f"{DOCUMENT}:"
_NUMBERED = frozenset({DocumentType.PASSPORT, DocumentType.KTP, DocumentType.PLB})
"""Documents of one person: an emergency document may stand for a whole group."""


class Membership(NamedTuple):
    """One record and the groups that it goes to."""

    member: ClusterMember
    keys: tuple[str, ...]


def memberships(crossing: Crossing, before: Assessment | None, now: Assessment, policy: Policy) -> list[Membership]:
    """What groups have to hear of a crossing whose verdict is new or changed."""
    if before is not None and (before.status, before.score) == (now.status, now.score):
        return []
    member = member_of(crossing, now)
    keys = keys_of(member, policy)
    if before is not None:
        # who shows one document is the same whatever is said of each
        keys = tuple(key for key in keys if not key.startswith(_DOCUMENTS))
    return [Membership(member, keys)] if keys else []


def corrected(old: Crossing, was: Assessment, new: Crossing, now: Assessment, policy: Policy) -> list[Membership]:
    """What groups have to hear of a crossing whose content was corrected: some may have lost it."""
    before, after = member_of(old, was), member_of(new, now)
    if before == after:
        return []
    keys = keys_of(after, policy)
    lost = tuple(key for key in keys_of(before, policy) if key not in keys)
    told = [Membership(after, keys)] if keys else []
    return [*told, Membership(after.model_copy(update={"gone": True}), lost)] if lost else told


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


def keys_of(member: ClusterMember, policy: Policy) -> tuple[str, ...]:
    """The keys of the groups that a crossing belongs to: the kind, a colon, and what its members share."""
    keys = []
    if member.document and member.birth_date_known and member.document_type in _NUMBERED:
        keys.append(f"{DOCUMENT}:{member.document}")
    if member.direction is not Direction.IN:
        if member.payer:
            keys.append(f"{PAYER}:{member.payer}")
        if member.booking:
            keys.append(f"{BOOKING}:{member.booking}")
        if member.party:
            keys.append(f"{PARTY}:{member.party}")
        region = member.origin_region or ""
        if len(region) >= KECAMATAN_DIGITS and region[:2] in policy.scope.origin_provinces and not member.foreign:
            keys.append(f"{VILLAGE}:{region[:KECAMATAN_DIGITS]}")
    return tuple(keys)
