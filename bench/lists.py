"""What reading a passenger list costs beside a CSV file of the same crossings: `python -m bench.lists [PEOPLE]`."""

from __future__ import annotations

import csv
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from producers.columns import CROSSINGS
from producers.list_people import COLUMNS
from producers.opening import open_table
from producers.publication import publish_file
from producers.rows import Row
from schemas.identity import LinkageKey

KEY = LinkageKey("bench", b"a bench key of thirty-two bytes.")
PEOPLE = 20_000
ROUNDS = 3
A_MESSAGE = 400
VOYAGE = "BGM+745'TDT+20+KML42+1'LOC+125+IDNNX'DTM+189:2611030930:201'LOC+87+MYTWU'DTM+232:2611031130:201'"
LETTERS = "BCDFGKLMNPRST"


def say(text: str) -> None:
    """A line on standard output."""
    sys.stdout.write(text + "\n")


def name_of(number: int) -> tuple[str, str]:
    """A surname and a given name, another for every number below 13**4 squared."""
    syllables = [f"{LETTERS[number // 13**i % 13]}{'AIUEO'[number // 7**i % 5]}" for i in range(6)]
    return "".join(syllables[:3]), "".join(syllables[3:])


def segments_of(number: int) -> str:
    """One person as carriers write them."""
    surname, given = name_of(number)
    born = date(1950, 1, 1) + timedelta(days=number * 7 % 20_000)
    return (
        f"NAD+FL+++{surname}:{given}'ATT+2++{'FM'[number % 2]}'DTM+329:{born:%y%m%d}'LOC+178+IDNNX'LOC+179+MYTWU'"
        f"NAT+2+IDN'RFF+AVF:B{number // 3}'DOC+P:110:111+X{number:07}'DTM+36:300101'LOC+91+IDN'"
    )


def write_list(path: Path, people: int) -> None:
    """One interchange of messages as long as a ferry's."""
    with path.open("w", encoding="ascii") as file:
        file.write("UNA:+.? 'UNB+UNOA:4+A+B+261103:0500+1'")
        for start in range(0, people, A_MESSAGE):
            body = "".join(segments_of(n) for n in range(start, min(people, start + A_MESSAGE)))
            file.write(f"UNH+{start}+PAXLST:D:02B:UN:IATA'{VOYAGE}{body}UNT+1+{start}'")
        file.write("UNZ+1+1'")


def write_csv(path: Path, source: Path) -> None:
    """The same crossings as CSV."""
    with open_table(source, CROSSINGS) as table, path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(row.original for row in table.rows)


def read(path: Path) -> int:
    """Read every row and do nothing with it."""
    with open_table(path, CROSSINGS) as table:
        return sum(isinstance(row, Row) for row in table.rows)


def publish_dry(path: Path) -> int:
    """Everything that publishing does but for sending."""
    result = publish_file(
        path, CROSSINGS, province=None, key=KEY, clock=lambda: datetime(2026, 11, 3, tzinfo=UTC), publisher=None
    )
    return result.accepted


def rate(work: Callable[[Path], int], path: Path, people: int) -> float:
    """People a second of processor time, the best round."""
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        if work(path) != people:
            message = f"{path.name} did not give {people} rows"
            raise SystemExit(message)
        best = min(best, time.process_time() - begun)
    return people / best


def main(people: int) -> None:
    """Measure both, side by side."""
    with tempfile.TemporaryDirectory() as folder:
        edi, comma = Path(folder) / "list.edi", Path(folder) / "list.csv"
        write_list(edi, people)
        write_csv(comma, edi)
        sizes = [path.stat().st_size / people for path in (edi, comma)]
        say(f"{people} people; bytes a person: PAXLST {sizes[0]:.0f}, CSV {sizes[1]:.0f}")
        say(f"{'':24}{'PAXLST':>10}{'CSV':>10}{'ratio':>8}")
        for name, work in (("read", read), ("read and pseudonymise", publish_dry)):
            ours, theirs = rate(work, edi, people), rate(work, comma, people)
            say(f"{name:24}{ours:>8.0f}/s{theirs:>8.0f}/s{ours / theirs:>8.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE)
