"""Laws of passenger lists and of zones: no bytes break them, and no person is lost."""

from __future__ import annotations

import io
import re
from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from producers.columns import CROSSINGS
from producers.edifact import segments
from producers.hints import Hints
from producers.paxlst_rows import paxlst_table
from producers.rows import Row, Unreadable
from producers.scanning import live_lines, zones
from schemas.identity.mrz import check_digit, read_mrz, write_td1, write_td3
from schemas.identity.mrz_repair import read_or_repair
from schemas.vocabulary import Direction, Sex
from tests.unit.edifact_lists import interchange, message, person, written

GOLDEN = (Path(__file__).parents[1] / "golden" / "paxlst" / "nunukan-tawau.edi").read_bytes()
HINTS = Hints(checkpoint="ID-65-NNT", direction=Direction.OUT)
PIECES = st.sampled_from([b"UNA:+.? '", b"UNB+UNOA:4'", b"UNH+1+PAXLST'", b"NAD+FL+++A:B'", b"'", b"?", b"+", b"\xff"])
AT = date(2026, 11, 3)


def read(data: bytes) -> list[Row | Unreadable]:
    return list(paxlst_table(io.BytesIO(data), CROSSINGS, HINTS).rows)


def people_in(data: bytes) -> int:
    """Persons whose first segment stands whole in the bytes."""
    return len(re.findall(rb"(?:^|')\s*NAD\+F[LM]\+", data))


@given(st.one_of(st.binary(max_size=400), st.lists(st.one_of(PIECES, st.binary(max_size=6))).map(b"".join)))
def test_any_bytes_are_a_list_of_some_people(data: bytes) -> None:
    numbers = [one.line for one in read(data)]
    assert numbers == sorted(set(numbers))


@given(st.data())
def test_a_list_with_any_bytes_changed_is_read_without_a_crash(data: st.DataObject) -> None:
    changed = bytearray(GOLDEN)
    for _ in range(data.draw(st.integers(1, 12))):
        place = data.draw(st.integers(0, len(changed) - 1))
        action = data.draw(st.sampled_from(["set", "cut", "double", "drop"]))
        if action == "set":
            changed[place] = data.draw(st.integers(0, 255))
        elif action == "cut":
            del changed[place:]
            break
        elif action == "double":
            changed[place:place] = changed[place : place + 60]
        else:
            del changed[place : place + data.draw(st.integers(1, 40))]
        if not changed:
            break
    found = read(bytes(changed))
    numbers = [one.line for one in found]
    assert numbers == sorted(set(numbers))
    said = [str(one.refusal) for one in found if isinstance(one, Unreadable)]
    assert not any(name in text for text in said for name in ("SERAN", "MARIA", "X1234567", "980517"))


@given(st.data())
def test_every_person_whose_beginning_is_there_is_a_row_or_a_refusal(data: st.DataObject) -> None:
    """Letters and digits may change anywhere below the envelope; service characters stay."""
    start = GOLDEN.index(b"BGM")
    places = [i for i in range(start, len(GOLDEN)) if chr(GOLDEN[i]).isalnum()]
    changed = bytearray(GOLDEN)
    for place in data.draw(st.lists(st.sampled_from(places), max_size=30)):
        changed[place] = data.draw(st.sampled_from(b"AX0NU9 \x80\xff"))
    if b"'UNT" in changed.replace(b"\r\n", b"")[:-60]:
        return  # a segment became the end of the message
    assert len(read(bytes(changed))) >= people_in(bytes(changed))


@given(st.lists(st.integers(0, 40), max_size=12), st.integers(1, 200))
def test_a_list_reads_the_same_however_it_is_handed_out(kinds: list[int], size: int) -> None:
    class Trickling(io.BytesIO):
        def read(self, _: int | None = -1, /) -> bytes:
            return super().read(size)

    people = [person(f"SERAN{'?' * (k % 3)}{chr(39) * (k % 3 == 1)}:M{k}") for k in kinds]
    whole = written(interchange(message(people)), marks=":+.? '")
    assert list(segments(Trickling(whole))) == list(segments(io.BytesIO(whole)))


@given(st.binary(max_size=300))
def test_any_bytes_from_a_reader_are_zones_or_lines_to_refuse(data: bytes) -> None:
    for text in zones(live_lines(io.BytesIO(data))):
        read_or_repair(text, AT)


DOCUMENTS = st.builds(
    lambda write, number, born, sex: write(
        number=number, surname="SERAN", given_names="MARIA", birth_date=born, sex=sex, expires_on=date(2030, 1, 1)
    ),
    st.sampled_from([write_td1, write_td3]),
    st.from_regex(r"[A-Z]{1,2}[0-9]{6,7}", fullmatch=True),
    st.dates(date(1940, 1, 1), date(2010, 1, 1)),
    st.sampled_from(Sex),
)


@given(DOCUMENTS, st.data())
def test_a_mended_zone_differs_in_one_character_and_fits(zone: str, data: st.DataObject) -> None:
    """A reader's mistake is mended to the document, or to nothing; a sound zone is never touched."""
    assert read_or_repair(zone, AT).text == zone
    place = data.draw(st.sampled_from([i for i, c in enumerate(zone) if c != "\n"]))
    wrong = zone[:place] + data.draw(st.sampled_from("0123456789ABDGIOSZ<")) + zone[place + 1 :]
    read = read_or_repair(wrong, AT)
    if not read.fits:
        return
    assert read_mrz(read.text, AT).ok
    assert sum(a != b for a, b in zip(read.text, wrong, strict=True)) == int(read.repaired)


@given(DOCUMENTS, st.sampled_from([("0", "O"), ("1", "I"), ("8", "B"), ("5", "S"), ("2", "Z")]), st.data())
def test_a_letter_read_in_a_date_is_always_mended_to_the_document(
    zone: str, pair: tuple[str, str], data: st.DataObject
) -> None:
    lines = zone.split("\n")
    first = 0 if len(lines) == 3 else 13
    places = [i for i in range(first, first + 6) if lines[1][i] == pair[0]]
    if not places:
        return
    place = data.draw(st.sampled_from(places))
    lines[1] = lines[1][:place] + pair[1] + lines[1][place + 1 :]
    read = read_or_repair("\n".join(lines), AT)
    assert not read.fits or (read.repaired and read.text == zone)


def test_check_digits_of_the_repair_are_those_of_the_standard() -> None:
    assert check_digit("L898902C3") == "6"
