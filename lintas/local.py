"""What `lintas up` starts on one machine: broker, ClickHouse, topics and tables, matcher and loader."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lintas.failing import Failure
from lintas.keys import ensure_key
from lintas.partstatus import probe_of
from lintas.settings import (
    LOCAL_HOST,
    LOCAL_PARTITIONS,
    Places,
    Settings,
    environment_of_parts,
    port_wishes,
)
from lintas.stack.errors import JarsUnavailable, JavaMissing
from lintas.stack.java import Java
from lintas.stack.parts import Part
from lintas.stack.ports import free_ports, port_is_free
from lintas.stackfile import METRICS_OF, PORT_NAMES, StackFile, write_stack_file
from schemas.brokers import BrokerKind

AUTO = "auto"
USERS = {"lintas": 0, "analyst": 2}
"""ClickHouse users of a local stack and their `readonly`: 0 all, 2 read and change settings of a query."""
CAVEAT = (
    "the pip-only broker writes to disk about once a second: what was acknowledged in the second before a crash is "
    "lost. It is for trying out; use Apache Kafka for anything else"
)

Say = Callable[[str], object]
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """The broker of a local stack; Java and jars are there for Apache Kafka only."""

    kind: BrokerKind
    java: Java | None = None
    jars: Path | None = None


def choose_broker(wanted: str, settings: Settings, env: Mapping[str, str], say: Say) -> Broker:
    """The broker that the directory was made with, else the wanted one, else the best to be had.

    Raises:
        Failure: the directory was made with the other kind.
        StackError: the wanted one is not to be had.
    """
    written = _written_with(settings)
    if written is not None and wanted not in (AUTO, written.value):
        msg = (
            f"{settings.directory} was made with --broker {written} and cannot be opened with --broker {wanted}: "
            "leave --broker away, or choose another --dir"
        )
        raise Failure(msg)
    kind = written or (None if wanted == AUTO else BrokerKind(wanted))
    if kind is BrokerKind.EMBEDDED:
        say(f"broker: {CAVEAT}")
        return Broker(kind=kind)
    from lintas.stack.jars import kafka_jars
    from lintas.stack.java import find_java

    try:
        return Broker(kind=BrokerKind.KAFKA, java=find_java(env), jars=kafka_jars(env, say=say))
    except (JavaMissing, JarsUnavailable) as error:
        if kind is BrokerKind.KAFKA:
            raise
        say(f"Apache Kafka is not to be had: {error}")
        say(f"the pip-only broker takes its place. Mind: {CAVEAT}")
        return Broker(kind=BrokerKind.EMBEDDED)


def choose_ports(wishes: Mapping[str, int], remembered: Mapping[str, int]) -> dict[str, int]:
    """The fixed ports, else those of last time where they are free, else free ones.

    Raises:
        Failure: a fixed port is taken.
    """
    ports: dict[str, int] = {}
    names = (*PORT_NAMES, *METRICS_OF.values())
    for name in names:
        wish = wishes.get(name)
        if wish is not None and not port_is_free(wish):
            msg = f"port {wish} (LINTAS_PORT_{name.upper()}) is used by another program: end it, or set another port"
            raise Failure(msg)
        before = remembered.get(name)
        if wish is not None:
            ports[name] = wish
        elif before is not None and before not in {*ports.values(), *wishes.values()} and port_is_free(before):
            ports[name] = before
    missing = [name for name in names if name not in ports]
    spare = [port for port in free_ports(len(missing) + len(names)) if port not in ports.values()]
    return ports | dict(zip(missing, spare, strict=False))


def prepare(broker: Broker, env: Mapping[str, str], directory: Path, *, say: Say) -> Settings:
    """Make the directory ready for a start: ports, key, users, storage; the settings that hold from here on.

    Raises:
        Failure: the directory cannot be written, or a fixed port is taken.
    """
    places = Places(directory=directory)
    before = Settings.from_env({**env, **_NO_REMOTE}, directory).stack if places.stack_file.exists() else None
    ports = choose_ports(port_wishes(env), before.ports if before else {})
    partitions = before.partitions if before else _wanted_partitions(env, directory)
    _make_users(places)
    if ensure_key(places.key):
        say(f"a new linkage key was made: {places.key}. Whoever publishes to this stack needs it")
    write_stack_file(places.stack_file, StackFile(broker=broker.kind.value, ports=ports, partitions=partitions))
    return Settings.from_env({**env, **_NO_REMOTE}, directory)


def parts_of(
    broker: Broker, settings: Settings, env: Mapping[str, str], clock: Clock, *, console_port: int | None = None
) -> tuple[Part, ...]:
    """The processes of the stack in the order of their start; the console is one where it has a port."""
    storage = _broker_part(broker, settings)
    clickhouse = _clickhouse_part(settings)
    python = (sys.executable, "-m")
    places = settings.places
    ready_made = Part(
        name="provision",
        argv=(*python, "lintas.provision", "all"),
        log=places.log("provision"),
        env=environment_of_parts(settings, env, "provision"),
        after=(storage.name, clickhouse.name),
        once=True,
    )
    workers = tuple(
        Part(
            name=name,
            argv=(*python, module),
            log=places.log(name),
            env=environment_of_parts(settings, env, name),
            after=(ready_made.name,),
            ready=probe_of(places.status(name), clock),
            ready_seconds=600.0,  # a matcher is ready once it has replayed its window of the log
            stop_seconds=20.0,
        )
        for name, module in (("matcher", "streams"), ("loader", "sinks"))
    )
    desk = () if console_port is None else (_console_part(settings, env, console_port, after=ready_made.name),)
    return (storage, clickhouse, ready_made, *workers, *desk)


_NO_REMOTE = {"LINTAS_KAFKA": "", "LINTAS_CLICKHOUSE": "", "LINTAS_CLICKHOUSE_USER": "", "LINTAS_BROKER_KIND": ""}
"""A local stack is made of itself, whatever the caller's environment names."""


def _written_with(settings: Settings) -> BrokerKind | None:
    if settings.stack is not None:
        return BrokerKind(settings.stack.broker)
    return next((kind for kind in BrokerKind if (settings.directory / kind.value).is_dir()), None)


def _wanted_partitions(env: Mapping[str, str], directory: Path) -> int:
    local = {**env, **_NO_REMOTE}
    return Settings.from_env(local, directory).partitions if env.get("LINTAS_PARTITIONS") else LOCAL_PARTITIONS


def _make_users(places: Places) -> None:
    from lintas.clickhouse.users import User, write_users

    users = []
    for name, readonly in USERS.items():
        file = places.password(name)
        if not file.is_file():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(24) + "\n", encoding="utf-8")
        users.append(User.with_password(name, file.read_text(encoding="utf-8").strip(), readonly=readonly))
    write_users(places.users, users)


def _broker_part(broker: Broker, settings: Settings) -> Part:
    from lintas.stack.brokers import embedded_part, kafka_parts
    from lintas.stack.kafka import cluster_nodes
    from lintas.stack.kafka import prepare as prepare_kafka

    stack = settings.stack
    if stack is None:
        msg = f"{settings.places.stack_file} vanished while the stack was being prepared"
        raise Failure(msg)
    log = settings.places.log("broker")
    if broker.java is None or broker.jars is None:
        return embedded_part(settings.directory.absolute() / "embedded", stack.ports["kafka"], log=log)
    nodes = cluster_nodes(settings.directory / "kafka", (stack.ports["kafka"], stack.ports["controller"]))
    prepare_kafka(nodes, broker.java, broker.jars)
    (part,) = kafka_parts(nodes, broker.java, broker.jars)
    return part


def _clickhouse_part(settings: Settings) -> Part:
    places, address = settings.places, settings.clickhouse_or_fail()
    argv = (sys.executable, "-m", "lintas.clickhouse", "--path", str(places.clickhouse.absolute() / "data"))
    more = ("--users", str(places.users.absolute()), "--host", LOCAL_HOST, "--port", str(address.port))
    return Part(
        name="clickhouse",
        argv=(*argv, *more, "--database", address.database),
        log=places.log("clickhouse"),
        ready=lambda: _answers(settings),
        port=address.port,
        stop_seconds=30.0,
    )


def _console_part(settings: Settings, env: Mapping[str, str], port: int, *, after: str) -> Part:
    from lintas.stack.probing import accepts_connections

    return Part(
        name="console",
        argv=(sys.executable, "-m", "lintas", "console", "--port", str(port)),
        log=settings.places.log("console"),
        env=environment_of_parts(settings, env, "console"),
        after=(after,),
        ready=lambda: accepts_connections(port),
        port=port,
    )


def _answers(settings: Settings) -> bool:
    from clickhouse_driver import Client
    from clickhouse_driver.errors import Error

    from lintas.stack.probing import accepts_connections

    address = settings.clickhouse_or_fail()
    if not accepts_connections(address.port):
        return False
    client = Client(
        host=address.host,
        port=address.port,
        user=address.user,
        password=address.password,
        connect_timeout=1,
        send_receive_timeout=2,
        sync_request_timeout=1,
    )
    try:
        return bool(client.execute("SELECT 1"))
    except (Error, OSError, EOFError):
        return False
    finally:
        with suppress(OSError):
            client.disconnect()
