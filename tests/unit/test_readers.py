"""Files as partners really write them: what is read, what is refused and on which line."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from producers.columns import CROSSINGS, HEARTBEATS, REPORTS, FileKind
from producers.opening import open_table
from producers.physical_lines import physical_lines
from producers.publication import Publication, publish_file
from producers.rows import Row, Unreadable
from schemas.errors import Reason
from schemas.identity import LinkageKey

KEY = LinkageKey("test", b"a test key of thirty-two bytes..")
HEADER = "checkpoint_id,occurred_at,direction,name,birth_date"
GOOD = "ID-21-BTC,2026-11-03T09:30:00+07:00,out,MARIA SERAN,1998-05-17"


def rows(path: Path, kind: FileKind = CROSSINGS) -> list[Row | Unreadable]:
    with open_table(path, kind) as table:
        return list(table.rows)


def file(tmp_path: Path, content: str | bytes, name: str = "crossings.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def dry(path: Path, kind: FileKind = CROSSINGS) -> Publication:
    return publish_file(
        path, kind, province=None, key=KEY, clock=lambda: datetime(2026, 11, 3, tzinfo=UTC), publisher=None
    )


def outcomes(path: Path, kind: FileKind = CROSSINGS) -> list[tuple[int, str]]:
    return [(one.line, "row" if isinstance(one, Row) else one.refusal.reason.value) for one in rows(path, kind)]


def test_header_names_may_stand_in_any_order_case_and_blanks(tmp_path: Path) -> None:
    path = file(tmp_path, " Name ;DIRECTION;Occurred At; checkpoint_id\nMARIA;out;t;ID-21-BTC\n")
    assert [one.cells for one in rows(path) if isinstance(one, Row)] == [
        {"name": "MARIA", "direction": "out", "occurred_at": "t", "checkpoint_id": "ID-21-BTC"}
    ]


def test_an_unclosed_quote_refuses_its_row_only(tmp_path: Path) -> None:
    bad = 'ID-21-BTC,2026-11-03T09:30:00+07:00,out,"MARIA SERAN,1998-05-17'
    path = file(tmp_path, "\n".join([HEADER, GOOD, bad, GOOD, bad, bad, "", GOOD]))
    assert outcomes(path) == [
        (2, "row"), (3, "unreadable_row"), (4, "row"), (5, "unreadable_row"), (6, "unreadable_row"), (8, "row"),
    ]  # fmt: skip


def test_an_unclosed_quote_in_the_last_row_refuses_it(tmp_path: Path) -> None:
    assert outcomes(file(tmp_path, f'{HEADER}\n{GOOD}\n{GOOD},"')) == [(2, "row"), (3, "unreadable_row")]


def test_a_quoted_cell_may_span_lines_and_the_row_stands_where_it_starts(tmp_path: Path) -> None:
    path = file(tmp_path, 'mrz,checkpoint_id,occurred_at,direction\n"P<IDN\nXX12",a,b,c\n"P<\nQ","a",b,c\nx,a,b,c\n')
    found = rows(path)
    assert [one.line for one in found] == [2, 4, 6]
    assert [one.cells["mrz"] for one in found if isinstance(one, Row)] == ["P<IDN\nXX12", "P<\nQ", "x"]


def test_blank_lines_are_skipped_but_counted(tmp_path: Path) -> None:
    assert outcomes(file(tmp_path, f"\n{HEADER}\r\n\r\n{GOOD}\r\n,,,,\r\n  \r\n{GOOD}")) == [(4, "row"), (7, "row")]


def test_wrong_cell_counts_are_refused_but_for_empty_cells_at_the_end(tmp_path: Path) -> None:
    path = file(tmp_path, f"{HEADER}\n{GOOD},,\n{GOOD},x\nID-21-BTC,t,out\nID-21-BTC,t,out,M,\nID-21-BTC,t,out,M\n")
    assert [reason for _, reason in outcomes(path)] == [
        "row", "wrong_cell_count", "wrong_cell_count", "row", "wrong_cell_count",
    ]  # fmt: skip


def test_bytes_that_are_no_text_refuse_their_line(tmp_path: Path) -> None:
    content = f"{HEADER}\n".encode() + b"\xff\xfe,x\n" + GOOD.encode() + b"\nA\0B,,,,\n" + GOOD.encode()
    assert outcomes(file(tmp_path, content)) == [
        (2, "not_utf8"), (3, "row"), (4, "control_character"), (5, "row"),
    ]  # fmt: skip


def test_a_line_of_five_megabytes_is_refused_and_the_next_is_read(tmp_path: Path) -> None:
    path = file(tmp_path, f"{HEADER}\n{'x' * 5_000_000}\r\n{GOOD}\r\n{'y' * 300_000}\n{GOOD}")
    assert outcomes(path) == [(2, "too_large"), (3, "row"), (4, "too_large"), (5, "row")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("MARIA SERAN,5399995705989001\nx,y\n", "no column `checkpoint_id`"),
        ("name,occurred_at,direction\nx,y,z\n", "no column `checkpoint_id`"),
        (HEADER + ",Name\n", "`name` more than once"),
        (b"\xd0\xcf\x11\xe0 old excel", "old or password-protected"),
    ],
)
def test_what_is_wrong_with_the_whole_file_is_said_without_its_values(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    result = dry(file(tmp_path, content))
    assert result.exit_code == 1
    assert said in result.failure
    assert "MARIA" not in result.failure
    assert "5399" not in result.failure


def test_a_header_alone_is_an_empty_list(tmp_path: Path) -> None:
    result = dry(file(tmp_path, HEADER + "\n"))
    assert (result.exit_code, result.read, result.failure) == (0, 0, "")


def test_an_unknown_column_is_a_warning_in_crossings(tmp_path: Path) -> None:
    result = dry(file(tmp_path, f"{HEADER},remarks\n{GOOD},hello\n"))
    assert (result.exit_code, dict(result.warnings)) == (0, {"unknown_column:remarks": 1})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("reports.csv", "case_id,reported_at,name,reporter_phone\nC1,2026-11-03T09:30:00+07:00,MARIA,0812345678\n"),
        (
            "reports.jsonl",
            '{"case_id": "C1", "reported_at": "2026-11-03T09:30:00+07:00", "name": "MARIA"}\n'
            '{"case_id": "C2", "reported_at": "2026-11-03T09:30:00+07:00", "name": "M", "reporter_phone": "0812"}\n',
        ),
    ],
)
def test_an_unknown_column_refuses_a_whole_reports_file(tmp_path: Path, name: str, content: str) -> None:
    result = dry(file(tmp_path, content, name), REPORTS)
    assert (result.exit_code, result.accepted) == (1, 0)
    assert "reporter_phone" in result.failure
    assert "0812" not in result.failure


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"source": "LTSA", "source": "BP3MI"}', Reason.DUPLICATE_KEY),
        ('{"source": "LTSA", "Source": "BP3MI"}', Reason.DUPLICATE_KEY),
        ('{"source": NaN}', Reason.NOT_FINITE),
        ('{"source": ["LTSA"]}', Reason.WRONG_TYPE),
        ('{"source": {"a": 1}}', Reason.WRONG_TYPE),
        ('["LTSA"]', Reason.NOT_AN_OBJECT),
        ('{"source": "LTSA"', Reason.NOT_JSON),
        ("[" * 100_000, Reason.NOT_JSON),
        ('{"source": "\\ud800"}', Reason.NOT_UTF8),
    ],
)
def test_a_bad_json_line_is_refused_with_its_reason(tmp_path: Path, line: str, reason: Reason) -> None:
    good = '{"source": "LTSA", "complete_up_to": 5}'
    path = file(tmp_path, f"\ufeff{good}\n\n{line}\n{good}", "beats.jsonl")
    assert outcomes(path, HEARTBEATS) == [(1, "row"), (3, reason.value), (4, "row")]


def sheet(tmp_path: Path, *lines: list[object]) -> Path:
    book = Workbook()
    assert book.active is not None
    for line in lines:
        book.active.append(line)
    path = tmp_path / "crossings.xlsx"
    book.save(path)
    return path


NAMES: list[object] = ["checkpoint_id", "occurred_at", "direction", "name", "birth_date", "nik"]


def test_a_sheet_is_read_below_its_title_with_dates_as_dates(tmp_path: Path) -> None:
    moment = "2026-11-03T09:30:00+07:00"
    path = sheet(
        tmp_path, ["Manifest of 3 November"], [], NAMES,
        ["ID-21-BTC", moment, "out", "MARIA", datetime(1998, 5, 17), "5399995705989001"],  # noqa: DTZ001 - Excel knows no zones
        [],
        ["ID-21-BTC", moment, "out", "MARIA", date(1998, 5, 17), 5399995705989001],
        ["ID-21-BTC", datetime(2026, 11, 3, 9, 30), "out", "MARIA", "1998-05-17"],  # noqa: DTZ001
        ["ID-21-BTC", moment, "out", "MARIA", "31/12/1998"],
    )  # fmt: skip
    found = rows(path)
    assert [one.line for one in found] == [4, 6, 7, 8]
    first, second = found[0], found[1]
    assert isinstance(first, Row)
    assert isinstance(second, Row)
    assert first.cells == second.cells
    assert first.cells["birth_date"] == "1998-05-17"
    result = dry(path)
    assert dict(result.refused) == {Reason.NAIVE_TIME: 1, Reason.BAD_DATE: 1}


def test_a_nik_whose_last_digit_excel_may_have_lost_is_no_nik(tmp_path: Path) -> None:
    path = sheet(tmp_path, NAMES, ["ID-21-BTC", "2026-11-03T09:30:00+07:00", "out", "M", None, 5399995705989000])
    (found,) = rows(path)
    assert isinstance(found, Row)
    assert found.cells["nik"] != "5399995705989000"
    assert dict(dry(path).warnings) == {"number_lost_digits": 1}


def test_a_broken_workbook_is_one_clear_error(tmp_path: Path) -> None:
    whole = sheet(tmp_path, NAMES, *(["ID-21-BTC"] * 6 for _ in range(50))).read_bytes()
    assert "not a readable XLSX workbook" in dry(file(tmp_path, whole[: len(whole) // 2], "half.xlsx")).failure
    assert dry(file(tmp_path, f"{HEADER}\n{GOOD}\n", "text.xlsx")).accepted == 1


def test_refused_rows_stand_beside_the_file_until_a_run_refuses_nothing(tmp_path: Path) -> None:
    path = file(tmp_path, f"{HEADER}\n{GOOD}\n{GOOD.replace('out', 'up')}\n")
    result = dry(path)
    assert result.exit_code == 3
    assert result.refused_file == tmp_path / "crossings.csv.refused.csv"
    with result.refused_file.open(newline="") as lines:
        (kept,) = csv.DictReader(lines)
    assert list(kept)[:3] == ["line", "reason", "message"]
    assert (kept["line"], kept["reason"], kept["direction"]) == ("3", "unknown_value", "up")
    assert result.refused_file.stat().st_mode & 0o777 == 0o600
    mended = file(tmp_path, result.refused_file.read_text().replace(",up,", ",in,"), "mended.csv")
    again = dry(mended)
    assert (again.exit_code, again.accepted, dict(again.warnings)) == (0, 1, {})
    path.write_text(f"{HEADER}\n{GOOD}\n")
    assert dry(path).exit_code == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["crossings.csv", "mended.csv"]


def test_a_byte_order_mark_alone_is_no_line() -> None:
    """Also where the disk hands the file out one byte at a time."""

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(1)

    assert list(physical_lines(Slow(b"\xef\xbb\xbf"))) == []
    assert [line.data for line in physical_lines(Slow(b"\xef\xbb\xbfa\r\nb"))] == [b"a", b"b"]
