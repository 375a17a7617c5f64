"""`lintas policy`: a change of policy is checked, compared and tried out before two persons activate it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lintas.cli.listing import Column, show
from lintas.cli.progress import counting_down
from lintas.cli.shell import DirectoryOption, Format, FormatOption, optional_time, shell_of

if TYPE_CHECKING:
    from streams.backtest import Tally
    from streams.policy import Policy

_NOTICES = (
    Column(field="line", right=True),
    Column(field="level"),
    Column(field="key"),
    Column(field="text", wrap=True),
)
_CHANGES = (Column(field="key"), Column(field="before", wrap=True), Column(field="after", wrap=True))
_VERSIONS = (
    Column(field="name"),
    Column(field="digest"),
    Column(field="effective_from", title="from (UTC)", is_time=True),
    Column(field="effective_until", title="until (UTC)", is_time=True),
    Column(field="author"),
    Column(field="activated_by", title="activated by"),
    Column(field="activated_at", title="at (UTC)", is_time=True),
)
_DIFFERENCES = (
    Column(field="by"),
    Column(field="value"),
    Column(field="gained", title="flags gained", right=True),
    Column(field="lost", title="flags lost", right=True),
    Column(field="changed", right=True),
    Column(field="events", title="for example", wrap=True),
    Column(field="result"),
)
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A policy file.")]

policy = typer.Typer(
    name="policy", help="Change the policy: show, check, diff, backtest, shadow, activate, list.", no_args_is_help=True
)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(policy)
    for command in (check, diff, backtest, shadow, activate):
        policy.command()(command)
    policy.command(name="show")(show_text)
    policy.command(name="list")(versions)


def check(file: FileArgument, form: FormatOption = Format.TABLE) -> None:
    """What is wrong with a policy file, each with its line; exit code 1 if it could not be activated."""
    from lintas.policies import read_file
    from streams.policycheck import Level
    from streams.policycheck import check as notices_of
    from streams.yaml_lines import dotted

    marked, found = read_file(file)
    notices = notices_of(found)
    rows = [
        {"line": marked.line(n.path), "level": n.level.value, "key": dotted(n.path)[:-2], "text": n.text}
        for n in notices
    ]
    if form is Format.TABLE:
        for notice in notices:
            sys.stdout.write(f"{notice.level.value}: {marked.told(notice.path, notice.text)}\n")
        errors = sum(n.level is Level.ERROR for n in notices)
        takes = f"takes effect {found.effective_from.isoformat()}"
        said = f"{errors} errors, {len(notices) - errors} warnings"
        sys.stdout.write(f"{file}: {found.name}, digest {found.digest}, {takes}: {said}\n")
    else:
        show(rows, _NOTICES, form)
    if any(n.level is Level.ERROR for n in notices):
        raise typer.Exit(1)


def show_text(context: typer.Context, directory: DirectoryOption = None) -> None:
    """The policy file that judges crossings of now: what a change begins with."""
    from lintas.policies import text_now
    from lintas.store import open_client

    shell = shell_of(context)
    settings = shell.reaching(directory, clickhouse=True)
    with open_client(settings) as client:
        sys.stdout.write(text_now(settings, client, shell.clock()))


def diff(
    context: typer.Context,
    before: Annotated[str, typer.Argument(metavar="A", help="A policy file, `now` or `shipped`.")],
    after: Annotated[str, typer.Argument(metavar="B", help="A policy file, `now` or `shipped`.")],
    form: FormatOption = Format.TABLE,
    directory: DirectoryOption = None,
) -> None:
    """What the second policy says differently, key by key; comments and the order of keys do not count."""
    from streams.policydiff import changes

    old, new = (_named(context, name, directory) for name in (before, after))
    rows = [{"key": c.key, "before": c.before, "after": c.after} for c in changes(old, new)]
    show(rows, _CHANGES, form, empty="they say the same")
    if form is Format.TABLE and rows:
        shell_of(context).say(f"{len(rows)} keys differ: {old.digest} → {new.digest}")


def _named(context: typer.Context, name: str, directory: Path | None) -> Policy:
    from lintas.policies import policy_now, read_file
    from lintas.store import open_client
    from streams.policy import shipped_policy

    if name == "shipped":
        return shipped_policy()
    if name != "now":
        return read_file(Path(name))[1]
    shell = shell_of(context)
    settings = shell.reaching(directory, clickhouse=True)
    with open_client(settings) as client:
        return policy_now(settings, client, shell.clock())


def activate(
    context: typer.Context,
    file: FileArgument,
    author: Annotated[str, typer.Option(help="Who wrote the change.")],
    by: Annotated[str, typer.Option(help="Who activates it: another person, who has read it.")],
    past: Annotated[
        bool, typer.Option("--past", help="Its effective_from may be over: crossings since then are judged anew.")
    ] = False,
    directory: DirectoryOption = None,
) -> None:
    """Bring a policy into force for crossings from its effective_from on; running matchers take it at once."""
    from lintas.activating import activate as publish
    from lintas.activating import version_of

    shell = shell_of(context)
    settings = shell.reaching(directory, kafka=True)
    record, found = version_of(file, author=author, by=by, at=shell.clock(), past=past)
    publish(settings, record)
    since = found.effective_from.isoformat()
    sys.stdout.write(f"{found.name}, digest {found.digest}: in force for crossings from {since} on\n")


def versions(context: typer.Context, form: FormatOption = Format.TABLE, directory: DirectoryOption = None) -> None:
    """The activated versions, each with when it is in force; before the first one the installation's own file holds."""
    from lintas.store import open_client
    from sinks import queries

    settings = shell_of(context).reaching(directory, clickhouse=True)
    with open_client(settings) as client:
        show(queries.policy_versions(client), _VERSIONS, form, empty="none was activated")


def backtest(
    context: typer.Context,
    file: FileArgument,
    since: Annotated[str | None, typer.Option(metavar="T", help="Only crossings from this time on.")] = None,
    until: Annotated[str | None, typer.Option(metavar="T", help="Only crossings before this time.")] = None,
    processes: Annotated[int, typer.Option(min=1, max=64, help="How many lanes at once; one core each.")] = 2,
    form: FormatOption = Format.TABLE,
    directory: DirectoryOption = None,
) -> None:
    """What a policy would have said of the past, beside what the policies of that time say: nothing is published."""
    from lintas.backtesting import backtest as judge
    from lintas.policies import policy_of, read_file

    shell = shell_of(context)
    settings = shell.reaching(directory, kafka=True)
    _, candidate = read_file(file)
    with counting_down("judging lanes") as told:
        records, tally = judge(
            settings.kafka_or_fail(), policy_of(settings), candidate, since=optional_time(since),
            until=optional_time(until), processes=processes, told=told,
        )  # fmt: skip
    show(_difference_rows(tally), _DIFFERENCES, form)
    shell.say(
        f"{tally.crossings} crossings compared, {records} records read; "
        f"flags {tally.flags_before} → {tally.flags_after}; result {tally.digest}"
    )


def shadow(
    context: typer.Context,
    file: FileArgument,
    report: Annotated[
        bool, typer.Option("--report", help="Compare what it has said so far with the verdicts that stand.")
    ] = False,
    form: FormatOption = Format.TABLE,
    directory: DirectoryOption = None,
) -> None:
    """Judge live traffic by a policy beside the one in force, until Ctrl-C: its verdicts flag nobody."""
    from lintas.policies import read_file
    from lintas.shadowing import compared, run_shadow
    from lintas.store import open_client

    shell = shell_of(context)
    _, candidate = read_file(file)
    if not report:
        settings = shell.reaching(directory, kafka=True)
        shell.say(
            f"{candidate.name}, digest {candidate.digest}: see `lintas policy shadow {file} --report`; Ctrl-C ends it"
        )
        run_shadow(settings, shell.env, file)
    settings = shell.reaching(directory, clickhouse=True)
    with open_client(settings) as client:
        tally = compared(client, candidate.digest)
    show(_difference_rows(tally), _DIFFERENCES, form)
    shell.say(f"{tally.crossings} crossings compared; flags {tally.flags_before} → {tally.flags_after}")


def _difference_rows(tally: Tally) -> list[dict[str, object]]:
    from streams.backtest import Outcome

    places = sorted({("all", ""), *((dimension, value) for dimension, value, _ in tally.counts)})
    return [
        {
            "by": dimension,
            "value": value,
            **{outcome.value: tally.counts[dimension, value, outcome] for outcome in Outcome},
            "events": [e for o in Outcome for e in tally.samples.get(o, ())] if dimension == "all" else [],
            "result": tally.digest if dimension == "all" else None,
        }
        for dimension, value in places
    ]
