"""Commands of whoever keeps a linkage key: key new, key show."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from lintas.failing import Failure, Misuse

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The key file.")]


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(no_args_is_help=True, help="Make and compare linkage keys; see docs/keys.md.")
    group.command("new")(new)
    group.command("show")(show)
    app.add_typer(group, name="key")


def new(
    file: FileArgument,
    kid: Annotated[str, typer.Option("--id", help="Names the key on every record, such as 2027-a; never used twice.")],
) -> None:
    """Make a linkage key in a new file that only its owner can read; a file that is there already stays."""
    from lintas.keys import fingerprint, new_key, read_key
    from schemas.identity import KeyFileError

    try:
        made = new_key(file, kid)
    except KeyFileError as error:
        msg = f"--id cannot be used: {error}"
        raise Misuse(msg) from None
    if not made:
        msg = f"{file} is there already and stays as it is: choose another name"
        raise Failure(msg)
    sys.stdout.write(f"{kid} {fingerprint(read_key(file))}\n")


def show(file: FileArgument) -> None:
    """Say a key's id and fingerprint, which two holders compare by telephone; never its secret."""
    from lintas.keys import fingerprint, is_private, read_key

    key = read_key(file)
    sys.stdout.write(f"{key.kid} {fingerprint(key)}\n")
    if not is_private(file):
        msg = f"{file} can be read by others: chmod 600 {file}"
        raise Failure(msg)
