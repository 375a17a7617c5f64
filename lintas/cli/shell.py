"""What every command is handed: environment, clock, where messages go, and the options that all share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lintas.failing import Failure, Misuse
from lintas.settings import Settings
from schemas.vocabulary import Province

if TYPE_CHECKING:
    from clickhouse_driver import Client

Clock = Callable[[], datetime]


class Format(StrEnum):
    """How a list is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """The outside world of a command."""

    env: Mapping[str, str]
    clock: Clock

    def settings(self, directory: Path | None) -> Settings:
        """The settings for `--dir`."""
        return Settings.from_env(self.env, directory)

    def reaching(self, directory: Path | None, *, kafka: bool = False, clickhouse: bool = False) -> Settings:
        """The settings of an installation whose Kafka or ClickHouse is needed.

        Raises:
            Failure: nothing names it, or it is the local stack's and that does not run.
        """
        settings = self.settings(directory)
        if kafka:
            settings.kafka_or_fail()
        if clickhouse:
            settings.clickhouse_or_fail()
        if (kafka and settings.kafka_is_local) or (clickhouse and settings.clickhouse_is_local):
            must_run(settings)
        return settings

    def say(self, text: str) -> None:
        """A message for people; never on stdout."""
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def must_run(settings: Settings) -> None:
    """See that the local stack runs.

    Raises:
        Failure: it does not.
    """
    from lintas.stack.control import is_running

    if not is_running(settings.directory):
        where = settings.directory
        msg = f"the stack in {where} does not run: start it with `lintas up --dir {where}`"
        raise Failure(msg)


def shell_of(context: typer.Context) -> Shell:
    """The shell that `main` handed in."""
    shell = context.obj
    if not isinstance(shell, Shell):
        msg = "a command needs the shell that lintas.__main__ makes"
        raise TypeError(msg)
    return shell


def read_time(text: str) -> datetime:
    """A time of an option: ISO 8601 with an offset, or a date, which begins at midnight UTC.

    Raises:
        Misuse: it is neither.
    """
    try:
        if len(text) == len("2026-11-03"):
            return datetime.combine(date.fromisoformat(text), time(tzinfo=UTC))
        moment = datetime.fromisoformat(text)
    except ValueError:
        msg = f"{text!r} is no time: write 2026-11-03 or 2026-11-03T09:30:00+08:00"
        raise Misuse(msg) from None
    if moment.tzinfo is None:
        msg = f"{text!r} has no offset from UTC: write it as {text}+08:00, say"
        raise Misuse(msg)
    return moment


def optional_time(text: str | None) -> datetime | None:
    """`read_time`, where the option may be absent."""
    return None if text is None else read_time(text)


DirectoryOption = Annotated[
    Path | None,
    typer.Option("--dir", metavar="DIR", help="The stack's directory.  [default: $LINTAS_DIR or .lintas]"),
]
FormatOption = Annotated[Format, typer.Option("--format", help="json is one object a line.")]
ProvinceOption = Annotated[Province | None, typer.Option("--province", help="Only this transit province.")]


def client_of(context: typer.Context, directory: Path | None) -> AbstractContextManager[Client]:
    """Who asks ClickHouse for a command."""
    from lintas.store import open_client

    return open_client(shell_of(context).reaching(directory, clickhouse=True))
