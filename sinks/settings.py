"""What a loader has to be told, read once from a mapping of environment variables and checked by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from schemas.brokers import BrokerKind
from schemas.vitals import Address, address_of

GROUP = "lintas-loader"
"""Consumer group whose offsets say how far the store is."""

V = TypeVar("V")


class SettingsError(Exception):
    """A setting cannot be used; names the variable and what it may be. The process ends with code 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAddress:
    """Where ClickHouse listens, and a login."""

    host: str
    port: int = 9000
    user: str = "lintas"
    password: str = field(default="", repr=False)
    database: str = "lintas"

    @property
    def name(self) -> str:
        """For people."""
        return f"ClickHouse at {self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that may differ between two installations."""

    kafka: tuple[str, ...]
    """Bootstrap addresses, host:port."""
    store: StoreAddress
    broker_kind: BrokerKind = BrokerKind.KAFKA
    status_file: Path | None = None
    metrics: Address | None = None
    """Where to answer `/metrics`, `/livez` and `/readyz`; None = nowhere."""
    migrate: bool = True
    """False where the loader's user may not create tables: then `python -m sinks migrate` is run by another."""
    pace_ms: int = 150
    """Least time between two inserts into a table; the first record after a pause goes at once."""
    gather_ms: int = 2_000
    """Longest time to gather while the log is far ahead."""
    batch_records: int = 50_000
    batch_bytes: int = 32 << 20
    """Payload of one batch; two are held at most, and as rows they take several times as much memory."""
    session_timeout_ms: int = 10_000

    @property
    def kafka_name(self) -> str:
        """For people."""
        return f"Kafka at {','.join(self.kafka)}"

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
        return cls(
            kafka=brokers,
            store=store_address(env),
            broker_kind=_read(env, "LINTAS_BROKER_KIND", BrokerKind.KAFKA, BrokerKind, "kafka or embedded"),
            status_file=_read(env, "LINTAS_STATUS_FILE", None, Path, "a file"),
            metrics=_read(env, "LINTAS_METRICS", None, address_of, "host:port, such as 127.0.0.1:9465"),
            migrate=_read(env, "LINTAS_MIGRATE", True, _yes_or_no, "yes or no"),
            pace_ms=_read(env, "LINTAS_LOADER_PACE_MS", 150, int, "milliseconds"),
        )


def store_address(env: Mapping[str, str]) -> StoreAddress:
    """Read where ClickHouse is.

    Raises:
        SettingsError: a variable is missing or cannot be used, or the password's file cannot be read.
    """
    text = env.get("LINTAS_CLICKHOUSE", "").strip()
    host, colon, port = text.rpartition(":")
    if not host or not colon or not port.isdigit():
        msg = "LINTAS_CLICKHOUSE must be the host:port of ClickHouse's native protocol, such as 127.0.0.1:9000"
        raise SettingsError(msg)
    return StoreAddress(
        host=host.strip("[]"),
        port=int(port),
        user=env.get("LINTAS_CLICKHOUSE_USER", "").strip() or "lintas",
        password=_password(env.get("LINTAS_CLICKHOUSE_PASSWORD_FILE", "").strip()),
        database=env.get("LINTAS_CLICKHOUSE_DATABASE", "").strip() or "lintas",
    )


def _password(file: str) -> str:
    if not file:
        return ""
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"LINTAS_CLICKHOUSE_PASSWORD_FILE: {file} cannot be read ({type(error).__name__})"
        raise SettingsError(msg) from error


def _yes_or_no(text: str) -> bool:
    return {"yes": True, "no": False}[text.lower()]


def _read(env: Mapping[str, str], name: str, default: V, read: Callable[[str], V], form: str) -> V:
    text = env.get(name, "").strip()
    if not text:
        return default
    try:
        return read(text)
    except (ValueError, KeyError):
        msg = f"{name} must be {form}"
        raise SettingsError(msg) from None
