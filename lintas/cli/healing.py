"""Commands that act on what was refused or stored: replay-rejected, rebuild, doctor."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from lintas.cli.listing import Column, console, show
from lintas.cli.shell import DirectoryOption, Format, FormatOption, must_run, shell_of
from lintas.failing import Failure
from schemas.errors import Reason

REBUILD_SECONDS = 900.0
_CHECKS = (
    Column(field="check"),
    Column(field="state"),
    Column(field="detail", wrap=True),
    Column(field="mend", wrap=True),
)
_SUMS = (
    Column(field="table"),
    Column(field="rows_before", title="rows before", right=True),
    Column(field="rows_after", title="rows after", right=True),
    Column(field="before"),
    Column(field="after"),
    Column(field="equal"),
)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(name="replay-rejected")(replay_rejected)
    app.command()(rebuild)
    app.command()(doctor)


def replay_rejected(
    context: typer.Context,
    topic: Annotated[str | None, typer.Option(help="Only what was refused from this topic.")] = None,
    reason: Annotated[Reason | None, typer.Option(help="Only what was refused for this reason.")] = None,
    repaired: Annotated[
        Path | None,
        typer.Option(help="JSONL of repaired records, as `lintas rejected --with-payload --format json` exports them."),
    ] = None,
    directory: DirectoryOption = None,
) -> None:
    """Send again what the matcher refused and what can be read now; a record sent twice counts as a duplicate."""
    from lintas.replaying import read_refused, read_repaired, send_again

    shell = shell_of(context)
    settings = shell.reaching(directory, kafka=True)
    candidates = read_repaired(repaired) if repaired else read_refused(settings)
    chosen = (
        one for one in candidates if (topic is None or one.topic == topic) and (reason is None or one.reason == reason)
    )
    outcome = send_again(settings, chosen)
    sys.stdout.write(f"{outcome.sent} sent again, {sum(outcome.unreadable.values())} still unreadable\n")
    for why, count in sorted(outcome.unreadable.items()):
        sys.stdout.write(f"  {count} {why}\n")
    sys.stdout.flush()
    for place in outcome.examples:
        shell.say(f"still unreadable: {place}")
    if repaired and outcome.unreadable:
        raise typer.Exit(1)


def rebuild(
    context: typer.Context,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds for the loading, at most.")] = REBUILD_SECONDS,
    directory: DirectoryOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Empty every table of ClickHouse, load the log again, and compare: the content must be the same."""
    from lintas.rebuilding import rebuild_store

    shell = shell_of(context)
    settings = shell.reaching(directory, kafka=True, clickhouse=True)

    def check() -> None:
        if settings.kafka_is_local:
            must_run(settings)

    rows = rebuild_store(settings, timeout_seconds=timeout, say=shell.say, check=check)
    show(rows, _SUMS, form)
    different = [row["table"] for row in rows if not row["equal"]]
    if different:
        msg = f"not the same after the rebuild: {', '.join(different)}"
        raise Failure(msg)


def doctor(context: typer.Context, directory: DirectoryOption = None, form: FormatOption = Format.TABLE) -> None:
    """What is wrong with this installation, and how to mend it."""
    from lintas.diagnosing import State, diagnose

    shell = shell_of(context)
    found = []
    for check in diagnose(shell.settings(directory), shell.env, shell.clock):
        found.append(check)
        if form is Format.TABLE:
            style = {State.OK: "green", State.WARN: "yellow", State.FAIL: "red"}[check.state]
            mend = f". {check.mend}" if check.mend else ""
            console().print(f"[{style}]{check.state.value:<5}[/{style}]{check.name}: ", end="")
            console().print(f"{check.detail}{mend}", markup=False, soft_wrap=True)
    if form is not Format.TABLE:
        show(
            [{"check": c.name, "state": c.state.value, "detail": c.detail, "mend": c.mend} for c in found],
            _CHECKS,
            form,
        )
    if any(check.state is State.FAIL for check in found):
        raise typer.Exit(1)
