"""The command that proposes a mapping for a list whose columns have names of their own: map."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lintas.cli.publishing import Kind, SheetOption
from lintas.cli.shell import Shell, shell_of
from lintas.failing import Failure, Misuse

if TYPE_CHECKING:
    from producers.columns import FileKind
    from producers.proposing import Proposal
    from producers.sampling import Sample

SHOWN_ROWS = 10
SHOWN_CHARACTERS = 25
SURE = 0.85
NOT_FOUND = {
    "checkpoint_id": "ID-65-NNT   # of checkpoints.csv in schemas/reference/data",
    "direction": "out   # out, in or domestic",
    "source": "BP3MI   # LTSA, BP3MI, SISKOP2MI or G2G",
    "event": "registered   # registered, amended, cancelled, departed or returned",
}
"""What one value for all rows may look like."""


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command("map")(propose_mapping)


def propose_mapping(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV, JSONL or XLSX with column names of its own.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where the mapping goes.  [default: standard output]")
    ] = None,
    kind: Annotated[Kind, typer.Option(help="What the file holds.")] = Kind.CROSSINGS,
    sheet: SheetOption = None,
) -> None:
    """Propose which columns of a list stand for which of ours; check it, then publish with --mapping.

    Ten rows are shown as they would be read, with the identities masked.
    """
    from producers.columns import KINDS
    from producers.proposing import propose
    from producers.rows import UnreadableFile
    from producers.sampling import sample_of

    if not file.is_file():
        msg = f"there is no file {file}"
        raise Misuse(msg)
    shell, columns = shell_of(context), KINDS[kind.value]
    try:
        sample = sample_of(file, sheet)
    except UnreadableFile as error:
        msg = f"{file.name}: {error}"
        raise Failure(msg) from None
    found = propose(sample, columns)
    if not found:
        msg = f"{file.name}: none of its columns could be recognised as one of a {columns.name} file"
        raise Failure(msg)
    text = mapping_text(file, columns, found)
    if output is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        _write(output, text)
    _show(shell, sample, columns, found)
    missing = missing_columns(columns, found)
    if missing:
        shell.say(f"not found, and needed: {', '.join(missing)}: fill in under `constants`, or name the column")
    unsure = [one.target for one in found if one.score < SURE]
    if unsure:
        shell.say(f"less sure, look twice: {', '.join(unsure)}")
    if output is not None:
        names = f"{shlex.quote(str(file))} --mapping {shlex.quote(str(output))}"
        shell.say(f"then: lintas publish {columns.name} {names} --dry-run")


def mapping_text(file: Path, kind: FileKind, found: list[Proposal]) -> str:
    """The mapping file."""
    lines = [f"# Proposed for {file.name}: check every line, then lintas publish {kind.name} ... --mapping THIS_FILE"]
    lines += [f"file: {kind.name}", "columns:"]
    for one in found:
        names = [json.dumps(name, ensure_ascii=False) for name in one.sources]
        source = names[0] if len(names) == 1 else f"[{', '.join(names)}]"
        sure = "" if one.score >= SURE else "   # less sure"
        if not (one.form or one.values):
            lines.append(f"  {one.target}: {source}{sure}")
            continue
        lines.append(f"  {one.target}:{sure}")
        lines.append(f"    from: {source}")
        if one.form:
            lines.append(f'    format: "{one.form}"')
        if one.zone:
            lines.append(f"    timezone: {one.zone}   # or WIB, WITA, WIT, +08:00")
        if one.values:
            pairs = (f"{json.dumps(theirs, ensure_ascii=False)}: {ours}" for theirs, ours in one.values.items())
            lines.append(f"    values: {{{', '.join(pairs)}}}")
    missing = missing_columns(kind, found)
    lines.append("constants:" if missing else "constants: {}")
    lines += [f"  # {choice}: {NOT_FOUND.get(choice, '…')}" for choice in missing]
    return "\n".join(lines) + "\n"


def missing_columns(kind: FileKind, found: list[Proposal]) -> list[str]:
    """Required columns for which nothing was found."""
    targets = {one.target for one in found}
    return [" or ".join(choice) for choice in kind.required if not targets.intersection(choice)]


def _write(path: Path, text: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        msg = f"{path} is there already: choose another name, or remove it"
        raise Failure(msg) from None
    except OSError as error:
        msg = f"{path} cannot be written ({error.strerror})"
        raise Failure(msg) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _show(shell: Shell, sample: Sample, kind: FileKind, found: list[Proposal]) -> None:
    """Ten rows as they would be read, masked, on standard error."""
    from producers.date_forms import date_form
    from producers.mapping import MappedColumn, Mapping
    from producers.masking import masked
    from producers.rows import column_name

    mapping = Mapping(
        kind=kind.name,
        columns=tuple(
            MappedColumn(
                target=one.target,
                sources=tuple(column_name(name) for name in one.sources),
                form=date_form(one.form) if one.form else None,
                zone=one.zone or "",
                values={" ".join(theirs.lower().split()): ours for theirs, ours in one.values.items()},
            )
            for one in found
        ),
        constants={},
    )
    names = [column_name(name) for name in sample.header]
    rows = [[one.target for one in found]]
    for values in sample.rows[:SHOWN_ROWS]:
        cells = mapping.translate({name: value for name, value in zip(names, values, strict=False) if value})
        rows.append([masked(one.target, cells.get(one.target, ""))[:SHOWN_CHARACTERS] for one in found])
    widths = [max(len(row[place]) for row in rows) for place in range(len(found))]
    for row in rows:
        shell.say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
