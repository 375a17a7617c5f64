"""The gate: bytes from an input topic become an admitted fact, or a refusal that carries them whole."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b, sha256
from typing import Protocol

from pydantic import ValidationError

from schemas import reference
from schemas.codec import MAX_RECORD_BYTES, decode, decode_fact
from schemas.errors import Reason, RecordRejected
from schemas.records import CommunityReport, Departure, Heartbeat, PolicyVersion, TransitEvent
from schemas.topics import refusals_of, transit_topic
from schemas.verdicts import ClusterMember, Rejected
from schemas.vocabulary import Province
from streams.casebook import Admitted
from streams.clusters.book import AdmittedMember
from streams.clusters.membership import KINDS
from streams.reigns import VersionError, policy_in

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_MS = 253_402_300_799_000
"""The last second of the year 9999: a sender chooses a record's timestamp freely."""
KNOWN_KEYS = 1 << 16
ANY_KEY: Set[str] = frozenset()
PLACES: Mapping[str, Mapping[str, Province]] = {
    transit_topic(province): {
        place: province for place in reference.checkpoints() if reference.province_of(place) is province
    }
    for province in Province
}
"""By topic: the checkpoints whose crossings may stand in it."""
_read_crossing: Callable[..., TransitEvent] = TransitEvent.__pydantic_validator__.validate_json


class Delivery(Protocol):
    """A record as a Kafka client hands it over."""

    @property
    def topic(self) -> str:
        """Where it stands."""

    @property
    def partition(self) -> int:
        """Its partition's number."""

    @property
    def offset(self) -> int:
        """Its place in the partition."""

    @property
    def timestamp(self) -> int:
        """Milliseconds since 1970, by the sender's or the broker's clock."""

    @property
    def key(self) -> bytes | None:
        """The raw key."""

    @property
    def value(self) -> bytes | None:
        """The raw value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What to write to `rejected.*` in place of a verdict."""

    topic: str
    key: bytes | None
    record: Rejected


def admit_all(
    deliveries: Iterable[Delivery], partitions: int, key_ids: Set[str] = ANY_KEY
) -> tuple[list[Admitted], list[Refused]]:
    """Part what can be read from what is refused, each in order: what `admit` says of every one, in half the time."""
    admitted: list[Admitted] = []
    refused: list[Refused] = []
    for delivery in deliveries:
        value, key, places = delivery.value, delivery.key, PLACES.get(delivery.topic)
        # a sound crossing in its place needs one look at each; all others go where it is found out what they are
        if places is not None and key and value and len(value) <= MAX_RECORD_BYTES:
            try:
                event = _read_crossing(value, strict=True)
            except ValidationError:
                event = None
            if (
                event is not None
                and places.get(event.checkpoint_id) is event.province
                and place_of(key, partitions) == (event.block, delivery.partition)
                and (not key_ids or _is_under(event, key_ids))
            ):
                admitted.append(Admitted(event, blake2b(value, digest_size=16).digest()))
                continue
        result = admit(delivery, partitions, key_ids)
        if isinstance(result, Admitted):
            admitted.append(result)
        else:
            refused.append(result)
    return admitted, refused


def admit(delivery: Delivery, partitions: int, key_ids: Set[str] = ANY_KEY) -> Admitted | Refused:
    """Read one record of a topic that has `partitions` partitions; never raises for what stands in the record.

    `key_ids`: linkage keys whose records are taken; empty = any.
    """
    value = delivery.value
    try:
        fact = decode_fact(delivery.topic, delivery.key, value)
        # the frequent kind first: pydantic's classes answer a no to `isinstance` ten times slower than a yes
        if isinstance(fact, TransitEvent) or (
            not isinstance(fact, Heartbeat | PolicyVersion) and fact.block is not None
        ):
            check_partition(delivery, partitions)
        elif isinstance(fact, PolicyVersion):
            check_policy(fact)
        if key_ids and isinstance(fact, TransitEvent | Departure | CommunityReport):
            check_key_id(fact, key_ids)
    except RecordRejected as error:
        return refused(delivery, error)
    return Admitted(fact, digest_of(value or b""))


def admit_members(
    deliveries: Iterable[Delivery], partitions: int, key_ids: Set[str] = ANY_KEY
) -> tuple[list[AdmittedMember], list[Refused]]:
    """The same for the members of groups, whose partition and keys a lane of people has looked at."""
    admitted: list[AdmittedMember] = []
    unreadable: list[Refused] = []
    for delivery in deliveries:
        key = (delivery.key or b"").decode("ascii", "replace")
        try:
            member = decode(ClusterMember, delivery.value)
            if key.partition(":")[0] not in KINDS:
                raise RecordRejected(Reason.KEY_MISMATCH, "the Kafka key names no kind of group", field="key")
        except RecordRejected as error:
            unreadable.append(refused(delivery, error))
        else:
            admitted.append(AdmittedMember(key, member))
    return admitted, unreadable


def digest_of(value: bytes) -> bytes:
    """What tells two different records of the same identity apart, the same on every machine."""
    return blake2b(value, digest_size=16).digest()


def check_policy(version: PolicyVersion) -> None:
    """Refuse a version of the policy that no lane could judge by: the one before it stays in force.

    Raises:
        RecordRejected: its text is no policy of this program, or not the one that the record names.
    """
    try:
        policy_in(version)
    except VersionError as error:
        raise RecordRejected(Reason.OUT_OF_RANGE, str(error), field="text") from None


def check_partition(delivery: Delivery, partitions: int) -> None:
    """Refuse a record that stands in another partition than its key belongs to: its lane would not see its person.

    Raises:
        RecordRejected: the partition is not the one that murmur2 gives.
    """
    if place_of(delivery.key or b"", partitions)[1] != delivery.partition:
        raise RecordRejected(Reason.WRONG_PARTITION, f"does not belong to partition {delivery.partition}")


def check_key_id(fact: TransitEvent | Departure | CommunityReport, key_ids: Set[str]) -> None:
    """Refuse a record under a linkage key that the provinces do not share: its person would be a stranger here.

    Raises:
        RecordRejected: the key id is not one of these, or the block was made with another key.
    """
    if not _is_under(fact, key_ids):
        known = ", ".join(sorted(key_ids))
        raise RecordRejected(Reason.UNKNOWN_KEY_ID, f"the record and its block must be under {known}", field="key_id")


def _is_under(fact: TransitEvent | Departure | CommunityReport, key_ids: Set[str]) -> bool:
    return fact.key_id in key_ids and (fact.block is None or fact.block.startswith(f"{fact.key_id}:"))


@lru_cache(maxsize=KNOWN_KEYS)
def place_of(key: bytes, partitions: int) -> tuple[str, int]:
    """The block that a key names and the partition that it belongs to, worked out once a block.

    A key that is no text names no block: what stands for its unreadable bytes is in no token.
    """
    return key.decode(errors="replace"), partition_of(key, partitions)


def partition_of(key: bytes, partitions: int) -> int:
    """The partition that the Java client and kafka-python choose for a key."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """The 32-bit MurmurHash2 of Kafka's default partitioner."""
    word, mix = 0xFFFFFFFF, 0x5BD1E995
    whole = len(data) & ~3
    state = 0x9747B28C ^ len(data)
    for start in range(0, whole, 4):
        part = int.from_bytes(data[start : start + 4], "little") * mix & word
        part = (part ^ part >> 24) * mix & word
        state = (state * mix & word) ^ part
    if whole < len(data):
        state = (state ^ int.from_bytes(data[whole:], "little")) * mix & word
    state = (state ^ state >> 13) * mix & word
    return state ^ state >> 15


def refused(delivery: Delivery, error: RecordRejected) -> Refused:
    """The refusal of a record: its place, its whole bytes and why; the same however often it is read."""
    value = delivery.value or b""
    return Refused(
        topic=refusals_of(delivery.topic),
        key=delivery.key,
        record=Rejected(
            reason=error.reason,
            message=error.message,
            field=error.field,
            stage="matcher",
            topic=delivery.topic,
            partition=delivery.partition,
            offset=delivery.offset,
            digest=sha256(value).hexdigest(),
            key_base64=_base64(delivery.key),
            payload_base64=_base64(delivery.value),
            happened_at=EPOCH + timedelta(milliseconds=min(max(delivery.timestamp, 0), LATEST_MS)),
        ),
    )


def _base64(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()
