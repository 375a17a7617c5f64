"""All commands of `lintas`."""

from __future__ import annotations

import typer

from lintas.cli import demo, healing, looking, publishing, stack

app = typer.Typer(
    name="lintas",
    help="Travellers' crossings of three transit provinces, matched against registered legal departures from NTT.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)

for group in (stack, publishing, looking, healing, demo):
    group.add_to(app)
