"""`python -m lintas.provision topics|migrations|all|healthy FILE`: what must be there before matcher and loader run."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from lintas.failing import Failure, Misuse
from lintas.settings import Settings

USAGE = "usage: python -m lintas.provision topics|migrations|all|healthy FILE"


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
    """Is the process whose status file this is alive and ready?

    Raises:
        Failure: it is not.
    """
    from lintas.partstatus import read_part_status

    if len(arguments) != 1:
        raise Misuse(USAGE)
    status = read_part_status(Path(arguments[0]))
    if status is None or not status.is_fresh(now) or not status.ready:
        msg = f"{arguments[0]} does not say that its process is ready"
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
