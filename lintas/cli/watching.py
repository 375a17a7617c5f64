"""The command of operators who drop files into a folder: watch."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lintas.cli.publishing import (
    CheckpointOption,
    DirectionOption,
    Kind,
    MappingOption,
    SheetOption,
    hints_of,
)
from lintas.cli.shell import DirectoryOption, Shell, shell_of
from lintas.failing import Failure, Misuse
from lintas.settings import Settings
from schemas.vocabulary import Province

if TYPE_CHECKING:
    from producers.hints import Hints
    from producers.watching import Publish

RETRY_SECONDS = 10.0
"""Between two tries while Kafka does not answer."""


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(watch)


def watch(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Gets the folders incoming, done and refused.")],
    kind: Annotated[Kind, typer.Option(help="What the files hold.")] = Kind.CROSSINGS,
    province: Annotated[Province | None, typer.Option(help="As for publish.")] = None,
    checkpoint: CheckpointOption = None,
    direction: DirectionOption = None,
    mapping: MappingOption = None,
    sheet: SheetOption = None,
    settle: Annotated[
        float, typer.Option(min=0.1, max=3600, metavar="SECONDS", help="A file unchanged for so long is complete.")
    ] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Work on what is there, then end.")] = False,
    directory: DirectoryOption = None,
) -> None:
    """Publish every file that is dropped into FOLDER/incoming, and put it into done or refused with a receipt.

    A file is taken when it has stopped growing; one named NAME.part is left until it is renamed. The same content twice
    is counted once. May be killed at any moment: started again, it goes on. Ends with Ctrl-C. With --once, exit code 0:
    all published; 3: something was refused; 1: Kafka did not take it all.
    """
    from producers.watching import FolderInUse, WatchedFolder

    if province is not None and kind is not Kind.CROSSINGS:
        msg = f"--province is for crossings only: {kind} are published for all provinces"
        raise Misuse(msg)
    shell = shell_of(context)
    hints = hints_of(kind, checkpoint=checkpoint, direction=direction, mapping=mapping, sheet=sheet)
    publish = publishing(shell, shell.settings(directory), kind, province, hints)
    try:
        with WatchedFolder(directory=folder, clock=shell.clock).held() as watched:
            shell.say(f"watching {folder / 'incoming'}")
            outcomes = [tell(receipt) for receipt in watched.step(publish)]
            while not once:
                time.sleep(RETRY_SECONDS if "waiting" in outcomes else settle)
                outcomes = [tell(receipt) for receipt in watched.step(publish)]
            time.sleep(settle)
            last = [tell(receipt) for receipt in watched.step(publish)]
    except FolderInUse as error:
        raise Failure(str(error)) from None
    if "waiting" in last:
        raise typer.Exit(1)
    if {"refused", "partly"}.intersection(outcomes + last):
        raise typer.Exit(3)


def publishing(shell: Shell, settings: Settings, kind: Kind, province: Province | None, hints: Hints) -> Publish:
    """What publishes one file, with a connection of its own; while Kafka does not answer, its result says `away`."""
    from lintas.keys import read_keys
    from producers.columns import KINDS
    from producers.connecting import PublishingFailed
    from producers.outcome import Publication
    from producers.publication import publish_file
    from producers.publisher import Publisher

    keys, brokers = read_keys(settings.key_files), ",".join(settings.kafka_or_fail())

    def publish(path: Path) -> Publication:
        try:
            with Publisher(brokers, on_wait=shell.say) as publisher:
                return publish_file(
                    path, KINDS[kind.value], province=province, key=keys[0], also=keys[1:], clock=shell.clock,
                    publisher=publisher, hints=hints, jobs=len(os.sched_getaffinity(0)),
                )  # fmt: skip
        except PublishingFailed as error:
            return Publication(path=path, kind=kind.value, dry_run=False, failure=str(error), away=True)

    return publish


def tell(receipt: dict[str, Any]) -> str:
    """One line on standard output for a file, and its outcome."""
    counts = f" {receipt['published']} of {receipt['rows']} rows" if "rows" in receipt else ""
    why = f": {receipt['message']}" if receipt.get("message") else ""
    sys.stdout.write(f"{receipt['file']}: {receipt['outcome']}{counts}{why}\n")
    sys.stdout.flush()
    outcome: str = receipt["outcome"]
    return outcome
