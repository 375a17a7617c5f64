"""All commands of `lintas`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lintas.cli import (
    conformance,
    consoles,
    demo,
    desk,
    gateway,
    healing,
    incoming,
    keys,
    looking,
    mapping,
    outbox,
    policing,
    publishing,
    receipts,
    scanning,
    setting_aside,
    stack,
    watching,
)

app = typer.Typer(
    name="lintas",
    help="Travellers' crossings of three transit provinces, matched against registered legal departures from NTT.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def say_version(wanted: bool) -> None:
    """Say the version and end."""
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"lintas {version('lintas')}\n")
        raise typer.Exit


@app.callback()
def start(
    version: Annotated[
        bool, typer.Option("--version", callback=say_version, is_eager=True, help="Say the version and end.")
    ] = False,
) -> None:
    """Travellers' crossings of three transit provinces, matched against registered legal departures from NTT."""


for group in (
    stack,
    publishing,
    mapping,
    scanning,
    watching,
    keys,
    gateway,
    outbox,
    looking,
    incoming,
    receipts,
    conformance,
    desk,
    consoles,
    healing,
    policing,
    setting_aside,
    demo,
):
    group.add_to(app)
