"""Writes the rows that were refused beside the partner's file, for its owner's eyes only."""

from __future__ import annotations

import csv
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from producers.rows import Row, Unreadable
from schemas.errors import RecordRejected


def refused_path(path: Path) -> Path:
    """Where the refused rows of a file go."""
    return path.with_name(path.name + ".refused.csv")


class RefusedFile:
    """Grows beside the file and appears, whole, when it is finished; none appears where nothing is refused."""

    def __init__(self, path: Path, header: tuple[str, ...]) -> None:
        self._path = refused_path(path)
        self._header = header
        self._part: Path | None = None
        self._file: Any = None
        self._writer: Any = None

    def add(self, found: Row | Unreadable, refusal: RecordRejected) -> None:
        """Write one row as it came, behind its line and what is wrong with it.

        Raises:
            OSError: the file cannot be written.
        """
        if self._writer is None:
            self._open()
        original = found.original or ("",) * len(self._header)
        raw = found.raw if isinstance(found, Unreadable) else ""
        self._writer.writerow((found.line, refusal.reason.value, str(refusal), *original, raw))

    def finish(self) -> Path | None:
        """Put the file in its place and say where; what an earlier run left is replaced or removed."""
        if self._file is None:
            self._path.unlink(missing_ok=True)
            return None
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        assert self._part is not None
        self._part.replace(self._path)
        self._part = None
        return self._path

    def discard(self) -> None:
        """Leave nothing half written behind."""
        if self._part is not None:
            self._file.close()
            with suppress(OSError):
                self._part.unlink()
            self._part = None

    def _open(self) -> None:
        # mkstemp gives mode 0600: the rows hold raw identities
        number, name = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)
        self._part = Path(name)
        self._file = open(number, "w", encoding="utf-8", errors="backslashreplace", newline="")  # noqa: SIM115
        self._writer = csv.writer(self._file)
        self._writer.writerow(("line", "reason", "message", *self._header, "raw"))
