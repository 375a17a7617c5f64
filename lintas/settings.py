"""What a command has to know of its installation: read once from the environment and the local stack's own file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lintas.failing import Failure, Misuse
from lintas.stackfile import METRICS_OF, StackFile, read_stack_file
from schemas.brokers import BrokerKind

DEFAULT_DIRECTORY = ".lintas"
LOCAL_PARTITIONS = 4
PARTITIONS = 12
LOCAL_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClickHouse:
    """Where ClickHouse listens, and a login; the fields are those of clickhouse-driver's `Client`."""

    host: str
    port: int
    user: str
    password: str = field(default="", repr=False)
    database: str = "lintas"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the local stack keeps its things."""

    directory: Path

    @property
    def stack_file(self) -> Path:
        """The stack's own settings: kind of broker, ports, partitions."""
        return self.directory / "stack.json"

    @property
    def key(self) -> Path:
        """The linkage key of the local stack."""
        return self.directory / "keys" / "linkage.key"

    @property
    def receipts_key(self) -> Path:
        """Signs the daily totals of receipts; its public half lies beside it."""
        return self.directory / "keys" / "receipts.key"

    @property
    def clickhouse(self) -> Path:
        """Data, users and passwords of ClickHouse."""
        return self.directory / "clickhouse"

    @property
    def users(self) -> Path:
        """Who may log in to ClickHouse."""
        return self.clickhouse / "users.json"

    def password(self, user: str) -> Path:
        """The password of a ClickHouse user."""
        return self.clickhouse / f"{user}.password"

    def log(self, part: str) -> Path:
        """What a part says."""
        return self.directory / "log" / f"{part}.log"

    @property
    def state(self) -> Path:
        """Where the matcher puts its memory away; may be deleted while the stack is down."""
        return self.directory / "state"

    @property
    def gateway(self) -> Path:
        """Hashes of the gateway's API keys, and the answers that it remembers."""
        return self.directory / "gateway"

    def status(self, part: str) -> Path:
        """What a part says of itself once a second."""
        return self.directory / "run" / f"{part}.status.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that may differ between two installations; an address is None where nothing names one."""

    directory: Path
    stack: StackFile | None
    kafka: tuple[str, ...]
    """Bootstrap addresses; empty where neither LINTAS_KAFKA nor a local stack names any."""
    broker_kind: BrokerKind
    clickhouse: ClickHouse | None
    key_files: tuple[Path, ...]
    """The linkage key that everything is published under; while keys change, those that registrations are published
    under besides."""
    policy_file: Path | None
    partitions: int
    replication: int
    kafka_is_local: bool
    clickhouse_is_local: bool

    @property
    def key_file(self) -> Path:
        """The linkage key that everything is published under."""
        return self.key_files[0]

    @property
    def places(self) -> Places:
        """Where the local stack keeps its things."""
        return Places(directory=self.directory)

    def kafka_or_fail(self) -> tuple[str, ...]:
        """The brokers.

        Raises:
            Failure: nothing names any.
        """
        if not self.kafka:
            raise Failure(_nowhere(self.directory, "LINTAS_KAFKA"))
        return self.kafka

    def clickhouse_or_fail(self) -> ClickHouse:
        """The ClickHouse server.

        Raises:
            Failure: nothing names one.
        """
        if self.clickhouse is None:
            raise Failure(_nowhere(self.directory, "LINTAS_CLICKHOUSE"))
        return self.clickhouse

    def metrics_of(self, part: str) -> str | None:
        """Where a part of the local stack serves its metrics, host:port; None = nowhere."""
        port = self.stack.ports.get(METRICS_OF.get(part, "")) if self.stack else None
        return None if port is None else f"{LOCAL_HOST}:{port}"

    @classmethod
    def from_env(cls, env: Mapping[str, str], directory: Path | None = None) -> Settings:
        """Read the settings: LINTAS_* where it is set, else the local stack's own file in the directory.

        Raises:
            Misuse: a variable cannot be used.
            Failure: the stack's own file cannot be read.
        """
        where = directory or Path(_text(env, "LINTAS_DIR") or DEFAULT_DIRECTORY)
        stack = read_stack_file(Places(directory=where).stack_file)
        named = tuple(part.strip() for part in _text(env, "LINTAS_KAFKA").split(",") if part.strip())
        local = (f"{LOCAL_HOST}:{stack.ports['kafka']}",) if stack else ()
        here = stack is not None and not named
        kind = BrokerKind(stack.broker) if stack and here else BrokerKind.KAFKA
        default_partitions = stack.partitions if stack and here else (PARTITIONS if named else LOCAL_PARTITIONS)
        return cls(
            directory=where,
            stack=stack,
            kafka=named or local,
            broker_kind=_choice(env, "LINTAS_BROKER_KIND", kind),
            clickhouse=_clickhouse(env, where, stack),
            key_files=_paths(_text(env, "LINTAS_KEY_FILE")) or (Places(directory=where).key,),
            policy_file=Path(_text(env, "LINTAS_POLICY")) if _text(env, "LINTAS_POLICY") else None,
            partitions=_number(env, "LINTAS_PARTITIONS", default_partitions, most=10_000),
            replication=_number(env, "LINTAS_REPLICATION", 1, most=100),
            kafka_is_local=not named,
            clickhouse_is_local=not _text(env, "LINTAS_CLICKHOUSE"),
        )


def port_wishes(env: Mapping[str, str]) -> dict[str, int]:
    """Ports that the environment fixes for the local stack: LINTAS_PORT_KAFKA, _CONTROLLER and _CLICKHOUSE.

    Raises:
        Misuse: one is not a port.
    """
    wishes = {name: f"LINTAS_PORT_{name.upper()}" for name in ("kafka", "controller", "clickhouse")}
    found = {n: _number(env, variable, 0, most=65_535) for n, variable in wishes.items() if _text(env, variable)}
    if len(set(found.values())) != len(found):
        msg = "LINTAS_PORT_KAFKA, LINTAS_PORT_CONTROLLER and LINTAS_PORT_CLICKHOUSE must differ"
        raise Misuse(msg)
    return found


def environment_of_parts(settings: Settings, env: Mapping[str, str], part: str) -> dict[str, str]:
    """The environment of a process of the stack: the caller's, with the addresses of this stack."""
    click = settings.clickhouse_or_fail()
    metrics = settings.metrics_of(part) or ""  # not the caller's: two parts cannot listen on one port
    policy = {"LINTAS_POLICY": str(settings.policy_file.absolute())} if settings.policy_file else {}
    return {
        **env,
        **policy,
        "LINTAS_KAFKA": ",".join(settings.kafka_or_fail()),
        "LINTAS_BROKER_KIND": settings.broker_kind.value,
        "LINTAS_CLICKHOUSE": f"{click.host}:{click.port}",
        "LINTAS_CLICKHOUSE_USER": click.user,
        "LINTAS_CLICKHOUSE_PASSWORD_FILE": str(settings.places.password(click.user).absolute()),
        "LINTAS_CLICKHOUSE_DATABASE": click.database,
        "LINTAS_PARTITIONS": str(settings.partitions),
        "LINTAS_REPLICATION": str(settings.replication),
        "LINTAS_METRICS": metrics,
        "LINTAS_STATUS_FILE": str(settings.places.status(part).absolute()),
        "LINTAS_STATE_DIR": str(settings.places.state.absolute()),
        "LINTAS_DIR": str(settings.directory.absolute()),
    }


def _clickhouse(env: Mapping[str, str], where: Path, stack: StackFile | None) -> ClickHouse | None:
    named = _text(env, "LINTAS_CLICKHOUSE")
    user = _text(env, "LINTAS_CLICKHOUSE_USER") or "lintas"
    database = _text(env, "LINTAS_CLICKHOUSE_DATABASE") or "lintas"
    file = _text(env, "LINTAS_CLICKHOUSE_PASSWORD_FILE")
    if named:
        host, mark, port = named.rpartition(":")
        if not mark or not host or not port.isdigit():
            msg = "LINTAS_CLICKHOUSE must be host:port, such as 127.0.0.1:9000 (the native protocol's port)"
            raise Misuse(msg)
        password = _password(Path(file)) if file else ""
        return ClickHouse(host=host.strip("[]"), port=int(port), user=user, password=password, database=database)
    if stack is None:
        return None
    password = _password(Path(file) if file else Places(directory=where).password(user))
    return ClickHouse(host=LOCAL_HOST, port=stack.ports["clickhouse"], user=user, password=password, database=database)


def _password(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        msg = f"the ClickHouse password file {file} cannot be read ({why})"
        raise Failure(msg) from None


def _text(env: Mapping[str, str], name: str) -> str:
    return env.get(name, "").strip()


def _paths(text: str) -> tuple[Path, ...]:
    return tuple(Path(part.strip()) for part in text.split(",") if part.strip())


def _number(env: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    text = _text(env, name)
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        msg = f"{name} must be a whole number from 1 to {most}"
        raise Misuse(msg)
    return int(text)


def _choice(env: Mapping[str, str], name: str, default: BrokerKind) -> BrokerKind:
    text = _text(env, name)
    if not text:
        return default
    try:
        return BrokerKind(text)
    except ValueError:
        msg = f"{name} must be kafka or embedded"
        raise Misuse(msg) from None


def _nowhere(directory: Path, variable: str) -> str:
    return f"there is no stack in {directory}: start one with `lintas up --dir {directory}`, or set {variable}"
