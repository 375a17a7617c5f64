"""The command of a checkpoint's desk: scan."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from lintas.cli.publishing import hints_of
from lintas.cli.shell import DirectoryOption, shell_of
from lintas.failing import Failure, Misuse
from schemas.vocabulary import Direction, Purpose

if TYPE_CHECKING:
    from producers.scanning import Scan


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(scan)


def scan(
    context: typer.Context,
    checkpoint: Annotated[str, typer.Option(metavar="ID", help="Where the reader stands.")],
    direction: Annotated[Direction, typer.Option(help="Which way the travellers go.")],
    device: Annotated[str | None, typer.Option(help="Name of the reader or gate.")] = None,
    carrier: Annotated[str | None, typer.Option(help="Ship or airline.")] = None,
    service: Annotated[str | None, typer.Option(metavar="NO", help="Voyage or flight number.")] = None,
    to: Annotated[str | None, typer.Option(metavar="PLACE", help="Where the journey goes.")] = None,
    country: Annotated[str | None, typer.Option(metavar="CODE", help="Destination country, alpha-2.")] = None,
    purpose: Annotated[Purpose | None, typer.Option(help="What the travellers declare.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check, publish nothing.")] = False,
    directory: DirectoryOption = None,
) -> None:
    """Read machine readable zones (TD1, TD2, TD3) from a document reader on standard input, and publish each at once.

    A line a document says what became of it. One misread character is mended where the check digits leave a single
    way to, and said so, here and in the record; any other wrong zone is refused. Exit code 0: all published; 3: some
    refused; 1: not published.
    """
    from lintas.cli.publishing import Kind
    from lintas.keys import read_keys
    from producers.connecting import PublishingFailed
    from producers.publisher import Publisher
    from producers.scanning import Desk, live_lines

    shell = shell_of(context)
    place = hints_of(Kind.CROSSINGS, checkpoint=checkpoint).checkpoint
    if not place:
        msg = "--checkpoint is empty"
        raise Misuse(msg)
    cells = {
        "direction": direction.value, "device_id": device, "carrier": carrier, "service_no": service, "to_place": to,
        "destination_country": country, "purpose": purpose.value if purpose else None,
    }  # fmt: skip
    settings = shell.settings(directory) if dry_run else shell.reaching(directory, kafka=True)
    key = read_keys(settings.key_files)[0]
    try:
        link = nullcontext(None) if dry_run else Publisher(",".join(settings.kafka_or_fail()), on_wait=shell.say)
    except PublishingFailed as error:
        msg = f"{error}; nothing was published"
        raise Failure(msg) from None
    with link as publisher:
        desk = Desk(
            checkpoint_id=place,
            cells={name: text.strip() for name, text in cells.items() if text and text.strip()},
            key=key,
            clock=shell.clock,
            publisher=publisher,
        )
        result = desk.scan(live_lines(sys.stdin.buffer), tell)
    if result.failure:
        shell.say(f"lintas: {result.failure}; {result.accepted} of {result.read} documents were acknowledged")
    if result.exit_code:
        raise typer.Exit(result.exit_code)


def tell(scan: Scan) -> None:
    """One line on standard output, at once."""
    if scan.repeated:
        said = "again: read seconds ago, counted once"
    elif scan.refusal:
        said = f"refused {scan.refusal}"
    elif scan.repaired:
        said = "published, one misread character mended (mrz_repaired)"
    else:
        said = "published"
    sys.stdout.write(f"{scan.number} {said}\n")
    sys.stdout.flush()
