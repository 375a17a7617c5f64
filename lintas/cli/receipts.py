"""The command `receipts`: what became of each record of a province, and a day's signed total."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from lintas.cli.listing import Column, show
from lintas.cli.shell import DirectoryOption, Format, FormatOption, Shell, shell_of
from lintas.failing import Failure, Misuse
from schemas.vocabulary import Province

_RECEIPTS = (
    Column(field="event_id"),
    Column(field="outcome"),
    Column(field="code"),
    Column(field="assessed"),
    Column(field="occurred_at", title="occurred at (UTC)", is_time=True),
    Column(field="published_at", title="published at (UTC)", is_time=True),
    Column(field="digest", most=16),
)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(receipts)


def receipts(
    context: typer.Context,
    province: Annotated[Province | None, typer.Option(help="Whose records.")] = None,
    day: Annotated[
        str | None, typer.Option(metavar="DATE", help="Taken on this day, in the province's zone.  [default: today]")
    ] = None,
    event: Annotated[
        str | None, typer.Option(metavar="ID", help="One event, or one refused row by its digest.")
    ] = None,
    verify: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Check a day that was written with --format json.")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(help="Signs the total; with --verify: the public half.  [default: DIR/keys/receipts.key]"),
    ] = None,
    form: FormatOption = Format.TABLE,
    directory: DirectoryOption = None,
) -> None:
    """What became of each record of a province: accepted, duplicate, rejected and why; and a day's signed total."""
    shell = shell_of(context)
    if verify is not None:
        _verify(shell, verify, key, directory)
        return
    if province is None or (day is not None and event is not None):
        msg = "say whose receipts: --province P, and either --day D or --event ID"
        raise Misuse(msg)
    if event is not None:
        _of_event(shell, province, event, form, directory)
    else:
        _of_day(shell, province, day, key, form, directory)


def _of_event(shell: Shell, province: Province, event: str, form: Format, directory: Path | None) -> None:
    from lintas.store import open_client
    from sinks.receipts import receipts_of_event

    with open_client(shell.reaching(directory, clickhouse=True)) as client:
        found = list(receipts_of_event(client, province, event))
    if not found:
        msg = f"{province.value} has sent nothing by that id: is it published, and loaded (`lintas wait`)?"
        raise Failure(msg)
    show(found, _RECEIPTS, form)


def _of_day(
    shell: Shell, province: Province, day: str | None, key: Path | None, form: Format, directory: Path | None
) -> None:
    from lintas.receipting import day_lines, public_path, signing_key
    from lintas.store import open_client
    from sinks.receipts import Day, zone_of

    now = shell.clock()
    settings = shell.reaching(directory, clickhouse=True)
    asked = Day.of(province, now.astimezone(zone_of(province)).date() if day is None else read_day(day))
    file = key or settings.places.receipts_key
    signer, made = signing_key(file)
    if made:
        shell.say(f"a new signing key was made: {file}. Give {public_path(file)} to whoever verifies")
    with open_client(settings) as client:
        lines = day_lines(client, asked, now, signer)
        if form is Format.JSON:
            for line in lines:
                sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
            return
        *rows, total = [json.loads(line) for line in lines]
    show(rows, _RECEIPTS, form, empty=f"{province.value} has sent nothing on {asked.day}")
    shell.say(told(total))


def told(total: dict[str, object]) -> str:
    """A day's total in one line."""
    counts = ", ".join(f"{total[name]} {name}" for name in ("accepted", "duplicate", "rejected", "waiting"))
    return f"{total['province']} {total['day']}: {total['published']} published = {counts}"


def _verify(shell: Shell, file: Path, key: Path | None, directory: Path | None) -> None:
    from lintas.receipting import public_path, read_public_key, verify

    public = read_public_key(key or public_path(shell.settings(directory).places.receipts_key))
    try:
        with file.open(encoding="utf-8") as lines:
            found = verify(lines, public)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        msg = f"{file} cannot be read ({why})"
        raise Misuse(msg) from None
    sys.stdout.write(f"valid: {told(dict(found.total))}, signed by {found.total['signed_by']}\n")
    sys.stdout.flush()


def read_day(text: str) -> date:
    """A calendar day.

    Raises:
        Misuse: it is none.
    """
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if not 1990 <= found.year <= 2100:
        msg = f"{text!r} is no day: write it as 2026-11-03"
        raise Misuse(msg)
    return found
