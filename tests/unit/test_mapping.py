"""Mappings: what is proposed for lists with their own names, what a mapping may say, what is never shown."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from lintas.cli.mapping import mapping_text
from producers.columns import CROSSINGS, DEPARTURES, KINDS, REPORTS
from producers.date_forms import date_form, guessed_form
from producers.hints import Hints
from producers.mapping import Mapping, MappingError, read_mapping
from producers.masking import masked
from producers.opening import open_table
from producers.proposing import propose
from producers.publication import Publication, publish_file
from producers.rows import Row, UnreadableFile
from producers.sampling import sample_of
from schemas.identity import LinkageKey

KEY = LinkageKey("test", b"a test key of thirty-two bytes..")
MANIFEST = (
    "MANIFES PENUMPANG KM LAMBELU\n\n"
    "No;Nama Penumpang;L/P;Tgl Lahir;No. Paspor;No KTP;Kebangsaan;Pelabuhan Asal;Tujuan;Tgl Berangkat;Jam;Keperluan\n"
    "1;MARIA SERAN;Pr;17/05/1998;X1234567;5399995705989001;WNI;Nunukan;Tawau;03/11/2026;09:30;Kerja\n"
    "2;YOHANES BERE;Lk;02/01/1990;X2234567;5399990201909002;WNI;Nunukan;Tawau;03/11/2026;09:30;Keluarga\n"
    "3;SITI;Pr;30/12/1985;X3234567;;WNI;Nunukan;Tawau;03/11/2026;09:30;berobat\n"
)
CONSTANTS = "constants: {checkpoint_id: ID-65-NNT, direction: out, occurred_at: '2026-11-03T09:30:00+08:00'}\n"
NINE_THIRTY = datetime(2026, 11, 3, 9, 30, tzinfo=UTC).replace(tzinfo=None)
"""Cells of a workbook have no zone."""
SECRETS = ("SERAN", "BERE", "SITI", "1234567", "5399995705989001", "17/05", "1998-05")


def listed(tmp_path: Path, content: str | bytes, name: str = "manifes.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows(path: Path, mapping: Mapping) -> list[Row]:
    with open_table(path, CROSSINGS, Hints(mapping=mapping)) as table:
        return [row for row in table.rows if isinstance(row, Row)]


def dry(path: Path, mapping: Mapping) -> Publication:
    clock = lambda: datetime(2026, 11, 3, tzinfo=UTC)  # noqa: E731
    return publish_file(
        path, CROSSINGS, province=None, key=KEY, clock=clock, publisher=None, hints=Hints(mapping=mapping)
    )


def proposed(path: Path, constants: str = "{checkpoint_id: ID-65-NNT, direction: out}") -> Mapping:
    text = mapping_text(path, CROSSINGS, propose(sample_of(path), CROSSINGS))
    return read_mapping(text[: text.index("constants:")] + f"constants: {constants}\n", CROSSINGS)


def test_an_indonesian_manifest_is_published_as_it_was_proposed(tmp_path: Path) -> None:
    path = listed(tmp_path, MANIFEST)
    mapping = proposed(path)
    first = rows(path, mapping)[0]
    assert first.line == 4
    assert dict(first.cells) == {
        "checkpoint_id": "ID-65-NNT", "direction": "out", "occurred_at": "2026-11-03T09:30:00+08:00",
        "name": "MARIA SERAN", "sex": "F", "birth_date": "1998-05-17", "document_number": "X1234567",
        "nik": "5399995705989001", "nationality": "WNI", "from_place": "Nunukan", "to_place": "Tawau",
        "purpose": "work",
    }  # fmt: skip
    assert dry(path, mapping).accepted == 3


def test_an_english_workbook_with_date_cells_is_published_as_it_was_proposed(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Ferry list"])
    sheet.append(["Passenger Name", "Date of Birth", "Gender", "Passport No", "Departure Date", "Nationality"])
    sheet.append(["MARIA SERAN", date(1998, 5, 17), "Female", "X1234567", NINE_THIRTY, "Indonesia"])
    sheet.append(["YOHANES BERE", "02/01/1990", "Male", "X2234567", NINE_THIRTY, "Malaysia"])
    book.save(tmp_path / "list.xlsx")
    path = tmp_path / "list.xlsx"
    text = (
        "columns:\n  name: Passenger Name\n  sex: Gender\n  document_number: Passport No\n"
        "  birth_date: {from: Date of Birth, format: dd/mm/yyyy}\n"
        "  occurred_at: {from: Departure Date, format: dd/mm/yyyy hh:mm, timezone: WITA}\n"
        "  nationality: {from: Nationality, values: {Malaysia: MYS}}\n"
        "constants: {checkpoint_id: ID-65-NNT, direction: out}\n"
    )
    found = rows(path, read_mapping(text, CROSSINGS))
    assert [(r.cells["birth_date"], r.cells["occurred_at"], r.cells["nationality"]) for r in found] == [
        ("1998-05-17", "2026-11-03T09:30:00+08:00", "Indonesia"), ("1990-01-02", "2026-11-03T09:30:00+08:00", "MYS"),
    ]  # fmt: skip
    targets = {one.target for one in propose(sample_of(path), CROSSINGS)}
    assert {"name", "birth_date", "sex", "document_number", "occurred_at", "nationality"} <= targets


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("Nama Lengkap", "name"), ("NAMA PENUMPNG", "name"), ("Passenger Name", "name"), ("tgl lahir", "birth_date"),
        ("Tanggal_Lahir", "birth_date"), ("DOB", "birth_date"), ("Jenis Kelamin", "sex"),
        ("Nomor Paspor", "document_number"),
        ("No. KK", "kk"), ("Kode Booking", "booking"), ("Nama Kapal", "carrier"),
        ("Negara Tujuan", "destination_country"),
        ("Kewarganegaraan", "nationality"), ("Kolom X", None),
    ],
)  # fmt: skip
def test_names_of_columns_are_known_in_both_languages_and_misspelt(
    tmp_path: Path, header: str, target: str | None
) -> None:
    path = listed(tmp_path, f"{header};Catatan lain\nnilai;b\n")
    assert [one.target for one in propose(sample_of(path), CROSSINGS) if one.sources == (header,)] == (
        [target] if target else []
    )


def test_a_column_of_niks_is_known_by_what_stands_in_it(tmp_path: Path) -> None:
    path = listed(tmp_path, "Kolom A;Kolom B\n5399995705989001;1\n5399990201909002;2\n")
    assert [(one.target, one.sources) for one in propose(sample_of(path), CROSSINGS)] == [("nik", ("Kolom A",))]


def test_a_list_without_a_header_is_not_taken_for_one_whose_columns_are_people(tmp_path: Path) -> None:
    path = listed(tmp_path, "MARIA SERAN;X1234567;1998-05-17\nYOHANES BERE;X2234567;1990-01-02\n")
    with pytest.raises(UnreadableFile, match="put a row of names above it") as error:
        sample_of(path)
    assert "SERAN" not in str(error.value)


def test_nothing_that_is_shown_names_anybody(tmp_path: Path) -> None:
    path = listed(tmp_path, MANIFEST)
    mapping = proposed(path)
    for row in rows(path, mapping):
        shown = " ".join(masked(target, value) for target, value in row.cells.items())
        assert not any(secret in shown for secret in SECRETS), shown
    assert masked("birth_date", "1998-05-17") == "1998-••-••"
    assert masked("nik", "5399995705989001") == "53" + "•" * 14
    assert masked("direction", "out") == "out"
    assert masked("direction", "MARIA SERAN X1234567") == "M•••• S•••• X•••••••"
    assert repr(sample_of(path)).startswith("Sample(12 columns")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("columns:\n  nama: Nama\n", r"line 2, nama: is not known here; it may be event_id, checkpoint_id, .*"),
        ("columns:\n  name: A\n  name: B\n", "line 3, name: stands here twice"),
        ("columns:\n  name: A\n  sex: {from: B, values: {x: man}}\n", "line 3, sex: must be one of F, M, X"),
        ("columns:\n  name: A\n  sex: {values: {x: M}}\n", "line 3, sex: needs `from`"),
        ("columns:\n  birth_date: {from: A, format: dd/mm/yy}\n", r"line 2, birth_date.format: must be made of dd, mm"),
        ("columns:\n  occurred_at: {from: A, format: dd/mm/yyyy}\n", "line 2, occurred_at.format: needs hh:mm"),
        ("columns:\n  occurred_at: {from: A, format: 'dd/mm/yyyy hh:mm', timezone: Mars}\n", "must be an offset"),
        ("columns:\n  name: A\nconstants:\n  direction: up\n", "line 4, direction: must be one of out, in"),
        ("columns:\n  name: A\nconstants:\n  checkpoint_id: ID-99\n", "line 4, checkpoint_id: is not in the reference"),
        ("columns:\n  name: A\n", "line 1, checkpoint_id: a crossings file needs it"),
        ("columns:\n  name: [A, [B]]\n", "line 2, name: must be one text"),
        ("columns:\n  direction: A\n" + CONSTANTS, "direction: stands under columns too"),
        ("file: departures\ncolumns: {name: A}\n", "line 1, file: the mapping is not for crossings"),
        ("columns: [a]\n", "line 1, columns: must have keys and values"),
        ("columns:\n  name: 'A\n", r"line \d: this is not YAML"),
        ("spalten: {}\n", "line 1, spalten: is not known here; it may be file, columns, constants"),
        ("5399995705989001: {}\n" , "line 1, 5399995705989001: is not known"),
        ("- a\n", "line 1: must have keys and values"),
        ("", "line 1, checkpoint_id: a crossings file needs it"),
    ],
)  # fmt: skip
def test_an_error_of_a_mapping_names_line_key_and_what_is_allowed(text: str, said: str) -> None:
    with pytest.raises(MappingError) as error:
        read_mapping(text, CROSSINGS)
    assert re.search(said, str(error.value)), str(error.value)


@pytest.mark.parametrize("kind", [*KINDS])
def test_every_kind_of_list_can_be_mapped(kind: str) -> None:
    required = [choice[0] for choice in KINDS[kind].required]
    text = "columns:\n" + "".join(f"  {name}: {name} theirs\n" for name in required)
    assert {c.target for c in read_mapping(text, KINDS[kind]).columns} == set(required)


def test_a_mapping_lets_nothing_about_a_reporter_in(tmp_path: Path) -> None:
    path = listed(tmp_path, "Nomor Kasus;Waktu;Nama;Nama Pelapor\nC1;2026-11-03T09:00:00+08:00;MARIA;SITI\n")
    text = "columns: {case_id: Nomor Kasus, reported_at: Waktu, name: Nama}\n"
    hints = Hints(mapping=read_mapping(text, REPORTS))
    with pytest.raises(UnreadableFile, match="carries nothing beyond"), open_table(path, REPORTS, hints):
        pass


def test_a_column_that_the_list_does_not_have_is_named(tmp_path: Path) -> None:
    mapping = read_mapping("columns: {name: Nama Lengkap}\n" + CONSTANTS, CROSSINGS)
    assert "no column `nama_lengkap`" in dry(listed(tmp_path, MANIFEST), mapping).failure


def test_what_a_mapping_cannot_read_is_refused_by_its_column_and_mended_in_the_list(tmp_path: Path) -> None:
    text = MANIFEST.replace("17/05/1998", "31/02/1998").replace("03/11/2026;09:30;Keluarga", "3 Nov;pagi;Keluarga")
    path = listed(tmp_path, text)
    mapping = proposed(listed(tmp_path, MANIFEST, "good.csv"))
    result = dry(path, mapping)
    assert {reason.value: count for reason, count in result.refused.items()} == {"bad_date": 1, "bad_time": 1}
    assert result.refused_file is not None
    mended = (
        result.refused_file.read_text().replace("31/02/1998", "17/05/1998").replace("3 Nov,pagi", "03/11/2026,9:30")
    )
    assert dry(listed(tmp_path, mended, "mended.csv"), mapping).accepted == 2


def test_registrations_are_proposed_too(tmp_path: Path) -> None:
    head = "ID PMI;Nama CPMI;Tgl Lahir;Nomor Paspor;Skema Penempatan;Status Pendaftaran;Tanggal Pendaftaran"
    path = listed(tmp_path, f"{head}\nP1;MARIA SERAN;17/05/1998;X1234567;P to P;Terdaftar;03/10/2026 08:00\n")
    found = {one.target: one for one in propose(sample_of(path), DEPARTURES)}
    assert {"departure_id", "name", "birth_date", "passport", "scheme", "event", "issued_at"} <= found.keys()
    assert found["event"].values == {"Terdaftar": "registered"}
    assert found["scheme"].values == {"P to P": "PtoP"}
    assert (found["issued_at"].form, found["issued_at"].zone) == ("dd/mm/yyyy hh:mm", "WITA")


@pytest.mark.parametrize(
    ("form", "text", "iso"),
    [
        ("dd/mm/yyyy", "3/11/2026", "2026-11-03T00:00:00"), ("mm/dd/yyyy", "11/03/2026", "2026-11-03T00:00:00"),
        ("dd mmm yyyy", "3 Agustus 2026", "2026-08-03T00:00:00"), ("dd-mmm-yyyy", "03-Des-2026", "2026-12-03T00:00:00"),
        ("dd.mm.yyyy hh.mm", "03.11.2026 9.05", "2026-11-03T09:05:00"),
        ("dd/mm/yyyy", "2026-11-03", "2026-11-03T00:00:00"),
        ("ddmmyyyy", "03112026", "2026-11-03T00:00:00"), ("ddmmyyyy", "3112026", None),
        ("dd/mm/yyyy", "31/02/2026", None), ("dd/mm/yyyy", "٣/11/2026", None),
    ],
)  # fmt: skip
def test_dates_are_read_by_their_form(form: str, text: str, iso: str | None) -> None:
    found = date_form(form)
    assert found is not None
    read = found.read(text)
    assert (read.isoformat() if read else None) == iso


def test_a_form_is_guessed_only_if_it_reads_all_of_them() -> None:
    assert guessed_form(["03/11/2026", "13/11/2026"]) == "dd/mm/yyyy"
    assert guessed_form(["11/13/2026", "03/11/2026"]) == "mm/dd/yyyy"
    assert guessed_form(["03/11/2026", "pagi"]) is None
    assert date_form("dd/mm") is None
    assert date_form("dd/mm/yyyy x") is None


def test_jsonl_can_be_mapped(tmp_path: Path) -> None:
    path = listed(tmp_path, '{"Nama": "MARIA SERAN", "Tgl Lahir": "17/05/1998", "umur": 28}\n', "list.jsonl")
    text = "columns: {name: Nama, birth_date: {from: Tgl Lahir, format: dd/mm/yyyy}}\n" + CONSTANTS
    assert rows(path, read_mapping(text, CROSSINGS))[0].cells["birth_date"] == "1998-05-17"
    assert {one.target for one in propose(sample_of(path), CROSSINGS)} == {"name", "birth_date"}
