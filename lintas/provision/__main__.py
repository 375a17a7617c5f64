"""`python -m lintas.provision topics|migrations|all|healthy FILE|URL`: what must be there before the workers run."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

from lintas.failing import Failure, Misuse
from lintas.settings import Settings

ANSWER_SECONDS = 4.0
USAGE = "usage: python -m lintas.provision topics|migrations|all|healthy FILE|URL"


def make_topics(settings: Settings) -> None:
    """Create what is missing and refuse what does not fit together.

    Raises:
        Failure: a topic has another number of partitions than the settings say.
    """
    from lintas.topics_admin import admin_of, create_topics, topic_faults

    with admin_of(settings.kafka_or_fail()) as admin:
        made = create_topics(admin, partitions=settings.partitions, replication=settings.replication)
        faults = [fault for fault in topic_faults(admin, partitions=settings.partitions) if fault.is_fatal]
    sys.stderr.write(f"{len(made)} topics created\n")
    if faults:
        told = "; ".join(f"{fault.topic} {fault.what}" for fault in faults[:3])
        msg = f"the topics do not fit: {told}. {faults[0].mend}"
        raise Failure(msg)


def make_tables(settings: Settings, now: datetime) -> None:
    """Bring the schema of ClickHouse up to date, and tell its views what the policy allows.

    Raises:
        Failure: a migration does not fit, or the policy cannot be used.
    """
    from lintas.policies import policy_of
    from lintas.store import open_client
    from sinks.migrating import MigrationError, migrate
    from sinks.queries import set_silence_allowance

    policy = policy_of(settings)

    with open_client(settings) as client:
        try:
            applied = migrate(client)
        except MigrationError as error:
            raise Failure(str(error)) from None
        set_silence_allowance(client, policy.silence_allowance_hours, changed_at=now)
    sys.stderr.write(f"{len(applied)} migrations applied\n")


def check_health(arguments: Sequence[str], now: datetime) -> None:
    """Is the process well that answers at this address (`http://host:port/readyz`), or whose status file this is?

    Raises:
        Failure: it is not.
    """
    if len(arguments) != 1:
        raise Misuse(USAGE)
    where = arguments[0]
    if where.startswith("http://"):
        ask_health(where)
        return
    from lintas.partstatus import read_part_status

    status = read_part_status(Path(where))
    if status is None or not status.is_fresh(now) or not status.ready:
        msg = f"{where} does not say that its process is ready"
        raise Failure(msg)


def ask_health(url: str) -> None:
    """Ask one of the paths of health.

    Raises:
        Failure: nobody answers, or the answer is no; says why.
    """
    from http.client import HTTPConnection, HTTPException
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        body = answer.read(4096).decode(errors="replace").strip()
    except (OSError, HTTPException) as error:
        msg = f"{url} does not answer ({type(error).__name__})"
        raise Failure(msg) from None
    finally:
        connection.close()
    if answer.status != HTTPStatus.OK:
        msg = f"{url} says no: {body}"
        raise Failure(msg)


def run(arguments: Sequence[str], env: Mapping[str, str], now: datetime) -> None:
    """Do one of the jobs."""
    match list(arguments):
        case ["topics"]:
            make_topics(Settings.from_env(env))
        case ["migrations"]:
            make_tables(Settings.from_env(env), now)
        case ["all"]:
            settings = Settings.from_env(env)
            make_topics(settings)
            make_tables(settings, now)
        case ["healthy", *rest]:
            check_health(rest, now)
        case _:
            raise Misuse(USAGE)


def main() -> int:
    """Exit code 0 done, 1 failed, 2 called wrongly; one line says why."""
    try:
        run(sys.argv[1:], os.environ, datetime.now(UTC))
    except Failure as error:
        sys.stderr.write(f"lintas.provision: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
