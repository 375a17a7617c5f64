"""`suppress` and `suppressions`: findings that an analyst sets aside, and what was set aside so far."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lintas.cli.listing import Column, show
from lintas.cli.shell import DirectoryOption, Format, FormatOption, ProvinceOption, read_time, shell_of

_SUPPRESSIONS = (
    Column(field="suppression_id", title="suppression"),
    Column(field="event_id"),
    Column(field="province"),
    Column(field="token", most=16),
    Column(field="rules", wrap=True),
    Column(field="until", title="until (UTC)", is_time=True),
    Column(field="verdicts", right=True),
    Column(field="made_by", title="by"),
    Column(field="reason", wrap=True),
)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(suppress)
    app.command()(suppressions)


def suppress(
    context: typer.Context,
    rule: Annotated[list[str], typer.Option(metavar="R", help="Of this rule; may be given several times.")],
    reason: Annotated[str, typer.Option(help="Why, without names and numbers of persons.")],
    until: Annotated[str, typer.Option(metavar="T", help="Only crossings before this time.")],
    event_id: Annotated[str | None, typer.Argument(help="The crossing that it is about.")] = None,
    token: Annotated[str | None, typer.Option(help="Instead: the document or NIK token that it is about.")] = None,
    province: ProvinceOption = None,
    by: Annotated[str | None, typer.Option(help="Who says so.  [default: your user name]")] = None,
    directory: DirectoryOption = None,
) -> None:
    """Let findings not count, on one crossing or on all under one number: they stay on the verdict, with the reason."""
    from lintas.reviewing import current_user
    from lintas.suppressing import suppress as publish

    shell = shell_of(context)
    settings = shell.reaching(directory, kafka=True, clickhouse=event_id is not None)
    done = publish(
        settings,
        event_id=event_id,
        token=token,
        rules=[one.strip().upper() for one in rule],
        reason=reason,
        by=by or current_user(),
        until=read_time(until),
        province=province,
        at=shell.clock(),
    )
    about = f"{done.province.value}/{done.event_id}" if done.province else "all crossings under that number"
    rules, end = ", ".join(done.rules), done.until.isoformat()
    sys.stdout.write(f"{about}: {rules} do not count until {end} (suppression {done.suppression_id})\n")


def suppressions(context: typer.Context, form: FormatOption = Format.TABLE, directory: DirectoryOption = None) -> None:
    """What analysts said does not count, until when, and how many verdicts it concerns."""
    from lintas.store import open_client
    from sinks import queries

    with open_client(shell_of(context).reaching(directory, clickhouse=True)) as client:
        show(queries.suppressions(client), _SUPPRESSIONS, form, empty="nothing is suppressed")
