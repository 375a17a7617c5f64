"""A document reader's desk: what is a zone, what is mended and said so, and what is refused."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta

import pytest

from producers.crossings import MRZ_REPAIRED, read_crossing
from producers.rows import Row
from producers.scanning import Desk, Scan, live_lines, zones
from schemas.identity import LinkageKey
from schemas.identity.mrz import check_digit, write_td1, write_td3
from schemas.identity.mrz_repair import read_or_repair
from schemas.vocabulary import Sex

KEY = LinkageKey("test", b"a test key of thirty-two bytes..")
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
ICAO = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
TD2 = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6"
TD1 = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"


def passport(number: str = "X1234567", name: str = "MARIA") -> str:
    return write_td3(
        number=number, surname="SERAN", given_names=name, birth_date=date(1998, 5, 17), sex=Sex.F,
        expires_on=date(2035, 1, 1),
    )  # fmt: skip


def card(number: str = "C7654321") -> str:
    return write_td1(
        number=number, surname="BERE", given_names="YOHANES", birth_date=date(1990, 1, 2), sex=Sex.M,
        expires_on=date(2035, 1, 1),
    )  # fmt: skip


def lines(*texts: str) -> list[str]:
    return [line for text in texts for line in text.split("\n")]


def scanned(*texts: str, apart_seconds: int = 60) -> list[Scan]:
    moments = (NOON + timedelta(seconds=apart_seconds * i) for i in range(1000))
    desk = Desk(
        checkpoint_id="ID-65-NNT", cells={"direction": "out"}, key=KEY, clock=lambda: next(moments), publisher=None
    )
    found: list[Scan] = []
    desk.scan(lines(*texts), found.append)
    return found


def outcomes(scans: list[Scan]) -> list[str]:
    return [
        one.refusal.reason.value if one.refusal else "again" if one.repeated else "mended" if one.repaired else "ok"
        for one in scans
    ]


@pytest.mark.parametrize("zone", [ICAO, TD1, TD2, passport(), card(), card("ABCDEFGH12345"), ICAO.replace("\n", "")])
def test_sound_documents_of_every_size_are_published(zone: str) -> None:
    assert outcomes(scanned(zone)) == ["ok"]


def test_one_misread_character_is_mended_and_said_in_the_record() -> None:
    wrong = passport().replace("980517", "98O517")
    assert outcomes(scanned(wrong)) == ["mended"]
    read = read_or_repair(wrong, NOON.date())
    assert (read.text, read.repaired) == (passport(), True)
    cells = {
        "checkpoint_id": "ID-65-NNT", "occurred_at": NOON.isoformat(), "direction": "out", "mrz": read.text,
    }  # fmt: skip
    message, warnings = read_crossing(
        Row(line=1, cells=cells, original=(), warnings=(MRZ_REPAIRED,)), key=KEY, province=None
    )
    assert "mrz_repaired" in message.record.model_dump()["identity_quality"]
    assert warnings == ("mrz_repaired:mrz",)
    plain, _ = read_crossing(Row(line=1, cells=cells, original=()), key=KEY, province=None)
    assert "mrz_repaired" not in plain.record.model_dump()["identity_quality"]


def test_where_two_mends_fit_neither_is_believed() -> None:
    """Two numbers that differ from what was read in one lookalike each, with the same check digits."""
    rows = passport().split("\n")
    ambiguous = []
    for place in range(1, 9):
        for other in "0123456789":
            line = rows[1][:place] + other + rows[1][place + 1 :]
            read = read_or_repair(f"{rows[0]}\n{line}", NOON.date())
            assert not read.repaired or read.zone.ok
            ambiguous.append(not read.fits)
    assert any(ambiguous)


def test_letters_in_a_date_that_fit_the_check_digit_by_chance_are_refused() -> None:
    zone = passport()
    chance = zone.replace("9805172", "9BB5172")
    assert check_digit("9BB517") == "2"
    assert outcomes(scanned(chance)) == ["bad_mrz"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (passport()[:-1] + "x", "check digit of"),
        ("garbage", "2 lines of 44"),
        (passport().split("\n")[0], "2 lines of 44"),
        (passport().replace("SERAN", "SER?N"), "A to Z, 0 to 9"),
        (card().rsplit("\n", 1)[0], "3 of 30"),
    ],
)
def test_what_is_wrong_with_a_zone_is_said_without_it(text: str, says: str) -> None:
    (scan,) = scanned(text.upper())
    assert scan.refusal is not None
    assert scan.refusal.reason.value == "bad_mrz"
    assert says in str(scan.refusal)
    assert not any(secret in str(scan.refusal) for secret in ("SERAN", "X1234567", "980517", "BERE"))


def test_a_lost_line_costs_its_own_document_only() -> None:
    one, two, three = passport("X0000001"), passport("X0000002"), passport("X0000003")
    assert outcomes(scanned(one.split("\n")[0], two, three)) == ["bad_mrz", "ok", "ok"]
    assert outcomes(scanned(one, two.split("\n")[1], three)) == ["ok", "bad_mrz", "ok"]
    a, b, c = card("C0000001"), card("C0000002"), card("C0000003")
    for missing in range(3):
        cut = "\n".join(line for i, line in enumerate(a.split("\n")) if i != missing)
        found = outcomes(scanned(cut, b, c))
        assert found[0] == "bad_mrz"
        assert found[-2:] == ["ok", "ok"], missing


def test_the_same_document_is_counted_once_in_ten_seconds_and_again_later() -> None:
    wrong = passport().replace("980517", "98O517")
    assert outcomes(scanned(passport(), passport(), wrong, apart_seconds=3)) == ["ok", "again", "again"]
    assert outcomes(scanned(passport(), passport(), apart_seconds=11)) == ["ok", "ok"]
    bad = passport()[:-1] + "X"
    assert outcomes(scanned(bad, bad, apart_seconds=1)) == ["bad_mrz", "bad_mrz"]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x03\x02"])
def test_lines_come_however_a_reader_ends_them_and_as_soon_as_they_are_whole(end: str) -> None:
    class Slow(io.BytesIO):
        def read1(self, _: int | None = -1, /) -> bytes:
            return super().read(7)

    text = end.join(lines(passport(), card().lower())) + end
    assert list(zones(live_lines(Slow(text.encode())))) == [passport(), card()]


def test_a_line_without_an_end_is_held_in_bounded_memory() -> None:
    found = list(live_lines(io.BytesIO(b"A" * 100_000 + b"\n" + b"B\n")))
    assert [len(line) for line in found] == [1000, 1]
