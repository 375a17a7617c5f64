"""Commands for analysts: flags, explain, clusters, accounting."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lintas.cli.listing import Column, json_line, show
from lintas.cli.shell import DirectoryOption, Format, FormatOption, ProvinceOption, client_of, optional_time, shell_of
from lintas.failing import Failure, Misuse
from schemas.vocabulary import Province, Status

_FLAGS = (
    Column(field="event_id"),
    Column(field="province"),
    Column(field="checkpoint_id", title="checkpoint"),
    Column(field="occurred_at", title="occurred at (UTC)", is_time=True),
    Column(field="status"),
    Column(field="score", right=True),
    Column(field="rules", wrap=True),
    Column(field="departure_id", title="departure"),
    Column(field="tier"),
    Column(field="policy"),
    Column(field="version", right=True),
)
_CLUSTERS = (
    Column(field="cluster_id", most=34),
    Column(field="kind"),
    Column(field="status"),
    Column(field="score", right=True),
    Column(field="rules", wrap=True),
    Column(field="suppressed", wrap=True),
    Column(field="member_count", title="crossings", right=True),
    Column(field="left_out", title="not judged", right=True),
    Column(field="first_at", title="first (UTC)", is_time=True),
    Column(field="last_at", title="last (UTC)", is_time=True),
    Column(field="members", wrap=True),
    Column(field="policy"),
    Column(field="version", right=True),
)
_ACCOUNTING = tuple(
    Column(field=name, right=name != "province")
    for name in ("province", "published", "assessed", "rejected", "duplicate")
)


class StatusChoice(StrEnum):
    """What `flags` lists; the two last are views of a status."""

    ANY = "any"
    FLAGGED = Status.FLAGGED.value
    PENDING = Status.PENDING.value
    UNREGISTERED = Status.UNREGISTERED.value
    MATCHED = Status.MATCHED.value
    OUT_OF_SCOPE = Status.OUT_OF_SCOPE.value
    WITHDRAWN = "WITHDRAWN"
    UNVERIFIABLE = "UNVERIFIABLE"


class Language(StrEnum):
    """The language of sentences for people."""

    ID = "id"
    EN = "en"


class TextFormat(StrEnum):
    """How an explanation is written."""

    TEXT = "text"
    JSON = "json"


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    for command in (flags, explain, clusters, accounting):
        app.command()(command)


def flags(
    context: typer.Context,
    province: ProvinceOption = None,
    since: Annotated[str | None, typer.Option(metavar="T", help="Crossings from this time on.")] = None,
    until: Annotated[str | None, typer.Option(metavar="T", help="Crossings before this time.")] = None,
    rule: Annotated[str | None, typer.Option(metavar="R", help="Only with this rule's finding, such as R01.")] = None,
    status: Annotated[
        StatusChoice, typer.Option(case_sensitive=False, help="WITHDRAWN: was FLAGGED and is not any more.")
    ] = StatusChoice.FLAGGED,
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="T", help="What was known at that time.")] = None,
    form: FormatOption = Format.TABLE,
    directory: DirectoryOption = None,
) -> None:
    """The crossings to review: each is a referral of a person who may need protection, never an accusation."""
    from sinks import queries
    from sinks.absences import ABSENCES

    times = {"since": optional_time(since), "until": optional_time(until), "as_of": optional_time(as_of)}
    wanted = None if rule is None else _rule(rule)
    if status is StatusChoice.UNVERIFIABLE and as_of is not None:
        msg = "UNVERIFIABLE depends on the present silence of the registries: ask for PENDING with --as-of"
        raise Misuse(msg)
    if wanted in ABSENCES:
        # who is missing is a question of now, not of a verdict: see sinks/absences.py
        _missing(context, wanted, province, times, form, directory)
        return
    with client_of(context, directory) as client:
        found = queries.flags(
            client, province=province.value if province else None, rule=wanted, status=status.value, **times
        )
        show(found, _FLAGS, form, empty=_nothing(status))


def _missing(
    context: typer.Context,
    rule: str,
    province: Province | None,
    times: Mapping[str, datetime | None],
    form: Format,
    directory: Path | None,
) -> None:
    from lintas.policies import policy_now, terms_of
    from sinks.absences import absences

    shell = shell_of(context)
    with client_of(context, directory) as client:
        terms = terms_of(policy_now(shell.settings(directory), client, shell.clock()))
        weight = terms.weights[rule]
        shell.say(f"{rule} is a view of who was not seen again: it weighs {weight} and flags nobody by itself")
        found = absences(
            client, terms, now=times["as_of"] or shell.clock(), rule=rule,
            province=province.value if province else None, since=times["since"], until=times["until"],
        )  # fmt: skip
        show(found, _FLAGS, form, empty="nobody is missing")


def explain(
    context: typer.Context,
    event_id: Annotated[str, typer.Argument(help="The partner's id of the crossing.")],
    province: ProvinceOption = None,
    form: Annotated[TextFormat, typer.Option("--format", help="json is one object a line.")] = TextFormat.TEXT,
    lang: Annotated[Language, typer.Option(help="Indonesian or English.")] = Language.ID,
    directory: DirectoryOption = None,
) -> None:
    """Why a crossing was judged as it was, by which facts, and what would clear it."""
    from lintas.explaining import Told, explanation
    from lintas.policies import policies_of, policy_now, terms_of
    from sinks.absences import absences
    from sinks.explaining import explain as look_up

    shell = shell_of(context)
    settings = shell.settings(directory)
    with client_of(context, directory) as client:
        entries = look_up(client, event_id, province.value if province else None)
        terms = terms_of(policy_now(settings, client, shell.clock()))
        missing = list(absences(client, terms, now=shell.clock(), event_id=event_id)) if entries else []
        thresholds = {digest: policy.review_threshold for digest, policy in policies_of(settings, client).items()}
    for entry in entries:
        mine = [m for m in missing if (m["province"], m["block"]) == (entry["province"], entry["block"])]
        entry["absences"] = [m["finding"] for m in mine]
    homes = sorted({entry["province"] for entry in entries})
    if not entries:
        where = f" of {province.value}" if province else ""
        msg = f"no event {event_id!r}{where} is known: is it published, and loaded (`lintas wait`)?"
        raise Failure(msg)
    if len(homes) > 1:
        msg = f"{event_id!r} is an event of {' and of '.join(homes)}: say which with --province"
        raise Misuse(msg)
    if form is TextFormat.JSON:
        for entry in entries:
            sys.stdout.write(json_line(entry))
        return
    for number, entry in enumerate(entries):
        applied = str((entry["assessment"] or {}).get("policy"))
        sys.stdout.write("\n" if number else "")
        sys.stdout.write(explanation(Told.of(entry, thresholds.get(applied)), lang.value))


def clusters(
    context: typer.Context,
    status: Annotated[
        StatusChoice, typer.Option(case_sensitive=False, help="OUT_OF_SCOPE: an innocent reason explains all of it.")
    ] = StatusChoice.ANY,
    rule: Annotated[str | None, typer.Option(metavar="R", help="Only with this rule's finding, such as R07.")] = None,
    event: Annotated[str | None, typer.Option(metavar="EVENT_ID", help="Only those that name this crossing.")] = None,
    form: FormatOption = Format.TABLE,
    directory: DirectoryOption = None,
) -> None:
    """Groups of travellers tied by payer, booking, party, village or document, with what is found of them."""
    from sinks import queries

    wanted = None if status is StatusChoice.ANY else status.value
    asked = None if rule is None else _rule(rule)
    with client_of(context, directory) as client:
        found = queries.clusters(client, status=wanted, rule=asked, event_id=event)
        show(found, _CLUSTERS, form, empty="no groups")


def accounting(context: typer.Context, form: FormatOption = Format.TABLE, directory: DirectoryOption = None) -> None:
    """What became of everything: published = assessed + rejected + duplicate, for each province."""
    from sinks import queries

    with client_of(context, directory) as client:
        rows = queries.accounting(client)
    show(rows, _ACCOUNTING, form)
    for row in rows:
        rest = row["published"] - row["assessed"] - row["rejected"] - row["duplicate"]
        if rest:
            shell_of(context).say(f"{row['province']}: {rest} not accounted for yet: see `lintas wait`")


def _rule(text: str) -> str:
    rule = text.strip().upper()
    if len(rule) != 3 or rule[0] != "R" or not rule[1:].isdigit():
        msg = f"{text!r} is no rule: rules are called R01 to R28"
        raise Misuse(msg)
    return rule


def _nothing(status: StatusChoice) -> str:
    return "no flags" if status is StatusChoice.FLAGGED else f"no crossing is {status.value}"
