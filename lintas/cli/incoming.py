"""Commands about what comes in: who delivers and how well, and what was refused."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from lintas.cli.listing import Column, json_line, show
from lintas.cli.shell import DirectoryOption, Format, FormatOption, ProvinceOption, client_of, shell_of
from lintas.failing import Misuse

_FEEDS = (
    Column(field="kind"),
    Column(field="province"),
    Column(field="name"),
    Column(field="last_at", title="last at (UTC)", is_time=True),
    Column(field="last_published_at", title="last published", is_time=True),
    Column(field="silence_seconds", title="silent s", right=True),
    Column(field="events", right=True),
    Column(field="missing", right=True),
    Column(field="waiting", right=True),
    Column(field="median_seconds", title="median s", right=True),
)
_QUALITY = (
    Column(field="province"),
    Column(field="checkpoint_id", title="checkpoint"),
    Column(field="measure"),
    Column(field="name"),
    Column(field="value", right=True),
)
_SILENT = (
    Column(field="kind"),
    Column(field="province"),
    Column(field="name"),
    Column(field="ship"),
    Column(field="called_on", title="called on"),
    Column(field="last_at", title="last at (UTC)", is_time=True),
    Column(field="silent_seconds", title="silent s", right=True),
    Column(field="daily", right=True),
    Column(field="expected", right=True),
)
_REJECTED = (
    Column(field="owner"),
    Column(field="stage"),
    Column(field="reason"),
    Column(field="field"),
    Column(field="topic"),
    Column(field="partition", right=True),
    Column(field="offset", right=True),
    Column(field="line", right=True),
    Column(field="message", wrap=True),
    Column(field="digest", most=13),
    Column(field="happened_at", title="happened at (UTC)", is_time=True),
)
_COUNTS = (
    Column(field="owner"),
    Column(field="stage"),
    Column(field="reason"),
    Column(field="records", right=True),
    Column(field="last_at", title="last at (UTC)", is_time=True),
)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    for command in (feeds, rejected):
        app.command()(command)


def feeds(
    context: typer.Context,
    silent: Annotated[
        bool, typer.Option("--silent", help="Only checkpoints and ships of which people must have come, and none did.")
    ] = False,
    quality: Annotated[
        bool,
        typer.Option("--quality", help="How well: delay, completeness, copies, refusals, clocks, gaps and contracts."),
    ] = False,
    province: ProvinceOption = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="With --quality: what came in so many days.")] = 30,
    form: FormatOption = Format.TABLE,
    directory: DirectoryOption = None,
) -> None:
    """Who delivers: registries by watermark, checkpoints by last crossing, silence, gaps and delay."""
    from sinks import queries
    from sinks.feeding import feed_quality

    if silent:
        _silent(context, form, directory)
        return
    empty = "nobody has delivered anything yet"
    if not quality:
        if province is not None:
            msg = "--province goes with --quality"
            raise Misuse(msg)
        with client_of(context, directory) as client:
            show(queries.feeds(client), _FEEDS, form, empty=empty)
        return
    now = shell_of(context).clock()
    with client_of(context, directory) as client:
        found = feed_quality(client, since=now - timedelta(days=days), now=now, province=province)
        show(found, _QUALITY, form, empty=empty)


def _silent(context: typer.Context, form: Format, directory: Path | None) -> None:
    from lintas.policies import policy_now, silence_terms_of
    from sinks.silences import silences

    shell = shell_of(context)
    with client_of(context, directory) as client:
        terms = silence_terms_of(policy_now(shell.settings(directory), client, shell.clock()))
        show(silences(client, terms, now=shell.clock()), _SILENT, form, empty="nothing is silent")


def rejected(
    context: typer.Context,
    province: ProvinceOption = None,
    registry: Annotated[bool, typer.Option("--registry", help="Only departures, heartbeats and reports.")] = False,
    reason: Annotated[str | None, typer.Option(metavar="R", help="Only refused for this reason.")] = None,
    stage: Annotated[str | None, typer.Option(help="Only by publisher, matcher or loader.")] = None,
    summary: Annotated[bool, typer.Option("--summary", help="Counts by owner, stage and reason.")] = False,
    with_payload: Annotated[
        bool,
        typer.Option("--with-payload", help="The records themselves, from Kafka: for `replay-rejected --repaired`."),
    ] = False,
    form: FormatOption = Format.TABLE,
    directory: DirectoryOption = None,
) -> None:
    """What was refused, where and why; the table never has a record's bytes."""
    from sinks import queries

    if province and registry:
        msg = "--province and --registry exclude each other"
        raise Misuse(msg)
    owner = "registry" if registry else (province.value if province else None)
    if with_payload:
        _export(context, owner, reason, form, directory)
        return
    with client_of(context, directory) as client:
        if summary:
            show(queries.rejected_counts(client), _COUNTS, form, empty="nothing was refused")
        else:
            found = queries.rejected(client, owner=owner, reason=reason, stage=stage)
            show(found, _REJECTED, form, empty="nothing was refused")


def _export(
    context: typer.Context, owner: str | None, reason: str | None, form: Format, directory: Path | None
) -> None:
    from lintas.replaying import exported, read_rejected
    from schemas.topics import refusals_of

    if form is not Format.JSON:
        msg = "--with-payload needs --format json"
        raise Misuse(msg)
    shell = shell_of(context)
    settings = shell.reaching(directory, kafka=True)
    for one in read_rejected(settings):
        mine = owner is None or refusals_of(one.topic) == f"rejected.{owner}"
        if one.payload_base64 and mine and reason in (None, one.reason.value):
            sys.stdout.write(json_line(exported(one)))
    shell.say("these are the records as they came: whoever wrote them may have put identities in")
