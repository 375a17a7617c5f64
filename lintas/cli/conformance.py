"""The command `conformance`: a partner's self-test, pass or fail line by line."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lintas.cli.publishing import Kind
from lintas.cli.shell import Shell, shell_of
from lintas.failing import Failure, Misuse

if TYPE_CHECKING:
    from lintas.conforming import Check

SOME_FAILED = 3


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(conformance)


def conformance(
    context: typer.Context,
    url: Annotated[str | None, typer.Option(metavar="URL", help="A gateway, such as https://gateway:8447.")] = None,
    file: Annotated[Path | None, typer.Option(help="CSV, JSONL or XLSX as for `lintas publish`.")] = None,
    kind: Annotated[Kind, typer.Option(help="What the file holds.")] = Kind.CROSSINGS,
    key_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --url: the key that its operator has given.")
    ] = None,
    checkpoint: Annotated[
        str | None, typer.Option(metavar="ID", help="With --url: a checkpoint that the key covers.")
    ] = None,
    ca: Annotated[
        Path | None, typer.Option(metavar="PEM", help="With --url: the authority of the gateway's certificate.")
    ] = None,
) -> None:
    """Test your own system: each line of a file, or the connection to a gateway; publishes nothing.

    Exit code 0: all pass; 3: some fail.
    """
    shell = shell_of(context)
    if (url is None) == (file is None):
        msg = "say what to test: --url URL or --file FILE"
        raise Misuse(msg)
    passed = failed = 0
    for check in _of_file(shell, file, kind) if file else _of_url(shell, url or "", key_file, checkpoint, ca):
        passed, failed = passed + check.passed, failed + (not check.passed)
        sys.stdout.write(f"pass  {check.claim}\n" if check.passed else f"FAIL  {check.claim}: {check.why_not}\n")
    sys.stdout.write(f"{passed} pass, {failed} fail\n")
    sys.stdout.flush()
    if failed:
        raise typer.Exit(SOME_FAILED)


def _of_file(shell: Shell, file: Path, kind: Kind) -> Iterator[Check]:
    from lintas.conforming import check_file
    from producers.columns import KINDS
    from producers.rows import UnreadableFile

    if not file.is_file():
        msg = f"there is no file {file}"
        raise Misuse(msg)
    try:
        yield from check_file(file, KINDS[kind.value], shell.clock)
    except UnreadableFile as error:
        msg = f"{file.name}: {error}"
        raise Failure(msg) from None


def _of_url(shell: Shell, url: str, key_file: Path | None, checkpoint: str | None, ca: Path | None) -> Iterator[Check]:
    from lintas.conforming import Connection

    if not url.startswith(("http://", "https://")) or key_file is None or checkpoint is None:
        msg = "--url is http:// or https://, and needs --key-file FILE and --checkpoint ID"
        raise Misuse(msg)
    try:
        key = key_file.read_text(encoding="utf-8").strip()
        tls = ssl.create_default_context(cafile=ca)
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{key_file} or {ca} cannot be read ({type(error).__name__})"
        raise Misuse(msg) from None
    try:
        yield from Connection(url=url.rstrip("/"), key=key, checkpoint=checkpoint, tls=tls).check(shell.clock)
    except (OSError, ValueError) as error:
        msg = f"{url} does not answer ({type(error).__name__}): check the address, the line and the certificate"
        raise Failure(msg) from None
