"""Laws of the readers: no bytes break them, no row is lost, and a line number is where the row stands."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from producers.columns import CROSSINGS, KINDS, FileKind
from producers.csv_rows import csv_table
from producers.jsonl_rows import jsonl_table
from producers.opening import open_table
from producers.physical_lines import physical_lines
from producers.rows import Row, Unreadable, UnreadableFile

NAMES = ("checkpoint_id", "occurred_at", "direction", "name", "mrz")
HEADER = ",".join(NAMES)
TEXT = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0\r\n"), max_size=12)


def read(data: bytes, suffix: str, kind: FileKind = CROSSINGS) -> list[Row | Unreadable]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"file{suffix}"
        path.write_bytes(data)
        with open_table(path, kind) as table:
            return list(table.rows)


@given(st.binary(max_size=600), st.sampled_from([".csv", ".jsonl", ".xlsx", ".dat"]), st.sampled_from([*KINDS]))
def test_any_bytes_are_rows_or_refusals_or_one_clear_error(data: bytes, suffix: str, kind: str) -> None:
    said = ""
    try:
        read(data, suffix, KINDS[kind])
    except UnreadableFile as error:
        said = str(error)
    assert "\n" not in said


@given(st.lists(st.binary(max_size=60)))
def test_any_bytes_below_a_header_give_no_more_rows_than_lines_and_rising_line_numbers(lines: list[bytes]) -> None:
    body = b"\n".join(lines)
    found = read(HEADER.encode() + b"\n" + body, ".csv")
    numbers = [one.line for one in found]
    assert numbers == sorted(set(numbers))
    physical = {n for n, line in enumerate((HEADER.encode() + b"\n" + body).splitlines(), 1) if line.strip() and n > 1}
    assert set(numbers) <= physical


@given(st.lists(st.binary(max_size=80)))
def test_every_filled_line_of_jsonl_is_a_row_or_a_refusal(lines: list[bytes]) -> None:
    data = b"\n".join([b"{}", *lines])
    found = read(data, ".jsonl")
    expected = [n for n, line in enumerate(data.splitlines(), 1) if line.strip()]
    assert [one.line for one in found] == expected


@given(
    st.lists(st.lists(TEXT, min_size=5, max_size=5).filter(lambda row: any(c.strip() for c in row)), max_size=8),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
def test_what_a_csv_writer_writes_is_read_back(rows: list[list[str]], delimiter: str, end: str, marked: bool) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([NAMES, *rows])
    data = (b"\xef\xbb\xbf" if marked else b"") + out.getvalue().encode()
    found = list(csv_table(io.BytesIO(data), CROSSINGS).rows)
    assert [one.original for one in found] == [tuple(row) for row in rows]
    assert [one.line for one in found] == list(range(2, len(rows) + 2))


@given(st.lists(st.sampled_from(["good", "open quote", "bytes", "short"]), max_size=30))
def test_one_bad_line_is_one_refusal_and_its_neighbours_are_read(kinds: list[str]) -> None:
    lines = {
        "good": b'ID-21-BTC,t,out,"SERAN, MARIA",',
        "open quote": b'ID-21-BTC,t,out,"MARIA,',
        "bytes": b"ID-21-BTC,t,out,\xff\xfe,",
        "short": b"ID-21-BTC,t",
    }
    data = b"\n".join([HEADER.encode(), *(lines[kind] for kind in kinds)])
    found = list(csv_table(io.BytesIO(data), CROSSINGS).rows)
    assert [one.line for one in found] == list(range(2, len(kinds) + 2))
    assert [isinstance(one, Row) for one in found] == [kind == "good" for kind in kinds]


@given(st.lists(st.dictionaries(st.sampled_from(NAMES), TEXT), min_size=1, max_size=8))
def test_what_a_json_writer_writes_is_read_back(rows: list[dict[str, str]]) -> None:
    data = "\n".join(json.dumps(row) for row in rows).encode()
    found = list(jsonl_table(io.BytesIO(data), CROSSINGS).rows)
    assert [one.cells for one in found if isinstance(one, Row)] == [
        {name: value.strip() for name, value in row.items() if value.strip()} for row in rows
    ]


@given(st.binary(max_size=300), st.integers(min_value=1, max_value=7))
def test_lines_do_not_depend_on_how_the_disk_hands_them_out(data: bytes, size: int) -> None:
    class Trickling(io.BytesIO):
        def read(self, _: int | None = -1, /) -> bytes:
            return super().read(size)

    try:
        whole = [(line.number, line.data) for line in physical_lines(io.BytesIO(data))]
    except UnreadableFile:
        return
    try:
        assert [(line.number, line.data) for line in physical_lines(Trickling(data))] == whole
    except UnreadableFile:
        return
