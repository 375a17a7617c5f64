"""`python -m sinks`: run one loader until SIGTERM; `python -m sinks migrate`: bring the tables up to date and end."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import structlog
from clickhouse_driver import Client
from clickhouse_driver.errors import Error

from sinks.batch import TOPICS
from sinks.consuming import Feed, FeedError
from sinks.failures import Failure, FatalStoreError, classify, name_of
from sinks.loader import Loader
from sinks.logs import set_up_logging
from sinks.migrating import MigrationError, migrate, pending
from sinks.settings import Settings, SettingsError, store_address
from sinks.store import Store, check_tables, connect
from sinks.waiting import waits

STOPPED, FAILED, MISUSED = 0, 1, 2
STATUS_SECONDS = 1.0

log = structlog.get_logger("sinks")


def main(arguments: list[str]) -> int:
    """Run; 0 after SIGTERM or SIGINT, 1 on failure, 2 for settings that cannot be used."""
    set_up_logging(sys.stderr)
    try:
        if arguments == ["migrate"]:
            return migrate_once()
        if arguments:
            return fail("usage: python -m sinks [migrate]", MISUSED)
        return load(Settings.from_env(os.environ))
    except SettingsError as error:
        return fail(str(error), MISUSED)
    except (FatalStoreError, FeedError, MigrationError) as error:
        return fail(str(error), FAILED)


def migrate_once() -> int:
    """Apply pending migrations."""
    client = connect(store_address(os.environ))
    try:
        for migration in migrate(client):
            log.info("migration applied", name=migration.name)
    except (Error, OSError, EOFError) as error:
        return fail(f"ClickHouse does not take the migrations: {name_of(error)}", FAILED)
    return STOPPED


def load(settings: Settings) -> int:
    """Run one loader."""
    # rows hold no cycles, and looking for some among two batches of them took a quarter of the loader's time
    gc.set_threshold(50_000, 20, 50)
    client = connect(settings.store)
    loader = Loader(settings, Feed(settings, TOPICS), Store(client))
    signal.signal(signal.SIGTERM, lambda *_: loader.stop())
    signal.signal(signal.SIGINT, lambda *_: loader.stop())
    loader.vitals.serve(settings.metrics)
    if settings.status_file is not None:
        threading.Thread(target=tell, args=(settings.status_file, loader), daemon=True).start()
    if prepare(client, settings, loader):
        loader.run()
    log.info("stopped", batches=loader.batches)
    return STOPPED


def prepare(client: Client, settings: Settings, loader: Loader) -> bool:
    """Wait for ClickHouse and see that its tables fit; False if told to stop meanwhile."""
    for wait in waits():
        if loader.stopping:
            return False
        try:
            if settings.migrate:
                migrate(client)
            elif missing := pending(client):
                msg = f"{', '.join(m.name for m in missing)} not applied: run `python -m sinks migrate`"
                raise MigrationError(msg)
            check_tables(client)
        except (Error, OSError, EOFError) as error:
            if classify(error) is not Failure.BUSY:
                msg = f"ClickHouse does not take the tables: {name_of(error)}"
                raise FatalStoreError(msg) from error
            loader.waiting.begin(settings.store.name, name_of(error))
            loader.meters.again("clickhouse", name_of(error))
            loader.vitals.turn(loader.waiting_for)
            time.sleep(wait)
        else:
            loader.waiting.over()
            return True
    raise AssertionError  # the waits have no end


def tell(file: Path, loader: Loader) -> None:
    """Write the status once a second; a reader sees the old or the new one, never a part."""
    since = datetime.now(UTC).isoformat()
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    told = True
    while True:
        head = {"process": "loader", "pid": os.getpid(), "since": since, "at": datetime.now(UTC).isoformat()}
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(head | loader.status()) + "\n", encoding="utf-8")
            draft.replace(file)
            if not told:
                log.info("the status file is written again", file=str(file))
            told = True
        except OSError as error:  # a full disk: the loading goes on
            if told:
                log.warning("the status file cannot be written", file=str(file), error=error.strerror)
            told = False
        time.sleep(STATUS_SECONDS)


def fail(message: str, code: int) -> int:
    """Say why it ends."""
    sys.stderr.write(f"{message}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
