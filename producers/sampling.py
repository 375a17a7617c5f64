"""The first rows of any list, under whatever names its columns have."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from producers.csv_rows import DELIMITERS
from producers.edifact import INTERCHANGE
from producers.opening import OLD_OFFICE, SNIFFED_BYTES, ZIP
from producers.physical_lines import physical_lines
from producers.recoding import as_utf8
from producers.rows import UnreadableFile
from producers.xlsx_rows import first_rows

SAMPLE_ROWS = 500
HEADER_ROWS = 20
_DATUM = re.compile(r"\d{5,}|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|<<|@")
"""What stands in rows and not in the names of columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A header and some rows below it; raw, so it stays in this process."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __repr__(self) -> str:
        return f"Sample({len(self.header)} columns, {len(self.rows)} rows)"

    def column(self, place: int) -> list[str]:
        """The filled cells of a column."""
        return [row[place] for row in self.rows if place < len(row) and row[place]]


def sample_of(path: Path, sheet: str | None = None) -> Sample:
    """Read the first rows of a list.

    Raises:
        UnreadableFile: it is no list of rows below a header.
    """
    try:
        with path.open("rb") as file:
            start = file.read(SNIFFED_BYTES)
            file.seek(0)
            if start.startswith(OLD_OFFICE):
                msg = "the file is an old or password-protected Excel file: save it as .xlsx without a password"
                raise UnreadableFile(msg)
            if INTERCHANGE.search(start):
                msg = "the file is a passenger list (PAXLST), which needs no mapping: publish it as it is"
                raise UnreadableFile(msg)
            if start.startswith(ZIP):
                return _below_header(first_rows(file, sheet, HEADER_ROWS + SAMPLE_ROWS))
            text, _ = as_utf8(file)
            lines = [
                line.data.decode(errors="replace")
                for line in islice(physical_lines(text), HEADER_ROWS + SAMPLE_ROWS)
                if not line.cut
            ]
    except OSError as error:
        msg = f"the file cannot be read: {error.strerror or type(error).__name__}"
        raise UnreadableFile(msg) from None
    filled = [line for line in lines if line.strip("\ufeff \t")]
    if filled and filled[0].lstrip("\ufeff ").startswith("{"):
        return _of_objects(filled)
    return _below_header(_split(filled))


def _of_objects(lines: list[str]) -> Sample:
    found: list[dict[str, object]] = []
    for line in lines:
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            found.append(value)
    names = tuple(dict.fromkeys(name for one in found for name in one))
    rows = (
        tuple("" if one.get(name) is None else str(one[name]).strip() for name in names)
        for one in found
        if not any(isinstance(value, (dict, list)) for value in one.values())
    )
    return _checked(Sample(header=names, rows=tuple(rows)))


def _split(lines: list[str]) -> list[list[str]]:
    """The cells of lines, by the delimiter that gives most lines the same number of cells above one."""
    best: list[list[str]] = []
    most = 0
    for delimiter in DELIMITERS:
        try:
            rows = [[c.strip() for c in row] for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True)]
        except csv.Error:
            continue
        widths = Counter(len(row) for row in rows if len(row) > 1)
        usual = widths.most_common(1)[0][1] if widths else 0
        if usual > most:
            best, most = rows, usual
    return best


def _below_header(rows: list[list[str]]) -> Sample:
    """The header is the first of the fullest rows near the top."""
    head = rows[:HEADER_ROWS]
    fullest = max((sum(map(bool, row)) for row in head), default=0)
    place = next((i for i, row in enumerate(head) if sum(map(bool, row)) >= max(2, 0.7 * fullest)), None)
    if place is None:
        msg = "no row of column names was found: the list needs one above its rows"
        raise UnreadableFile(msg)
    header = tuple(name.lstrip("\ufeff").strip() for name in rows[place])
    while header and not header[-1]:
        header = header[:-1]
    return _checked(Sample(header=header, rows=tuple(tuple(row) for row in rows[place + 1 :] if any(row))))


def _checked(sample: Sample) -> Sample:
    if any(_DATUM.search(name) for name in sample.header):
        msg = "the first full row has data, not the names of columns: put a row of names above it"
        raise UnreadableFile(msg)
    return sample
