"""Law 7: the tables are emptied, the log is loaded again, and the content must be the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lintas.failing import Failure
from lintas.lag import LOADER
from lintas.settings import Settings
from lintas.topics_admin import admin_of
from lintas.waiting import wait_until_done

STOP_SECONDS = 60.0
PART = "loader"

Say = Callable[[str], object]


def rebuild_store(
    settings: Settings, *, timeout_seconds: float, say: Say, check: Callable[[], None]
) -> list[dict[str, Any]]:
    """Empty the tables, load the log again and compare; one row for each table.

    Raises:
        Failure: the loader does not stop, or does not catch up in time.
    """
    from lintas.store import open_client
    from sinks.upkeep import content_checksum, counts, truncate_all

    wait_until_done(settings, timeout_seconds=timeout_seconds, check=check)
    with open_client(settings) as client:
        rows_before, before = counts(client), content_checksum(client)
        say("stopping the loader …")
        with loader_out_of_the_way(settings):
            truncate_all(client)
            rewind(settings)
            say(f"{len(before)} tables emptied; loading the log again …")
        if not settings.kafka_is_local:
            say("start the loader now")
        wait_until_done(settings, timeout_seconds=timeout_seconds, check=check)
        rows_after, after = counts(client), content_checksum(client)
    return [
        {
            "table": table,
            "rows_before": rows_before[table],
            "rows_after": rows_after[table],
            "before": before[table],
            "after": after[table],
            "equal": before[table] == after[table],
        }
        for table in before
    ]


@contextmanager
def loader_out_of_the_way(settings: Settings) -> Iterator[None]:
    """Keep the local loader down; of another installation, see that none runs.

    Raises:
        Failure: a loader still runs.
    """
    if not settings.kafka_is_local:
        if not _group_is_empty(settings):
            msg = "a loader runs: stop all loaders (`python -m sinks`) first, and start them again when asked to"
            raise Failure(msg)
        yield
        return
    from lintas.stack.state import holding

    with holding(settings.directory, PART):
        _wait_until_ended(settings)
        yield


def rewind(settings: Settings) -> None:
    """Put the loader's group at the beginning of every topic.

    Raises:
        Failure: Kafka does not let it.
    """
    from kafka import TopicPartition
    from kafka.admin import OffsetSpec
    from kafka.errors import KafkaError, for_code
    from kafka.structs import OffsetAndMetadata

    from sinks.batch import TOPICS

    until = time.monotonic() + STOP_SECONDS
    while True:
        with admin_of(settings.kafka_or_fail()) as admin:
            found = admin.describe_topics(list(TOPICS))
            places = [TopicPartition(t["name"], p["partition_index"]) for t in found for p in t["partitions"]]
            first = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.EARLIEST))
            wanted = {place: OffsetAndMetadata(first[place].offset, "", None) for place in places}
            try:
                answers = admin.alter_group_offsets(LOADER, wanted)
                wrong = {kind.__name__ for kind in answers.values() if kind is not for_code(0)}
            except (KafkaError, OSError) as error:
                wrong = {type(error).__name__}
        if not wrong:
            return
        if time.monotonic() > until:
            msg = f"the loader's offsets cannot be set back ({', '.join(sorted(wrong))}): does another loader run?"
            raise Failure(msg)
        time.sleep(0.5)  # the group has a member until its session is over


def _wait_until_ended(settings: Settings) -> None:
    from lintas.stack.state import Status, read_state

    until = time.monotonic() + STOP_SECONDS
    while time.monotonic() < until:
        state = read_state(settings.directory)
        part = next((p for p in state.parts if p.name == PART), None) if state else None
        if part is not None and part.process is None and part.status is Status.WAITING:
            return
        time.sleep(0.1)
    msg = f"the loader did not stop within {STOP_SECONDS:g} s: see `lintas status`"
    raise Failure(msg)


def _group_is_empty(settings: Settings) -> bool:
    from kafka.errors import KafkaError

    with admin_of(settings.kafka_or_fail()) as admin:
        try:
            found = admin.describe_groups([LOADER])
        except (KafkaError, OSError):
            return False
    state = str(found.get(LOADER, {}).get("group_state", "")) if isinstance(found, dict) else ""
    return state in ("Empty", "Dead", "")
