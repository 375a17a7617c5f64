"""Files as other programs write them: encodings, delimiters, workbooks that people made for people."""

from __future__ import annotations

import codecs
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from producers.columns import CROSSINGS
from producers.hints import Hints
from producers.opening import open_table
from producers.publication import Publication, publish_file
from producers.rows import Row, Unreadable
from schemas.identity import LinkageKey

KEY = LinkageKey("test", b"a test key of thirty-two bytes..")
HEADER = "checkpoint_id,occurred_at,direction,name,birth_date"
GOOD = "ID-21-BTC,2026-11-03T09:30:00+07:00,out,MARIA SERAN,1998-05-17"
NAMES = HEADER.split(",")
CELLS = [*GOOD.split(",")[:4], date(1998, 5, 17)]


def file(tmp_path: Path, content: str | bytes, name: str = "crossings.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def found(path: Path, hints: Hints | None = None) -> list[Row | Unreadable]:
    with open_table(path, CROSSINGS, hints or Hints()) as table:
        return list(table.rows)


def names(path: Path) -> list[str]:
    return [row.cells["name"] if isinstance(row, Row) else row.refusal.reason.value for row in found(path)]


def dry(path: Path, hints: Hints | None = None) -> Publication:
    clock = lambda: datetime(2026, 11, 3, tzinfo=UTC)  # noqa: E731
    return publish_file(path, CROSSINGS, province=None, key=KEY, clock=clock, publisher=None, hints=hints or Hints())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_table_is_read_in_every_encoding_and_with_every_delimiter(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    text = f"{HEADER}\r\n{GOOD.replace('MARIA', 'JOSÉ')}\r\n{GOOD}\r\n".replace(",", delimiter)
    path = file(tmp_path, text.encode(encoding))
    assert names(path) == ["JOSÉ SERAN", "MARIA SERAN"]
    result = dry(path)
    assert result.accepted == 2
    assert any(what.startswith("read_as:") for what in result.warnings) is (encoding != "utf-8-sig")


def test_the_same_row_is_the_same_event_in_every_encoding(tmp_path: Path) -> None:
    text = f"{HEADER}\n{GOOD.replace('MARIA', 'JOSÉ')}\n"
    seen = [found(file(tmp_path, text.encode(name))) for name in ("utf-8", "utf-16", "cp1252")]
    assert seen[0] == seen[1] == seen[2]


def test_a_file_that_is_utf_8_somewhere_is_windows_nowhere(tmp_path: Path) -> None:
    lines = [HEADER, GOOD.replace("MARIA", "JOSÉ"), GOOD.replace("MARIA", "MAR*A")]
    path = file(tmp_path, "\n".join(lines).encode().replace(b"*", b"\xcd"))
    assert names(path) == ["JOSÉ SERAN", "not_utf8"]


@pytest.mark.parametrize("broken", [b"\xff\xfe", b"\x81", b"\xc3\xcd\xd3"])
def test_bytes_that_stand_in_no_windows_name_are_refused(tmp_path: Path, broken: bytes) -> None:
    path = file(tmp_path, f"{HEADER}\n{GOOD.replace('MARIA', 'M*')}\n{GOOD}\n".encode().replace(b"*", broken))
    assert names(path) == ["not_utf8", "MARIA SERAN"]


def test_a_character_at_the_edge_of_a_piece_does_not_make_a_file_windows(tmp_path: Path) -> None:
    for pad in range(4):
        rows = f"{HEADER}\n{GOOD}".ljust(256 * 1024 + 400 - pad, " ") + "É\n"
        assert not any(w.startswith("read_as") for w in dry(file(tmp_path, rows)).warnings), pad


def test_half_a_character_of_utf_16_refuses_its_row_only(tmp_path: Path) -> None:
    half = f"{HEADER}\n{GOOD.replace('MARIA', 'M')}\n".encode("utf-16-le").replace(b"M\0", b"\x00\xd8")
    path = file(tmp_path, codecs.BOM_UTF16_LE + half + f"{GOOD}\n".encode("utf-16-le"))
    assert names(path) == ["not_utf8", "MARIA SERAN"]


def test_a_title_may_stand_above_the_header(tmp_path: Path) -> None:
    path = file(tmp_path, f"MANIFES KM LAMBELU;;;\n\nTanggal: 3 November;;\n{HEADER}\n{GOOD}\n".replace(",", ";"))
    assert [row.line for row in found(path)] == [5]


def test_a_file_is_read_as_what_it_is_whatever_it_is_called(tmp_path: Path) -> None:
    line = '{"checkpoint_id": "ID-21-BTC", "name": "MARIA SERAN"}\n'
    assert names(file(tmp_path, line, "rows.csv")) == ["MARIA SERAN"]
    assert names(book(tmp_path, {"A": [NAMES, CELLS]}, "rows.csv")) == ["MARIA SERAN"]
    assert names(file(tmp_path, f"{HEADER}\n{GOOD}\n", "rows.xlsx")) == ["MARIA SERAN"]


def book(tmp_path: Path, sheets: dict[str, list[list[Any]]], name: str = "book.xlsx") -> Path:
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for title, rows in sheets.items():
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(row)
    path = tmp_path / name
    workbook.save(path)
    return path


def test_a_header_may_span_two_rows_below_a_title(tmp_path: Path) -> None:
    path = book(
        tmp_path,
        {
            "manifes": [
                ["Daftar penumpang"],
                [],
                ["checkpoint_id", "Perjalanan", "", "Orang", ""],
                ["", "occurred_at", "direction", "name", "birth_date"],
                CELLS,
                [],
                CELLS,
            ]
        },
    )
    assert [(row.line, row.cells["birth_date"]) for row in found(path) if isinstance(row, Row)] == [
        (5, "1998-05-17"),
        (7, "1998-05-17"),
    ]
    assert dry(path).accepted == 2


def test_a_row_of_data_below_a_header_of_one_row_stays_a_row(tmp_path: Path) -> None:
    path = book(tmp_path, {"a": [["Kapal"], NAMES, [*CELLS[:3], "mode", None], CELLS]})
    assert [row.line for row in found(path)] == [3, 4]


def test_the_sheet_that_has_the_columns_is_read(tmp_path: Path) -> None:
    path = book(tmp_path, {"Sampul": [["Laporan bulanan"]], "Data": [NAMES, CELLS], "Catatan": [["-"]]})
    assert dry(path).accepted == 1


def test_several_sheets_of_crossings_are_not_silently_one(tmp_path: Path) -> None:
    path = book(tmp_path, {"Mei": [NAMES, CELLS], "Sampul": [["x"]], "Juni": [NAMES, CELLS, CELLS]})
    assert "sheets 1, 3 of the workbook all are crossings" in dry(path).failure
    assert dry(path, Hints(sheet="juni")).read == 2
    assert "no sheet of that name" in dry(path, Hints(sheet="Juli")).failure


@pytest.mark.parametrize("formula", ['=CONCATENATE("MARIA"," SERAN")', "=A2&B2"])
def test_formulas_that_were_never_calculated_refuse_the_workbook(tmp_path: Path, formula: str) -> None:
    path = book(tmp_path, {"a": [NAMES, [*CELLS[:3], formula, CELLS[4]]]})
    assert "formulas that were never calculated" in dry(path).failure


def test_the_result_of_a_formula_is_read(tmp_path: Path) -> None:
    import zipfile

    path = book(tmp_path, {"a": [NAMES, [*CELLS[:3], "=D9", CELLS[4]]]})
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    inner = "xl/worksheets/sheet1.xml"
    before = b'<c r="D2"><f>D9</f><v></v></c>' if b"<v></v>" in parts[inner] else b'<c r="D2"><f>D9</f><v /></c>'
    assert before in parts[inner]
    parts[inner] = parts[inner].replace(before, b'<c r="D2" t="str"><f>D9</f><v>MARIA SERAN</v></c>')
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in parts.items():
            packed.writestr(name, data)
    assert names(path) == ["MARIA SERAN"]
