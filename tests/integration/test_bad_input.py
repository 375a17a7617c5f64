"""Whatever stands in a partner's file or in a topic: it is refused by line and reason, and the rest goes on."""

from __future__ import annotations

import csv
import json
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from producers.columns import KINDS
from schemas.reference import province_of
from tests.integration.known import BATAM, ENTIKONG, NUNUKAN, Cells, Traveller, crossing, write
from tests.integration.stacked import Row, Stack, assert_balanced, difference

pytestmark = pytest.mark.stack
SEED = 7
ROWS = 10_000
BROKEN = 700
COLUMNS = KINDS["crossings"].columns
PLACES = (BATAM, ENTIKONG, NUNUKAN)


def cells_of(event_id: str, number: int) -> Cells:
    """A good row: a foreign tourist, each with a birth date of her own."""
    place = PLACES[number % 3]
    zone = "+08:00" if place == NUNUKAN else "+07:00"
    return {
        "event_id": event_id,
        "checkpoint_id": place,
        "occurred_at": f"2026-03-02T{number % 24:02}:{number % 60:02}:00{zone}",
        "direction": "out",
        "document_type": "passport",
        "document_number": f"XX6{number:06}",
        "name": f"VISITOR {_letters(number)}",
        "birth_date": str(date(1960, 1, 1) + timedelta(days=number)),
        "nationality": "KOR",
        "purpose": "tourism",
    }


def _letters(number: int) -> str:
    return "".join(chr(65 + int(digit)) for digit in str(number))


def line_of(cells: Cells) -> bytes:
    values = [str(cells.get(column, "")) for column in COLUMNS]
    assert not any(set(value) & set(',"\n\r') for value in values)
    return ",".join(values).encode()


@dataclass(frozen=True, slots=True)
class Break:
    """A way to break a row: the reason it must be refused for, and what its line becomes."""

    name: str
    reason: str
    line: Callable[[Cells], bytes]


def changed(**changes: Any) -> Callable[[Cells], bytes]:
    return lambda cells: line_of(cells | changes)


BREAKS = (
    Break("no checkpoint", "missing_field", changed(checkpoint_id="")),
    Break("no time", "missing_field", changed(occurred_at="")),
    Break("no direction", "missing_field", changed(direction="")),
    Break("a checkpoint that is none", "unknown_checkpoint", changed(checkpoint_id="ID-99-XYZ")),
    Break("a time without offset", "naive_time", changed(occurred_at="2026-03-02T09:30:00")),
    Break("a time of a spreadsheet", "bad_time", changed(occurred_at="02/03/2026 09:30")),
    Break("a time that is a day", "bad_time", changed(occurred_at="2026-03-02")),
    Break("an hour that is none", "bad_time", changed(occurred_at="2026-03-02T25:00:00+07:00")),
    Break("a time before there was data", "out_of_range", changed(occurred_at="1970-01-01T00:00:00+00:00")),
    Break("a date of a spreadsheet", "bad_date", changed(birth_date="17/05/1998")),
    Break("a date as Excel counts", "bad_date", changed(birth_date="35932")),
    Break("a day that is none", "bad_date", changed(birth_date="2001-02-30")),
    Break("born before there were passports", "out_of_range", changed(birth_date="1200-01-01")),
    Break("a direction that is none", "unknown_value", changed(direction="sideways")),
    Break("a nationality that is none", "unknown_value", changed(nationality="QQ9")),
    Break("a destination that is none", "unknown_value", changed(destination_country="Q9")),
    Break("a negative number", "wrong_type", changed(sequence="-3")),
    Break("NaN", "wrong_type", changed(sequence="NaN")),
    Break("a number without end", "out_of_range", changed(sequence="99999999999999999999")),
    Break("a name without end", "too_long", changed(name="A" * 300)),
    Break("a bell in the name", "control_character", changed(name="RING\x07RING")),
    Break("a zero byte", "control_character", lambda c: line_of(c).replace(b"VISITOR", b"VIS\0TOR")),
    Break("nobody", "no_identity", changed(name="", document_number="")),
    Break("a NIK as id", "raw_identity", changed(event_id="E-5399995705989001")),
    Break("an address as id", "raw_identity", changed(event_id="someone@example.org")),
    Break("Latin-1", "not_utf8", lambda c: line_of(c).replace(b"VISITOR", b"VISIT\xc9R")),
    Break("UTF-8 cut short", "not_utf8", lambda c: line_of(c) + "é".encode()[:1]),
    Break("bytes of another program", "not_utf8", lambda c: bytes([0x7F, 0x45, 0x4C, 0x46, 0xFE, 0xFF, 0x80, 1])),
    Break("too few cells", "wrong_cell_count", lambda c: line_of(c).rsplit(b",", 3)[0] + b",cleared"),
    Break("too many cells", "wrong_cell_count", lambda c: line_of(c) + b",more"),
    Break("another delimiter", "wrong_cell_count", lambda c: line_of(c).replace(b",", b";")),
    Break("a quote that does not close", "unreadable_row", lambda c: line_of(c).replace(b"VISITOR", b'"VISITOR')),
    Break("a quote inside", "unreadable_row", lambda c: line_of(c).replace(b",KOR,", b',"KO"R,')),
)


def refused_rows(file: Path) -> list[tuple[int, str]]:
    with file.with_name(file.name + ".refused.csv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    assert list(rows[0])[:3] == ["line", "reason", "message"]
    assert all(row["message"] for row in rows)
    return [(int(row["line"]), row["reason"]) for row in rows]


def new_refusals(stack: Stack, before: list[Row]) -> list[Row]:
    """What `rejected` lists now and did not before."""
    counts = Counter(json.dumps(row, sort_keys=True) for row in _rejected(stack))
    counts.subtract(json.dumps(row, sort_keys=True) for row in before)
    assert min(counts.values()) >= 0, "a refusal vanished"
    return [json.loads(row) for row in counts.elements()]


def _rejected(stack: Stack, *options: str) -> list[Row]:
    return stack.run("rejected", "--format", "json", *options).rows


def test_seven_percent_of_broken_rows_are_refused_by_line_and_reason_and_the_others_arrive(
    stack: Stack, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    broken = dict.fromkeys(sorted(chance.sample(range(ROWS), BROKEN)))
    file = tmp_path / "crossings.csv"
    expected: list[tuple[int, str]] = []
    owners: Counter[str] = Counter()
    good: Counter[str] = Counter()
    nth = 0
    with file.open("wb") as target:
        target.write(",".join(COLUMNS).encode() + b"\n")
        for number in range(ROWS):
            cells, line = cells_of(f"bad-{number}", number), number + 2
            home = str(province_of(cells["checkpoint_id"]))
            if number not in broken:
                good[home] += 1
                target.write(line_of(cells) + b"\n")
                continue
            way = BREAKS[nth % len(BREAKS)] if nth else Break("five megabytes", "too_large", _five_megabytes)
            nth += 1
            target.write(way.line(cells) + b"\n")
            expected.append((line, way.reason))
            owners[_owner(way, home)] += 1
    before, accounts = _rejected(stack), stack.accounting()
    told = stack.publish("crossings", file, expect=3)
    assert f"{ROWS - BROKEN} of {ROWS} rows published" in told.out
    counted = {reason: int(count) for count, reason in re.findall(r"refused (\d+) (\w+)", told.out)}
    assert counted == Counter(reason for _, reason in expected)
    assert refused_rows(file) == expected
    stack.wait()
    new = new_refusals(stack, before)
    assert sorted((row["line"], row["reason"]) for row in new) == expected
    assert {row["stage"] for row in new} == {"publisher"}
    assert len(stack.flags("bad-")) == ROWS - BROKEN
    after = stack.accounting()
    assert_balanced(after)
    assert difference(accounts, after) == {
        home: {"published": good[home] + owners[home], "assessed": good[home], "rejected": owners[home], "duplicate": 0}
        for home in good
    }


def _five_megabytes(cells: Cells) -> bytes:
    return line_of(cells).replace(b"VISITOR", b"V" * 5_000_000)


def _owner(way: Break, home: str) -> str:
    """Lines that name no checkpoint that can be read are the file's own province's."""
    split = ("not_utf8", "wrong_cell_count", "unreadable_row", "too_large", "unknown_checkpoint")
    unplaced = way.reason in split or way.name in ("no checkpoint", "a zero byte")
    return "kepri" if unplaced else home


def test_crossings_of_another_province_are_refused_where_the_province_is_named(stack: Stack, tmp_path: Path) -> None:
    rows = [cells_of(f"place-{number}", number) for number in range(3)]
    file = write(tmp_path / "crossings.csv", "crossings", rows)
    accounts = stack.accounting()
    stack.publish("crossings", file, "--province", "kalbar", expect=3)
    assert refused_rows(file) == [(2, "wrong_province"), (4, "wrong_province")]
    stack.wait()
    assert stack.flags("place-").keys() == {"place-1"}
    after = stack.accounting()
    assert difference(accounts, after) == {"kalbar": {"published": 3, "assessed": 1, "rejected": 2, "duplicate": 0}}


def test_broken_lines_of_json_are_refused_one_by_one(stack: Stack, tmp_path: Path) -> None:
    def good(number: int) -> bytes:
        return json.dumps(cells_of(f"json-{number}", number)).encode()

    lines: list[tuple[bytes, str | None]] = [
        (good(0), None),
        (good(1)[:-1], "not_json"),
        (b'{"event_id": "json-2", "event_id": "json-2b"}', "duplicate_key"),
        (good(3)[:-1] + b', "sequence": NaN}', "not_finite"),
        (good(4)[:-1] + b', "sequence": -Infinity}', "not_finite"),
        (good(5)[:-1] + b', "sequence": [1]}', "wrong_type"),
        (b"[1, 2, 3]", "not_an_object"),
        (b'"a text"', "not_an_object"),
        (good(8).replace(b"VISITOR", b"\xff\xfe"), "not_utf8"),
        (good(9).replace(b"VISITOR", b"\\ud800"), "not_utf8"),
        (b"", None),
        (b"[" * 100_000, "not_json"),
        (good(12).replace(b"VISITOR", b"V" * 5_000_000), "too_large"),
        (good(13)[:-1] + b', "colour": "red"}', None),
        (good(14)[:-1] + b', "sequence": 1e999}', "wrong_type"),
        (good(15), None),
    ]
    file = tmp_path / "crossings.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(line for line, _ in lines))
    told = stack.publish("crossings", file, expect=3)
    assert refused_rows(file) == [(n, reason) for n, (_, reason) in enumerate(lines, 1) if reason]
    assert "3 of 15 rows published" in told.out
    assert "unknown_column:colour" in told.out
    stack.wait()
    assert stack.flags("json-").keys() == {"json-0", "json-13", "json-15"}
    assert_balanced(stack.accounting())


def test_cells_of_a_spreadsheet_are_dates_only_where_dates_belong(stack: Stack, tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(COLUMNS))
    rows: list[tuple[Cells, str | None]] = [
        (cells_of("xlsx-0", 0) | {"birth_date": date(1998, 5, 17)}, None),
        (cells_of("xlsx-1", 1) | {"occurred_at": datetime(2026, 3, 2, 9, 30)}, "naive_time"),  # noqa: DTZ001
        (cells_of("xlsx-2", 2) | {"birth_date": 35932}, "bad_date"),
        (cells_of("xlsx-3", 3) | {"birth_date": "17.5.1998"}, "bad_date"),
        (cells_of("xlsx-4", 4), None),
    ]
    for cells, _ in rows:
        sheet.append([cells.get(column) for column in COLUMNS])
    file = tmp_path / "crossings.xlsx"
    book.save(file)
    stack.publish("crossings", file, expect=3)
    assert refused_rows(file) == [(n, reason) for n, (_, reason) in enumerate(rows, 2) if reason]
    stack.wait()
    assert stack.flags("xlsx-").keys() == {"xlsx-0", "xlsx-4"}


HEADER = ",".join(COLUMNS).encode()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.csv", b"", "empty"),
        ("blank.csv", b"\n\n\n", "empty"),
        ("binary.csv", bytes(range(256)) * 20, "column|UTF-8"),
        ("old.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "xlsx"),
        ("broken.xlsx", b"PK\x03\x04" + b"\0" * 600, "."),
        ("other.csv", b"a,b,c\n1,2,3\n", "checkpoint_id"),
        ("twice.csv", HEADER + b",name\n", "more than once"),
        ("all-bad.csv", HEADER + b"\n" + b'"\n' * 3, "refused"),
    ],
)
def test_a_file_of_which_nothing_can_be_published_ends_with_one(
    stack: Stack, tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    accounts = stack.accounting()
    told = stack.publish("crossings", file, expect=1)
    assert re.search(says, told.err + told.out)
    assert "Traceback" not in told.err
    stack.wait()
    after = stack.accounting()
    assert_balanced(after)
    assert all(gain["assessed"] == 0 for gain in difference(accounts, after).values())


def test_a_byte_order_mark_other_delimiters_and_line_ends_do_no_harm(stack: Stack, tmp_path: Path) -> None:
    for number, (mark, delimiter, end) in enumerate(
        [(b"\xef\xbb\xbf", b";", b"\r\n"), (b"", b"\t", b"\n"), (b"sep=;\r\n", b";", b"\r\n"), (b"", b",", b"\r")]
    ):
        file = tmp_path / f"{number}.csv"
        rows = [HEADER, line_of(cells_of(f"form-{number}", number))]
        file.write_bytes(mark + b"".join(row.replace(b",", delimiter) + end for row in rows))
        stack.publish("crossings", file)
    stack.wait()
    assert len(stack.flags("form-")) == 4


def test_a_refused_file_that_was_mended_can_be_published(stack: Stack, tmp_path: Path) -> None:
    people = [Traveller(number=n, world=20, name="MELANIA ROHI") for n in range(2)]
    rows = [crossing("mend-0", people[0]), crossing("mend-1", people[1], direction="sideways")]
    file = write(tmp_path / "c.csv", "crossings", rows)
    stack.publish("crossings", file, expect=3)
    refused = tmp_path / "c.csv.refused.csv"
    mended = tmp_path / "mended.csv"
    mended.write_text(refused.read_text().replace("sideways", "out"))
    stack.publish("crossings", mended)
    assert not (tmp_path / "mended.csv.refused.csv").exists()
    stack.wait()
    assert stack.flags("mend-").keys() == {"mend-0", "mend-1"}
    assert_balanced(stack.accounting())
