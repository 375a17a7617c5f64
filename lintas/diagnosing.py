"""What is wrong with an installation: one check after the other, each with how to mend it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from lintas.failing import Failure
from lintas.keys import is_private, read_key
from lintas.settings import Settings
from schemas.brokers import BrokerKind

LOW_DISK_BYTES, NO_DISK_BYTES = 5 << 30, 1 << 30
MOST_CLOCK_SECONDS = 2.0

Clock = Callable[[], datetime]


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the doctor."""

    name: str
    state: State
    detail: str
    mend: str = ""


def diagnose(settings: Settings, env: Mapping[str, str], clock: Clock) -> Iterator[Check]:
    """Every check, one after the other."""
    yield check_directory(settings.directory)
    yield check_disk(settings.directory)
    yield from map(check_key, settings.key_files)
    yield check_policy(settings)
    if settings.kafka_is_local and settings.broker_kind is BrokerKind.KAFKA:
        yield check_java(env)
        yield check_jars(env)
    if settings.clickhouse_is_local:
        yield check_chdb()
    if settings.kafka_is_local:
        yield from check_processes(settings, clock())
    yield from check_kafka(settings)
    yield from check_clickhouse(settings, clock)


def check_directory(directory: Path) -> Check:
    """Can the stack's directory be written?"""
    import os

    nearest = next(path for path in (directory.absolute(), *directory.absolute().parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        return _fail("directory", f"{nearest} cannot be written", "choose another --dir, or mend its rights")
    there = "is there" if nearest == directory.absolute() else "will be made by `lintas up`"
    return _ok("directory", f"{directory} {there}")


def check_disk(directory: Path) -> Check:
    """Is there room?"""
    nearest = next(path for path in (directory.absolute(), *directory.absolute().parents) if path.exists())
    free = shutil.disk_usage(nearest).free
    told = f"{free / (1 << 30):.1f} GiB free"
    if free < NO_DISK_BYTES:
        return _fail("disk", told, "free some: Kafka and ClickHouse stop at a full disk")
    if free < LOW_DISK_BYTES:
        return _warn("disk", told, "plan for more: about 1 GiB holds a million crossings")
    return _ok("disk", told)


def check_key(file: Path) -> Check:
    """Is the linkage key there, sound, and for its owner only?"""
    try:
        key = read_key(file)
    except Failure as error:
        if not file.exists():
            return _warn("linkage key", f"none at {file}", "needed to publish only: LINTAS_KEY_FILE, or `lintas up`")
        return _fail("linkage key", str(error), "get it anew from whoever keeps it")
    if not is_private(file):
        return _fail("linkage key", f"{file} can be read by others", f"chmod 600 {file}")
    return _ok("linkage key", f"{file}, key id {key.kid}")


def check_policy(settings: Settings) -> Check:
    """Can the policy be used?"""
    from lintas.policies import policy_of

    try:
        policy = policy_of(settings)
    except Failure as error:
        return _fail("policy", str(error), "correct the named keys, or take another file")
    return _ok("policy", f"{settings.policy_file or 'the shipped one'}, {policy.name}, digest {policy.digest}")


def check_java(env: Mapping[str, str]) -> Check:
    """Is there a Java that Kafka runs on?"""
    from lintas.stack.errors import JavaMissing
    from lintas.stack.java import find_java

    try:
        java = find_java(env)
    except JavaMissing as error:
        return _warn("java", str(error), "or use the pip-only broker: --broker embedded")
    return _ok("java", f"{java.path}, version {java.version}")


def check_jars(env: Mapping[str, str]) -> Check:
    """Are Kafka's jars there?"""
    from lintas.stack.jars import default_cache, is_complete

    if env.get("KAFKA_HOME"):
        return _ok("kafka jars", f"those of KAFKA_HOME={env['KAFKA_HOME']}")
    cache = default_cache(env)
    if is_complete(cache):
        return _ok("kafka jars", str(cache))
    return _warn("kafka jars", f"not in {cache} yet", "`lintas up` downloads them once (53 MB from Maven Central)")


def check_chdb() -> Check:
    """Is the ClickHouse engine installed?"""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return _ok("clickhouse engine", f"chdb-core {version('chdb-core')}")
    except PackageNotFoundError:
        return _fail("clickhouse engine", "chdb-core is not installed", "pip install 'lintas[local]'")


def check_processes(settings: Settings, now: datetime) -> Iterator[Check]:
    """Do all parts of the local stack run, and steadily?"""
    from lintas.cli.standing import local_parts

    if settings.stack is None:
        yield _warn("stack", f"none in {settings.directory} yet", "start one with `lintas up`")
        return
    try:
        rows, _ = local_parts(settings, now)
    except Failure as error:
        yield _fail("stack", str(error), "")
        return
    for row in rows[1:]:
        detail = f"{row['status']}, port {row['port']}" if row["port"] else str(row["status"])
        log = settings.places.log(row["part"])
        if not row["well"]:
            yield _fail(row["part"], f"{detail} {row['detail']}".strip(), f"see {log}")
        elif row["restarts"]:
            yield _warn(row["part"], f"{detail}, started again {row['restarts']} times", f"see {log}")
        else:
            yield _ok(row["part"], detail)


def check_kafka(settings: Settings) -> Iterator[Check]:
    """Does the broker answer, and are its topics as the treaty wants them?"""
    from kafka.errors import KafkaError

    from lintas.topics_admin import admin_of, topic_faults

    if not settings.kafka:
        return
    try:
        with admin_of(settings.kafka) as admin:
            faults = topic_faults(admin, partitions=settings.partitions)
    except Failure as error:
        yield _fail("kafka", str(error), "start it with `lintas up`" if settings.kafka_is_local else "")
        return
    except (KafkaError, OSError) as error:
        yield _fail("kafka", f"does not answer as it should ({type(error).__name__})", "see the broker's log")
        return
    yield _ok("kafka", f"answers at {','.join(settings.kafka)}")
    for fault in faults:
        state = State.FAIL if fault.is_fatal else State.WARN
        yield Check(name=f"topic {fault.topic}", state=state, detail=fault.what, mend=fault.mend)
    if not faults:
        yield _ok("topics", f"all there, {settings.partitions} partitions each")


def check_clickhouse(settings: Settings, clock: Clock) -> Iterator[Check]:
    """Does ClickHouse answer, is its schema up to date, does its clock agree with ours?"""
    from clickhouse_driver.errors import Error

    from lintas.store import open_client

    if settings.clickhouse is None:
        return
    try:
        with open_client(settings) as client:
            version = client.execute("SELECT version()")[0][0]
            yield _ok("clickhouse", f"answers at {settings.clickhouse.host}:{settings.clickhouse.port}, {version}")
            yield check_schema(client)
            yield check_clock(client, clock)
    except Failure as error:
        yield _fail("clickhouse", str(error), "start it with `lintas up`" if settings.clickhouse_is_local else "")
    except (Error, OSError, EOFError) as error:
        yield _fail("clickhouse", f"does not answer as it should ({type(error).__name__})", "see the server's log")


def check_schema(client: Any) -> Check:
    """Are all migrations applied, unedited, and all tables there?"""
    from sinks.failures import FatalStoreError
    from sinks.migrating import MigrationError, pending
    from sinks.store import check_tables

    try:
        missing = pending(client)
        if missing:
            names = ", ".join(one.name for one in missing)
            return _fail("schema", f"not applied: {names}", "run `python -m sinks migrate`")
        check_tables(client)
    except (MigrationError, FatalStoreError) as error:
        return _fail("schema", str(error), "")
    return _ok("schema", "all migrations are applied")


def check_clock(client: Any, clock: Clock) -> Check:
    """Do the clocks here and at ClickHouse agree?"""
    before = clock()
    theirs = float(client.execute("SELECT toUnixTimestamp64Milli(now64(3)) / 1000")[0][0])
    after = clock()
    middle = (before.timestamp() + after.timestamp()) / 2
    apart = abs(theirs - middle)
    told = f"here and at ClickHouse {apart:.1f} s apart"
    if apart > MOST_CLOCK_SECONDS + (after - before).total_seconds():
        return _warn("clock", told, "set both by NTP: times of versions and reviews come from them")
    return _ok("clock", told)


def _ok(name: str, detail: str) -> Check:
    return Check(name=name, state=State.OK, detail=detail)


def _warn(name: str, detail: str, mend: str) -> Check:
    return Check(name=name, state=State.WARN, detail=detail, mend=mend)


def _fail(name: str, detail: str, mend: str) -> Check:
    return Check(name=name, state=State.FAIL, detail=detail, mend=mend)
