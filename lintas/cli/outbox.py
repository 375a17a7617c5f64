"""Commands of an outbox: keep a file's records until the line is there, send them, and say what waits."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lintas.cli.listing import Column, json_line, show
from lintas.cli.publishing import Kind
from lintas.cli.shell import DirectoryOption, Format, FormatOption, shell_of
from lintas.failing import Failure, Misuse
from schemas.vocabulary import Province

if TYPE_CHECKING:
    from producers.outbox import Outbox
    from producers.publication import Publication

outbox = typer.Typer(
    name="outbox", help="Records that wait for the line to Kafka.", no_args_is_help=True, rich_markup_mode=None
)
_DEVICES = (
    Column(field="device"),
    Column(field="first", right=True),
    Column(field="last", right=True),
    Column(field="missing", right=True),
    Column(field="gaps", wrap=True),
)
FileArgument = Annotated[Path, typer.Argument(metavar="OUTBOX", help="The outbox's file.")]
SHOWN_GAPS = 10


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(outbox)


@outbox.command("add")
def add(
    context: typer.Context,
    box: FileArgument,
    kind: Annotated[Kind, typer.Argument(help="What the file holds.")],
    file: Annotated[Path, typer.Argument(help="CSV, JSONL or XLSX.")],
    province: Annotated[
        Province | None, typer.Option(help="Whose crossings they are.  [default: by each row's checkpoint]")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Counts crossings that bring no number.  [default: a name of the outbox's own]")
    ] = None,
    directory: DirectoryOption = None,
) -> None:
    """Read a partner's file, pseudonymise and check it, and keep its records; needs no line.

    Exit code 0: all kept; 3: some rows refused, see FILE.refused.csv; 1: not kept, or not to the end.
    """
    from lintas.cli.publishing import report
    from lintas.keys import read_keys
    from producers.columns import KINDS
    from producers.storing import store_file

    if province is not None and kind is not Kind.CROSSINGS:
        msg = f"--province is for crossings only: {kind} are published for all provinces"
        raise Misuse(msg)
    if not file.is_file():
        msg = f"there is no file {file}"
        raise Misuse(msg)
    shell = shell_of(context)
    keys = read_keys(shell.settings(directory).key_files)
    opened = _open(box, device)
    try:
        result: Publication = store_file(
            file, KINDS[kind.value], opened, province=province, key=keys[0], also=keys[1:], clock=shell.clock
        )
    finally:
        opened.close()
    report(shell, result, done="kept")
    if result.exit_code:
        raise typer.Exit(result.exit_code)


@outbox.command("send")
def send(context: typer.Context, box: FileArgument, directory: DirectoryOption = None) -> None:
    """Send what waits, oldest first; what Kafka does not acknowledge stays."""
    from producers.connecting import PublishingFailed
    from producers.forwarding import forward, told_skew
    from producers.outbox import OutboxFailed
    from producers.publisher import Publisher

    shell = shell_of(context)
    settings = shell.reaching(directory, kafka=True)
    opened = _open(box)
    try:
        with Publisher(",".join(settings.kafka_or_fail()), on_wait=shell.say) as publisher:
            sent = 0
            while some := forward(opened, publisher, shell.clock):
                sent += some
        standing = opened.standing()
    except (PublishingFailed, OutboxFailed) as error:
        left = _left(opened)
        msg = f"{error}; {left}"
        raise Failure(msg) from None
    finally:
        opened.close()
    sys.stdout.write(f"{sent} records sent, {standing.waiting} wait\n")
    sys.stdout.flush()
    if standing.refused:
        shell.say(f"the broker never takes {standing.refused} records: they are larger than it allows")
    if standing.skew is not None and sent:
        shell.say(told_skew(standing.skew))


@outbox.command("status")
def status(context: typer.Context, box: FileArgument, form: FormatOption = Format.TABLE) -> None:
    """What waits and since when, numbers of devices that are missing, and how far this clock is from the broker's."""
    from producers.forwarding import told_skew

    if not box.is_file():
        msg = f"there is no outbox {box}: `lintas outbox add`, or a gateway with --outbox, makes one"
        raise Failure(msg)
    shell, opened = shell_of(context), _open(box)
    try:
        standing, gaps = opened.standing(), opened.gaps()
    finally:
        opened.close()
    rows = [
        {
            "device": one.name,
            "first": one.first,
            "last": one.last,
            "missing": one.missing,
            "gaps": [f"{a}-{b}" for name, a, b in gaps if name == one.name][:SHOWN_GAPS],
        }
        for one in standing.devices
    ]
    skew = standing.skew
    if form is Format.JSON:
        oldest = standing.oldest_at.isoformat() if standing.oldest_at else None
        head = {"waiting": standing.waiting, "sent": standing.sent, "refused": standing.refused, "oldest_at": oldest}
        sys.stdout.write(json_line({"kind": "outbox", **head, "skew_seconds": skew.seconds if skew else None}))
        for row in rows:
            sys.stdout.write(json_line({"kind": "device", **row}))
        return
    if form is Format.TABLE:
        since = f", the oldest since {standing.oldest_at:%Y-%m-%d %H:%M:%S} UTC" if standing.oldest_at else ""
        sys.stdout.write(f"{standing.waiting} records wait{since}; {standing.sent} are sent\n")
        sys.stdout.flush()
    show(rows, _DEVICES, form, empty="no crossing has a number of its device")
    if skew is not None:
        shell.say(f"{told_skew(skew)}, measured at {skew.measured_at:%Y-%m-%d %H:%M:%S} UTC")


def _open(box: Path, device: str | None = None) -> Outbox:
    from producers.outbox import Outbox, OutboxFailed

    try:
        return Outbox(box, device)
    except OutboxFailed as error:
        raise Failure(str(error)) from None


def _left(opened: Outbox) -> str:
    from producers.outbox import OutboxFailed

    try:
        return f"{opened.standing().waiting} records wait in the outbox"
    except OutboxFailed:
        return "what waits stays in the outbox"
