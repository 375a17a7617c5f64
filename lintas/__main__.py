"""The command `lintas`: the only place that reads the environment and the clock, and the end of every error."""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime
from typing import TextIO

from lintas.cli.boundary import run
from lintas.cli.shell import Shell


def main() -> None:
    """Run one command and exit with its code."""
    logging.getLogger().addHandler(logging.NullHandler())  # what libraries log is for services; a command says one line
    for stream in (sys.stdout, sys.stderr):
        _speak_utf8(stream)
    sys.exit(run(sys.argv[1:], Shell(env=dict(os.environ), clock=lambda: datetime.now(UTC))))


def _speak_utf8(stream: TextIO) -> None:
    """Whatever the locale says: what other programs read is UTF-8."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="backslashreplace")


if __name__ == "__main__":
    main()
