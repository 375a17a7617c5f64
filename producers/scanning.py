"""From a document reader's lines to crossings, one at a time: every zone is published at once or refused at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from producers.columns import CROSSINGS
from producers.connecting import PublishingFailed
from producers.crossings import MRZ_REPAIRED
from producers.outcome import Publication
from producers.publication import Clock, Run
from producers.publisher import Publisher
from producers.refused_file import RefusedFile
from producers.rows import Row, Table, Unreadable
from schemas import reference
from schemas.errors import Reason, RecordRejected
from schemas.identity import LinkageKey, MachineReadable
from schemas.identity.mrz import MrzProblem
from schemas.identity.mrz_repair import read_or_repair

MAX_LINE_BYTES: Final = 1000
AGAIN: Final = timedelta(seconds=10)
"""A reader gives the same document twice when it lies too long."""
_ENDS = re.compile(rb"[\r\n\x02\x03]+")
_LINES_OF: Final = {30: 3, 36: 2, 44: 2}
"""How many lines a zone has, by their length."""
_MANY_DIGITS, _SOME_DIGITS = 6, 3
_PROBLEMS: Final[dict[str, str]] = {
    MrzProblem.LENGTH: "it needs 2 lines of 44 or 36 characters, or 3 of 30",
    MrzProblem.CHARACTERS: "it may have A to Z, 0 to 9 and < only",
}


class _Unkept(RefusedFile):
    """A refused scan is not kept: the document is in the officer's hand."""

    def __init__(self) -> None:
        super().__init__(Path("scan"), ())

    def add(self, found: Row | Unreadable, refusal: RecordRejected) -> None:
        """Keep nothing."""

    def finish(self) -> Path | None:
        """There is no file."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What became of one document."""

    number: int
    """From 1."""
    refusal: RecordRejected | None = None
    repaired: bool = False
    repeated: bool = False
    """It was read already, seconds before: not published again."""


@dataclass(slots=True, kw_only=True)
class Desk:
    """One reader at one checkpoint, and what all its scans have in common."""

    checkpoint_id: str
    cells: dict[str, str]
    """Direction, device and the like, under the names of a crossings file."""
    key: LinkageKey
    clock: Clock
    publisher: Publisher | None
    _last: dict[str, datetime] = field(default_factory=dict, repr=False)
    _count: int = 0

    def scan(self, lines: Iterable[str], on_scan: Callable[[Scan], None]) -> Publication:
        """Publish every zone as soon as it is whole, and tell what became of it once Kafka has it."""
        result = Publication(path=Path("scan"), kind=CROSSINGS.name, dry_run=self.publisher is None)
        home = reference.province_of(self.checkpoint_id)
        table = Table(header=CROSSINGS.columns, rows=iter(()))
        run = Run(
            table=table, kind=CROSSINGS, province=home, home=home, key=self.key, clock=self.clock,
            publisher=self.publisher, result=result, refused=_Unkept(), jobs=1,
        )  # fmt: skip
        before = self.publisher.acknowledged if self.publisher else 0
        try:
            run.check_topics()
            for text in zones(lines):
                self._count += 1
                on_scan(self._one(text, run))
        except PublishingFailed as error:
            result.failure = str(error)
        finally:
            run.close_books(before)
        return result

    def _one(self, text: str, run: Run) -> Scan:
        now = self.clock()
        read = read_or_repair(text, now.date())
        if read.fits and self._is_again(read.text, now):
            return Scan(number=self._count, repeated=True)
        if not read.fits:
            refusal = RecordRejected(Reason.BAD_MRZ, _why(read.zone), field="mrz")
            row: Row | Unreadable = Unreadable(line=self._count, refusal=refusal, raw=text)
        else:
            cells = {
                "checkpoint_id": self.checkpoint_id,
                "occurred_at": now.isoformat(),
                "mrz": read.text,
                **self.cells,
            }
            warnings = (MRZ_REPAIRED,) if read.repaired else ()
            row = Row(line=self._count, cells=cells, original=(), warnings=warnings)
        refused = run.take(row)
        if run.publisher:
            run.publisher.flush()
        return Scan(number=self._count, refusal=refused, repaired=read.repaired and refused is None)

    def _is_again(self, text: str, now: datetime) -> bool:
        self._last = {zone: at for zone, at in self._last.items() if now - at < AGAIN}
        again = text in self._last
        self._last[text] = now
        return again


def _why(zone: MachineReadable) -> str:
    if zone.problem:
        return f"the zone cannot be read: {_PROBLEMS.get(zone.problem, zone.problem)}"
    failed = ", ".join(sorted(part for part, fits in zone.checks.items() if not fits))
    return f"wrong check digit of {failed}" if failed else "a date has letters, or the number is empty"


def live_lines(stream: BinaryIO) -> Iterator[str]:
    """The lines of a reader as they come, whatever ends them."""
    rest = b""
    read = getattr(stream, "read1", stream.read)
    while chunk := read(4096):
        *whole, rest = _ENDS.split(rest + chunk)
        for line in whole:
            yield _text(line)
        rest = rest[: MAX_LINE_BYTES + 1]
    if rest:
        yield _text(rest)


def _text(line: bytes) -> str:
    return line[:MAX_LINE_BYTES].decode("ascii", "replace").strip().upper()


def zones(lines: Iterable[str]) -> Iterator[str]:
    """Lines put together to zones; what makes none comes alone, to be refused."""
    held: list[str] = []
    for line in lines:
        line = "".join(line.split())
        if not line:
            continue
        wanted = _LINES_OF.get(len(line))
        if held and (wanted is None or len(held[0]) != len(line) or _begins(line)):
            yield "\n".join(held)
            held = []
        if wanted is None:
            yield line
            continue
        held.append(line)
        if len(held) == wanted:
            yield "\n".join(held)
            held = []
    if held:
        yield "\n".join(held)


def _begins(line: str) -> bool:
    """Whether a line is the first of a zone, so that one before it was lost.

    In two lines the first has the name and the second the numbers; in three the first begins with the kind of document
    and has its number, the second begins with a date and the third has the name.
    """
    digits = sum(c.isdigit() for c in line)
    if _LINES_OF[len(line)] == 2:
        return digits < _MANY_DIGITS
    return line[0] in "AIC" and digits >= _SOME_DIGITS
