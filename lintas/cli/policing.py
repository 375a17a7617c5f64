"""`lintas policy`: a change of policy is checked, compared and tried out before two persons activate it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from lintas.cli.listing import Column, show
from lintas.cli.shell import Format, FormatOption, shell_of

_NOTICES = (
    Column(field="line", right=True),
    Column(field="level"),
    Column(field="key"),
    Column(field="text", wrap=True),
)
_CHANGES = (Column(field="key"), Column(field="before", wrap=True), Column(field="after", wrap=True))
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A policy file.")]

policy = typer.Typer(
    name="policy", help="Change the policy: check, diff, backtest, shadow, activate.", no_args_is_help=True
)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(policy)
    for command in (check, diff):
        policy.command()(command)


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


def diff(
    context: typer.Context,
    before: Annotated[Path, typer.Argument(metavar="A", help="A policy file, or `shipped`.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="A policy file, or `shipped`.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """What the second policy says differently, key by key; comments and the order of keys do not count."""
    from lintas.policies import read_file
    from streams.policy import shipped_policy
    from streams.policydiff import changes

    old, new = (shipped_policy() if str(p) == "shipped" else read_file(p)[1] for p in (before, after))
    rows = [{"key": c.key, "before": c.before, "after": c.after} for c in changes(old, new)]
    show(rows, _CHANGES, form, empty="they say the same")
    if form is Format.TABLE and rows:
        shell_of(context).say(f"{len(rows)} keys differ: {old.digest} → {new.digest}")
