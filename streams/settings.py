"""What a matcher has to be told, read once from a mapping of environment variables and checked by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from schemas.brokers import BrokerKind
from schemas.topics import ASSESSMENTS, SHADOW_ASSESSMENTS
from schemas.vitals import Address, address_of

GROUP = "lintas-matcher"
"""Consumer group whose offsets say how far every lane is; also the stem of the lanes' transactional ids."""
GROUP_OF_GROUPS = "lintas-groups"
"""The same for the lanes that judge groups of travellers."""

V = TypeVar("V")


class SettingsError(Exception):
    """A setting cannot be used; names the variable and what it may be. The process ends with code 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that may differ between two installations."""

    kafka: tuple[str, ...]
    """Bootstrap addresses, host:port."""
    broker_kind: BrokerKind = BrokerKind.KAFKA
    key_ids: frozenset[str] = frozenset()
    """Linkage keys whose records are taken; empty = any."""
    policy_file: Path | None = None
    """None = the policy that comes with Lintas."""
    shadow_policy_file: Path | None = None
    """A policy that is tried out: this worker judges by it alone, beside the others, and flags nobody."""
    group: str = GROUP
    verdicts_topic: str = ASSESSMENTS
    status_file: Path | None = None
    state_dir: Path | None = None
    """Where lanes put their memory away, so that a restart need not read the whole log; None = nowhere."""
    snapshot_seconds: float = 60.0
    """Least time between two snapshots of a lane."""
    metrics: Address | None = None
    """Where to answer `/metrics`, `/livez` and `/readyz`; None = nowhere."""
    topics_wait_seconds: float = 30.0
    """How long to wait at the start for the broker and the topics."""
    pace_ms: int = 20
    """How long a live lane gathers records before it opens a transaction: what costs is transactions a second."""
    pump_ms: int = 10
    """Pause between two polls; without it the broker answers one fetch a record."""
    batch_records: int = 2_000
    """Most records of one transaction."""
    high_water_records: int = 6_000
    """A lane that holds more is paused, and resumed at half."""
    session_timeout_ms: int = 6_000
    transaction_timeout_ms: int = 10_000
    stop_seconds: float = 10.0
    """A worker that has not stopped by then ends itself: one that hangs is worse than a dead one."""
    stall_seconds: float = 120.0
    """A worker whose event loop has not turned for so long ends itself."""

    @property
    def is_shadow(self) -> bool:
        """Whether the worker tries a policy out."""
        return self.shadow_policy_file is not None

    def for_policy(self, digest: str) -> Settings:
        """A shadow reads the whole log once for each policy, in a group of its own, and writes to its own topic."""
        if not self.is_shadow:
            return self
        return replace(self, group=f"lintas-shadow-{digest}", verdicts_topic=SHADOW_ASSESSMENTS, state_dir=None)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        """Read the settings.

        Raises:
            SettingsError: a variable is missing or cannot be used.
        """
        brokers = tuple(part.strip() for part in env.get("LINTAS_KAFKA", "").split(",") if part.strip())
        if not brokers:
            msg = "LINTAS_KAFKA is not set: name the Kafka brokers, such as 127.0.0.1:9092"
            raise SettingsError(msg)
        kind = _read(env, "LINTAS_BROKER_KIND", BrokerKind.KAFKA, BrokerKind, "kafka or embedded")
        embedded = kind is BrokerKind.EMBEDDED
        return cls(
            kafka=brokers,
            broker_kind=kind,
            key_ids=frozenset(part.strip() for part in env.get("LINTAS_KEY_IDS", "").split(",") if part.strip()),
            policy_file=_read(env, "LINTAS_POLICY", None, Path, "a file"),
            shadow_policy_file=_read(env, "LINTAS_SHADOW_POLICY", None, Path, "a file"),
            status_file=_read(env, "LINTAS_STATUS_FILE", None, Path, "a file"),
            state_dir=_read(env, "LINTAS_STATE_DIR", None, Path, "a directory"),
            snapshot_seconds=_read(env, "LINTAS_SNAPSHOT_SECONDS", 60.0, float, "seconds"),
            metrics=_read(env, "LINTAS_METRICS", None, address_of, "host:port, such as 127.0.0.1:9464"),
            topics_wait_seconds=_read(env, "LINTAS_TOPICS_WAIT_SECONDS", 30.0, float, "seconds"),
            pace_ms=_read(env, "LINTAS_PACE_MS", 20, int, "milliseconds"),
            # every poll of an idle worker costs the embedded broker most of a millisecond
            pump_ms=_read(env, "LINTAS_PUMP_MS", 100 if embedded else 10, int, "milliseconds"),
        )


def _read(env: Mapping[str, str], name: str, default: V, read: Callable[[str], V], form: str) -> V:
    text = env.get(name, "").strip()
    if not text:
        return default
    try:
        return read(text)
    except ValueError:
        msg = f"{name} must be {form}"
        raise SettingsError(msg) from None
