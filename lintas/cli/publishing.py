"""Commands of the publishing side: publish, simulate."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lintas.cli.progress import counting_up
from lintas.cli.shell import DirectoryOption, Shell, shell_of
from lintas.failing import Failure, Misuse
from schemas.vocabulary import Direction, Province

if TYPE_CHECKING:
    from producers.hints import Hints
    from producers.journeys import SimulationSummary
    from producers.mapping import Mapping
    from producers.publication import Publication

SHOWN_LINES = 10
FIRST_DAY = "2026-01-05"
"""Of a simulation that is not told otherwise; fixed, so that the same seed gives the same files on any day."""


CheckpointOption = Annotated[
    str | None,
    typer.Option(metavar="ID", help="Where the travellers of a PAXLST are seen.  [default: by the ports of the list]"),
]
DirectionOption = Annotated[
    Direction | None, typer.Option(help="Which way those of a PAXLST go.  [default: by the ports of the list]")
]

MappingOption = Annotated[
    Path | None,
    typer.Option("--mapping", metavar="FILE", help="Whose columns stand for which of ours; `lintas map` proposes one."),
]
SheetOption = Annotated[
    str | None, typer.Option("--sheet", metavar="NAME", help="The sheet of a workbook that has several such.")
]


class Kind(StrEnum):
    """What a file holds."""

    CROSSINGS = "crossings"
    DEPARTURES = "departures"
    HEARTBEATS = "heartbeats"
    REPORTS = "reports"


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(publish)
    app.command()(simulate)


def publish(
    context: typer.Context,
    kind: Annotated[Kind, typer.Argument(help="What the file holds.")],
    file: Annotated[Path, typer.Argument(help="CSV, JSONL, XLSX or a PAXLST passenger list, by what it holds.")],
    province: Annotated[
        Province | None, typer.Option(help="Whose crossings they are.  [default: by each row's checkpoint]")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check everything, publish nothing.")] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes that share a long file.  [default: one per core]")
    ] = None,
    checkpoint: CheckpointOption = None,
    direction: DirectionOption = None,
    mapping: MappingOption = None,
    sheet: SheetOption = None,
    directory: DirectoryOption = None,
) -> None:
    """Read a partner's file, pseudonymise, check and publish it.

    Exit code 0: all published; 3: some rows refused, see FILE.refused.csv; 1: not published, or not to the end.
    """
    if province is not None and kind is not Kind.CROSSINGS:
        msg = f"--province is for crossings only: {kind} are published for all provinces"
        raise Misuse(msg)
    shell = shell_of(context)
    hints = hints_of(kind, checkpoint=checkpoint, direction=direction, mapping=mapping, sheet=sheet)
    result = publish_one(shell, directory, kind, file, province=province, dry_run=dry_run, jobs=jobs, hints=hints)
    report(shell, result)
    if result.exit_code:
        raise typer.Exit(result.exit_code)


def publish_one(
    shell: Shell,
    directory: Path | None,
    kind: Kind,
    file: Path,
    *,
    province: Province | None,
    dry_run: bool = False,
    jobs: int | None = None,
    hints: Hints | None = None,
) -> Publication:
    """Publish one file with a counter on a terminal."""
    from lintas.keys import read_keys
    from producers.columns import KINDS
    from producers.connecting import PublishingFailed
    from producers.hints import NO_HINTS
    from producers.publication import publish_file
    from producers.publisher import Publisher

    if not file.is_file():
        msg = f"there is no file {file}"
        raise Misuse(msg)
    settings = shell.settings(directory) if dry_run else shell.reaching(directory, kafka=True)
    keys = read_keys(settings.key_files)
    try:
        link = nullcontext(None) if dry_run else Publisher(",".join(settings.kafka_or_fail()), on_wait=shell.say)
    except PublishingFailed as error:
        msg = f"{error}; nothing was published"
        raise Failure(msg) from None
    with link as publisher, counting_up(f"{'checking' if dry_run else 'publishing'} {file.name}") as progress:
        return publish_file(
            file,
            KINDS[kind.value],
            province=province,
            key=keys[0],
            also=keys[1:],
            clock=shell.clock,
            publisher=publisher,
            on_progress=progress,
            jobs=jobs or len(os.sched_getaffinity(0)),
            hints=hints or NO_HINTS,
        )


def hints_of(
    kind: Kind,
    *,
    checkpoint: str | None = None,
    direction: Direction | None = None,
    mapping: Path | None = None,
    sheet: str | None = None,
) -> Hints:
    """What the options say about a file beyond the file.

    Raises:
        Misuse: an option cannot be used.
    """
    from producers.hints import Hints
    from schemas import reference

    place = checkpoint.strip().upper() if checkpoint else None
    if place is not None and place not in reference.checkpoints():
        msg = "--checkpoint is not in the reference list: see checkpoints.csv in schemas/reference/data"
        raise Misuse(msg)
    read = mapping_of(mapping, kind) if mapping is not None else None
    return Hints(checkpoint=place, direction=direction, mapping=read, sheet=sheet)


def mapping_of(path: Path, kind: Kind) -> Mapping:
    """Read a mapping file.

    Raises:
        Misuse: it cannot be read, or not used; names line, key and what is allowed.
    """
    from producers.columns import KINDS
    from producers.mapping import MappingError, read_mapping

    try:
        return read_mapping(path.read_text(encoding="utf-8"), KINDS[kind.value])
    except MappingError as error:
        msg = f"{path}, {error}"
    except OSError as error:
        msg = f"the mapping {path} cannot be read ({error.strerror})"
    except UnicodeDecodeError:
        msg = f"the mapping {path} is not UTF-8"
    raise Misuse(msg)


def report(shell: Shell, result: Publication, *, done: str = "published") -> None:
    """What became of a file: counts on stdout, what to do about it on stderr."""
    done = f"would be {done}" if result.dry_run else done
    sys.stdout.write(f"{result.path.name}: {result.accepted} of {result.read} rows {done}\n")
    for reason, count in sorted(result.refused.items(), key=lambda one: (-one[1], one[0])):
        sys.stdout.write(f"  refused {count} {reason.value}\n")
    for what, count in sorted(result.warnings.items()):
        sys.stdout.write(f"  warning {count} {what}\n")
    sys.stdout.flush()
    if result.refused_file is not None:
        shell.say(f"refused rows with line, reason and message: {result.refused_file} (it has raw identities)")
    if result.undelivered:
        lines = ", ".join(str(line) for line in sorted(result.undelivered)[:SHOWN_LINES])
        more = len(result.undelivered) - SHOWN_LINES
        why = next(iter(result.undelivered.values())).why
        shell.say(f"not known to have arrived: line {lines}{f' and {more} more' if more > 0 else ''} ({why})")
    if result.failure:
        where = f" after line {result.last_line}" if result.last_line else ""
        told = "" if result.dry_run else f". {result.accepted} of the {result.read} rows read were acknowledged"
        again = "; publish the file again, a row that arrives twice counts once" if told and result.accepted else ""
        shell.say(f"lintas: {result.path.name}{where}: {result.failure}{told}{again}")


def simulate(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="The directory that gets the files.")],
    seed: Annotated[int, typer.Option(help="The same arguments give the same files.")] = 1,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How many days of travel.")] = 30,
    rate: Annotated[
        float, typer.Option(min=0, max=1000, help="How densely ordinary travellers are sampled; 20 = all of them.")
    ] = 1.0,
    scale: Annotated[float, typer.Option(min=0.001, max=1000, help="Multiplies everything, planted cases too.")] = 1.0,
    start: Annotated[str, typer.Option(metavar="DATE", help="The first day.")] = FIRST_DAY,
    directory: DirectoryOption = None,
) -> None:
    """Write files of three provinces and the registry, and truth.jsonl that says what was planted."""
    shell = shell_of(context)
    summary = simulate_files(out, seed=seed, days=days, rate=rate, scale=scale, start=_day(start))
    crossings = ", ".join(f"{count} in {province.value}" for province, count in summary.crossings.items())
    shell.say(
        f"{summary.first_day} to {summary.last_day} in {out}: "
        f"{sum(summary.crossings.values())} crossings ({crossings}), "
        f"{summary.registrations} departure revisions, {summary.heartbeats} heartbeats, {summary.reports} reports, "
        f"{sum(summary.planted.values())} planted cases (truth.jsonl)"
    )


def simulate_files(out: Path, *, seed: int, days: int, rate: float, scale: float, start: date) -> SimulationSummary:
    """Write the files.

    Raises:
        Failure: the directory cannot be written.
    """
    from producers.journeys import simulate as write_files

    try:
        return write_files(out, seed=seed, days=days, rate=rate, scale=scale, start=start)
    except OSError as error:
        msg = f"the files cannot be written to {out} ({error.strerror}): choose another --out"
        raise Failure(msg) from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        msg = f"{text!r} is no day: write it as 2026-03-01"
        raise Misuse(msg) from None
