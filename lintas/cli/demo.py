"""`lintas demo`: the whole pipeline on simulated data of three provinces, from nothing to flags on the screen."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from lintas.cli.shell import Shell, shell_of
from lintas.cli.stack import DOWN_SECONDS, BrokerChoice, start_detached, wait_with_progress
from lintas.failing import Failure
from lintas.settings import Places
from schemas.vocabulary import Province

DEMO_DIRECTORY = Path(".lintas-demo")
SEED, DAYS, RATE = 1, 30, 0.3
LATE_DAYS = 4
"""The registries report so long after the last crossing; then every absence is confirmed."""
WAIT_SECONDS = 300.0
_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(demo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What an earlier demo in the directory did."""

    start: date
    published: bool


def demo(
    context: typer.Context,
    directory: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="The demonstration's own stack.")
    ] = DEMO_DIRECTORY,
    broker: Annotated[
        BrokerChoice, typer.Option(help="auto takes Apache Kafka, else the pip-only broker.")
    ] = BrokerChoice.AUTO,
) -> None:
    """Run the pipeline on simulated data of three provinces and show the flags; the data stay."""
    from lintas.cli.showing import show_results

    shell = local_shell(shell_of(context))
    with stack_of(shell, directory, broker):
        feed(shell, directory)
        shell.say("\nassessing and loading …")
        wait_with_progress(shell, directory, WAIT_SECONDS)
        show_results(shell, directory, directory / "sample" / "truth.jsonl")
    sys.stdout.write(
        f"\nThe demonstration is over and everything is stopped; its data stay in {directory}. Bring it up again with\n"
        f"\n  lintas up --dir {directory}\n"
        f"\nand look around with `lintas flags --dir {directory}` or `lintas explain EVENT_ID --dir {directory}`.\n"
    )


def local_shell(shell: Shell) -> Shell:
    """A demonstration never goes to an installation that the environment names."""
    ours = {"LINTAS_KAFKA", "LINTAS_CLICKHOUSE", "LINTAS_CLICKHOUSE_USER", "LINTAS_CLICKHOUSE_PASSWORD_FILE"}
    ours |= {"LINTAS_KEY_FILE", "LINTAS_BROKER_KIND", "LINTAS_CLICKHOUSE_DATABASE"}
    return Shell(env={name: value for name, value in shell.env.items() if name not in ours}, clock=shell.clock)


@contextmanager
def stack_of(shell: Shell, directory: Path, broker: BrokerChoice) -> Iterator[None]:
    """A running stack for the length of a block; however the block ends, no process is left.

    Raises:
        Failure: one runs in the directory already, and is not ours to stop.
    """
    from lintas.stack.control import is_running, stop

    if is_running(directory):
        msg = f"a stack runs in {directory}: stop it with `lintas down --dir {directory}`, or choose another --dir"
        raise Failure(msg)
    before = {number: signal.signal(number, _end) for number in _SIGNALS}
    try:
        start_detached(shell, directory, broker, greet=False)
        yield
    finally:
        quiet = {number: signal.signal(number, signal.SIG_IGN) for number in (*_SIGNALS, signal.SIGINT)}
        shell.say("stopping …")
        stop(directory, DOWN_SECONDS)
        for number, handler in {**quiet, **before}.items():
            signal.signal(number, handler)


def feed(shell: Shell, directory: Path) -> None:
    """Simulate and publish, unless an earlier demonstration did.

    Raises:
        Failure: something of the simulated files could not be published.
    """
    from lintas.cli.publishing import Kind, publish_one, simulate_files

    sample = directory / "sample"
    note = read_note(directory)
    if note is not None and note.published:
        shell.say(f"the simulated data of {note.start} are there from an earlier demonstration and are shown again")
        return
    if note is None:
        start = shell.clock().date() - timedelta(days=DAYS + LATE_DAYS)
        shell.say(f"simulating {DAYS} days from {start} …")
        simulate_files(sample, seed=SEED, days=DAYS, rate=RATE, scale=1.0, start=start)
        note = Note(start=start, published=False)
        write_note(directory, note)
    work: list[tuple[Kind, Path, Province | None]] = [
        (kind, sample / f"{kind.value}.csv", None) for kind in (Kind.DEPARTURES, Kind.HEARTBEATS, Kind.REPORTS)
    ]
    work += [(Kind.CROSSINGS, sample / f"crossings-{province.value}.csv", province) for province in Province]
    for kind, file, province in work:
        result = publish_one(shell, directory, kind, file, province=province)
        shell.say(f"published {result.accepted:>6,} rows of {file.name}")
        if result.exit_code:
            msg = f"{file} was not published as a whole: {result.failure or 'rows were refused'}"
            raise Failure(msg)
    write_note(directory, Note(start=note.start, published=True))


def read_note(directory: Path) -> Note | None:
    """What an earlier demonstration noted; None = there was none, or its note is damaged."""
    try:
        found: Any = json.loads((directory / "demo.json").read_text(encoding="utf-8"))
        return Note(start=date.fromisoformat(found["start"]), published=bool(found["published"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_note(directory: Path, note: Note) -> None:
    """Leave a note for the next demonstration."""
    from lintas.stack.files import write_atomically

    body = {"start": note.start.isoformat(), "published": note.published}
    write_atomically(Places(directory=directory).directory / "demo.json", json.dumps(body) + "\n")


def _end(number: int, frame: object) -> None:
    sys.exit(128 + number)
