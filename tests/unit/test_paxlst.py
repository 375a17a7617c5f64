"""Passenger lists as carriers really write them: lenient on form, every person accounted for."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from producers.columns import CROSSINGS, DEPARTURES
from producers.hints import Hints
from producers.opening import open_table
from producers.publication import Publication, publish_file
from producers.rows import Row, Unreadable
from schemas.identity import LinkageKey
from schemas.vocabulary import Direction
from tests.unit.edifact_lists import VOYAGE, interchange, message, person, written

KEY = LinkageKey("test", b"a test key of thirty-two bytes..")
GOLDEN = Path(__file__).parents[1] / "golden" / "paxlst" / "nunukan-tawau.edi"
JETTY = Hints(checkpoint="ID-65-SBT", direction=Direction.OUT)


def listed(tmp_path: Path, data: bytes, name: str = "list.txt") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def read(path: Path, hints: Hints | None = None) -> tuple[list[Row | Unreadable], Counter[str]]:
    with open_table(path, CROSSINGS, hints or Hints()) as table:
        return list(table.rows), table.notes


def rows(path: Path, hints: Hints | None = None) -> list[Row]:
    found, _ = read(path, hints)
    assert all(isinstance(one, Row) for one in found), found
    return [one for one in found if isinstance(one, Row)]


def names(found: list[Row | Unreadable]) -> list[str]:
    return [one.cells["name"] if isinstance(one, Row) else one.refusal.reason.value for one in found]


def dry(path: Path, hints: Hints | None = None) -> Publication:
    return publish_file(
        path, CROSSINGS, province=None, key=KEY, clock=lambda: datetime(2026, 11, 3, tzinfo=UTC), publisher=None,
        hints=hints or Hints(),
    )  # fmt: skip


def test_a_list_becomes_crossings_at_the_port_that_it_names() -> None:
    maria, yohanes, jose, petrus = rows(GOLDEN)
    assert dict(maria.cells) == {
        "checkpoint_id": "ID-65-NNT", "occurred_at": "2026-11-03T09:30:00+08:00", "direction": "out", "mode": "sea",
        "carrier": "KM LAMBELU", "service_no": "KML42", "from_place": "IDNNX", "to_place": "MY-TWU",
        "document_type": "passport", "document_number": "X1234567", "expires_on": "2030-01-01",
        "name": "MARIA SERAN", "birth_date": "1998-05-17", "sex": "F", "nationality": "IDN",
        "destination_country": "MY", "booking": "NNX001",
    }  # fmt: skip
    assert (maria.line, yohanes.line) == (12, 25)
    assert (yohanes.cells["birth_date"], yohanes.cells["nationality"]) == ("1990-01-02", "ID")
    assert jose.cells["name"] == "JOSÉ D'ORNAY"
    assert "birth_date" not in jose.cells
    assert jose.warnings == ("unknown_date:birth_date",)
    assert petrus.warnings == ("crew:name",)
    result = dry(GOLDEN)
    assert (result.read, result.accepted, {r.value: n for r, n in result.refused.items()}) == (4, 3, {"bad_date": 1})


def test_people_who_share_a_document_number_stay_as_many_as_they_are(tmp_path: Path) -> None:
    """A Macintosh's list of 260 with one number, a letter of its own set in a name, and every count wrong."""
    people = [person(f"Nov\x87k:No{'I' * (i // 26)}{chr(65 + i % 26)}", number="12345678") for i in range(260)]
    path = listed(tmp_path, written(interchange(message(people, count=206)), end="'\r"))
    result = dry(path)
    assert (result.read, result.accepted) == (260, 260)
    assert result.warnings["count_differs:CNT"] == 1
    assert result.warnings["character_set:name"] == 260
    assert rows(path)[0].cells["name"] == "NoA Novák"


def test_equal_people_of_one_list_are_as_many_events_and_the_same_ones_when_it_comes_again(tmp_path: Path) -> None:
    path = listed(tmp_path, written(interchange(message([person()] * 3 + [person("BERE:ANA")]))))
    said = [tuple(sorted(row.cells.items())) for row in rows(path)]
    assert len(set(said)) == 4
    assert said == [tuple(sorted(row.cells.items())) for row in rows(path)]


@pytest.mark.parametrize("end", ["'", "'\n", "'\r\n", "'\r", "' \n", "'\n\n"])
def test_line_breaks_between_segments_do_not_matter(tmp_path: Path, end: str) -> None:
    data = written(interchange(message([person(), person("BERE:ANA")]), groups=True), end=end)
    found, notes = read(listed(tmp_path, data))
    assert (names(found), notes) == (["MARIA SERAN", "ANA BERE"], Counter())


@pytest.mark.parametrize("width", [1, 7, 63, 69])
def test_line_breaks_inside_segments_do_not_matter(tmp_path: Path, width: int) -> None:
    """Teletypes break lines after so many characters, whatever stands there."""
    whole = written(interchange(message([person(), person("BERE:ANA")])), end="'").decode()
    head, text = whole[:40], whole[40:]
    broken = head + "\r\n".join(text[i : i + width] for i in range(0, len(text), width))
    assert names(read(listed(tmp_path, broken.encode()))[0]) == ["MARIA SERAN", "ANA BERE"]


@pytest.mark.parametrize("marks", [":*.? $", ":+.?*'", "|,.! ~", ":+.  '"])
def test_una_names_the_separators(tmp_path: Path, marks: str) -> None:
    found, notes = read(listed(tmp_path, written(interchange(message([person()])), end="'\r\n", marks=marks)))
    assert (names(found), notes) == (["MARIA SERAN"], Counter())


def test_a_released_separator_is_part_of_a_name(tmp_path: Path) -> None:
    found = rows(listed(tmp_path, written(interchange(message([person("O?'LEARY:A?+B?:C??"), person("X:?'?'")])))))
    assert [row.cells["name"] for row in found] == ["A+B:C? O'LEARY", "'' X"]


@pytest.mark.parametrize(
    "before",
    [
        b"QU BTHKKXX\r\n.SINXXYY 031530\r\n\x02",
        b"From: ops@ferry.example\r\nSubject: PAXLST\r\nTo: lintas@kaltara.example\r\n\r\n",
        b" \r\n ",
        b"\xef\xbb\xbf",
    ],
)
def test_teletype_and_mail_envelopes_are_passed_over(tmp_path: Path, before: bytes) -> None:
    data = (
        before
        + written(interchange(message([person()])), marks=":+.? '")
        + b"\x03\r\n13Nov09\r\n-- \r\nsent from a ship"
    )
    found, notes = read(listed(tmp_path, data))
    assert (names(found), notes) == (["MARIA SERAN"], Counter())


def test_several_interchanges_with_their_own_separators_stand_in_one_file(tmp_path: Path) -> None:
    one = written(interchange(message([person()])), marks=":*.? $")
    two = written(interchange(message([person("BERE:ANA")]), message([person("KLAU:EVA")], reference="M2")))
    cut = written(interchange(message([person("LEBA:IDA")]))[:-1])
    found, notes = read(listed(tmp_path, one + b"\n" + two + cut + one))
    assert names(found) == ["MARIA SERAN", "ANA BERE", "EVA KLAU", "IDA LEBA", "MARIA SERAN"]
    assert notes == Counter()


def test_parts_of_a_list_may_come_in_any_order_and_one_may_name_no_voyage(tmp_path: Path) -> None:
    last = message([person("KLAU:EVA")], reference="3", part="+L1+03:F", voyage=(), count=3)
    first = message([person()], reference="1", part="+L1+01:C")
    second = message([person("BERE:ANA")], reference="2", part="+L1+02", voyage=())
    found, notes = read(listed(tmp_path, written(interchange(last, first, second))))
    assert names(found) == ["EVA KLAU", "MARIA SERAN", "ANA BERE"]
    assert {row.cells["checkpoint_id"] for row in found if isinstance(row, Row)} == {"ID-65-NNT"}
    assert notes == Counter({"count_differs:CNT": 1})
    assert read(listed(tmp_path, written(interchange(last, first))))[1]["missing_part:UNH"] == 1


def test_wrong_counts_and_missing_trailers_are_remarks(tmp_path: Path) -> None:
    whole = interchange(message([person()]), groups=True)
    wrong = [
        segment.replace("UNT+", "UNT+9").replace("UNE+1", "UNE+X").replace("UNZ+1", "UNZ+7").replace("42:1", "42:0099")
        for segment in whole
    ]
    found, notes = read(listed(tmp_path, written(wrong)))
    assert names(found) == ["MARIA SERAN"]
    assert notes == Counter(f"count_differs:{tag}" for tag in ("UNT", "UNE", "UNZ", "CNT"))
    bare = [segment for segment in whole if segment[:3] not in ("UNT", "UNE", "UNZ", "CNT")]
    found, notes = read(listed(tmp_path, written(bare)))
    assert names(found) == ["MARIA SERAN"]
    assert notes == Counter({"missing_segment:UNT": 1, "missing_segment:UNZ": 1})


def test_a_message_without_an_interchange_or_without_its_header_is_read(tmp_path: Path) -> None:
    inner = message([person()])
    assert names(read(listed(tmp_path, written(inner)))[0]) == ["MARIA SERAN"]
    found, notes = read(listed(tmp_path, written(interchange(inner[1:]))))
    assert names(found) == ["MARIA SERAN"]
    assert notes["missing_segment:UNH"] == 1


def test_a_list_that_is_cut_refuses_the_person_whom_it_cuts(tmp_path: Path) -> None:
    data = written(interchange(message([person(), person("BERE:ANA")])))
    cut = data[: data.index(b"BERE") + 17]
    found, notes = read(listed(tmp_path, cut))
    assert names(found) == ["MARIA SERAN", "unreadable_row"]
    assert isinstance(found[1], Unreadable)
    assert "segment 18 of the file" in found[1].refusal.message
    assert notes["missing_segment:UNZ"] == 1


def test_a_segment_that_cannot_be_read_refuses_its_person_and_no_other(tmp_path: Path) -> None:
    broken = [*person("BERE:ANA")[:2], "D\x01M+329:900101", *person()[3:]]
    found, _ = read(listed(tmp_path, written(interchange(message([person(), broken, person("KLAU:EVA")])))))
    assert names(found) == ["MARIA SERAN", "unreadable_row", "EVA KLAU"]


def test_a_person_whose_beginning_is_lost_is_not_made_part_of_the_one_before(tmp_path: Path) -> None:
    headless = ["N?D+FL+++BERE:ANA", *person()[1:]]
    found, notes = read(listed(tmp_path, written(interchange(message([person(), headless, person("KLAU:EVA")])))))
    assert names(found) == ["MARIA SERAN", "unreadable_row", "EVA KLAU"]
    assert notes == Counter()
    lost = person()[1:]
    found, notes = read(listed(tmp_path, written(interchange(message([person(), lost, person("KLAU:EVA")])))))
    assert names(found) == ["unreadable_row", "EVA KLAU"]
    assert notes["count_differs:CNT"] == 1


def test_a_person_of_whom_nothing_is_said_is_refused_with_the_segment(tmp_path: Path) -> None:
    path = listed(tmp_path, written(interchange(message([person(), ["NAD+FL", "NAT+2+IDN"]]))))
    result = dry(path)
    assert {r.value: n for r, n in result.refused.items()} == {"no_identity": 1}
    assert result.refused_file is not None
    assert result.refused_file.read_text().splitlines()[1].startswith("17,no_identity,")


@pytest.mark.parametrize("function", ["BGM+745+XR", "BGM+266+CLNB", "BGM+250+XF"])
def test_who_does_not_travel_is_no_crossing(tmp_path: Path, function: str) -> None:
    data = written(interchange(message([person()], head=(function,))))
    assert names(read(listed(tmp_path, data))[0]) == ["unreadable_row"]


def test_messages_of_other_kinds_are_refused_and_so_are_their_people(tmp_path: Path) -> None:
    other = [segment.replace("PAXLST", "CUSRES") for segment in message([person()], reference="M0")]
    found, _ = read(listed(tmp_path, written(interchange(other, message([person("BERE:ANA")])))))
    assert names(found) == ["unreadable_row", "unreadable_row", "ANA BERE"]


@pytest.mark.parametrize(
    ("characters", "encoding", "name"),
    [
        ("UNOC", "iso8859-1", "D'ÉÇU"), ("UNOD", "iso8859-2", "ŁÓDŹ"), ("UNOE", "iso8859-5", "ИВАНОВ"),
        ("UNOF", "iso8859-7", "ΑΘΗΝΑ"), ("UNOK", "iso8859-9", "ŞAHİN"), ("UNOL", "iso8859-15", "ŒUVRE"),
        ("UNOW", "utf-8", "李小龍"), ("UNOX", "iso2022_jp", "山田"), ("UNOY", "utf-8", "محمد"),
        ("UNOA", "utf-8", "JOSÉ"), ("UNOB", "latin-1", "JOSÉ"), ("UNOZ", "cp1252", "ŽENA"),
    ],
)  # fmt: skip
def test_the_character_set_is_that_of_the_interchange(
    tmp_path: Path, characters: str, encoding: str, name: str
) -> None:
    data = written(
        interchange(message([person(f"{name.replace(chr(39), '?' + chr(39))}:A")]), characters=characters),
        encoding=encoding,
    )
    (row,) = rows(listed(tmp_path, data))
    assert row.cells["name"] == f"A {name}"
    assert bool(row.warnings) is (characters in ("UNOA", "UNOB", "UNOZ"))


def test_a_list_in_utf_16_is_read(tmp_path: Path) -> None:
    data = written(interchange(message([person("李:A")]), characters="UNOY"), encoding="utf-16")
    assert names(read(listed(tmp_path, data))[0]) == ["A 李"]


def test_every_leg_is_known_and_a_border_comes_before_ports_at_home(tmp_path: Path) -> None:
    legs = (
        "TDT+20+KM1+1", "LOC+92+IDTRK", "DTM+189:2611030600:201", "LOC+92+IDNNX", "DTM+232:2611030800:201",
        "TDT+20+KM1+1", "LOC+125+IDNNX", "DTM+189:2611030930:201", "LOC+87+MYTWU", "DTM+232:2611031130:201",
    )  # fmt: skip
    through = [*person(), "LOC+178+IDTRK", "LOC+179+MYTWU"]
    home = [*person("BERE:ANA"), "LOC+178+IDTRK", "LOC+179+IDNNX"]
    found = rows(listed(tmp_path, written(interchange(message([through, home], voyage=legs)))))
    assert [(r.cells["checkpoint_id"], r.cells["direction"], r.cells["occurred_at"][11:16]) for r in found] == [
        ("ID-65-NNT", "out", "09:30"), ("ID-65-MLD", "domestic", "06:00"),
    ]  # fmt: skip
    back = ["TDT+20+KM1+1", "LOC+125+MYTWU", "DTM+189:2611030900:201", "LOC+87+IDNNX", "DTM+232:2611031100:201"]
    (row,) = rows(listed(tmp_path, written(interchange(message([person()], voyage=back)))))
    assert (row.cells["direction"], row.cells["occurred_at"]) == ("in", "2026-11-03T11:00:00+08:00")


def test_a_list_that_names_no_known_port_needs_the_checkpoint(tmp_path: Path) -> None:
    voyage = [s.replace("IDNNX", "XXXXX") for s in VOYAGE]
    path = listed(tmp_path, written(interchange(message([person(), person("BERE:ANA")], voyage=voyage))))
    result = dry(path)
    assert (result.read, result.accepted) == (2, 0)
    assert {r.value for r in result.refused} == {"unknown_checkpoint"}
    assert result.refused_file is not None
    assert "--checkpoint" in result.refused_file.read_text()
    assert dry(path, JETTY).accepted == 2


def test_a_birth_date_of_two_digits_lies_before_the_journey(tmp_path: Path) -> None:
    people = [person(born=born) for born in ("261102", "261104", "000229", "20000229")]
    assert [r.cells["birth_date"] for r in rows(listed(tmp_path, written(interchange(message(people)))))] == [
        "2026-11-02", "1926-11-04", "2000-02-29", "2000-02-29",
    ]  # fmt: skip


def test_an_american_list_of_2002_is_read(tmp_path: Path) -> None:
    data = written(
        [
            "UNB+UNOA:1+A:NZ+USCS:US+020131:2359+1", "UNH+1+PAXLST:001:000:NZ+SA812/020131/2300",
            "CTA+IC+:FRED? SAMPLES", "TDT++SA812+40+SA", "LOC+005+IDBTH:50", "DTM+136+020131+1030+M05",
            "LOC+008+SGSIN:50", "DTM+132+020131+1200+M05", "UNS+D",
            "PDT+P/182345345:990909:US+MANGUS:SIMON:P:590429:M+PAX+IDBTH:SGSIN",
            "PDT+P/E54321A:980831:IE+O?'LEARY:KRIS:ANN:331231:F+PAX+IDBTH:SGSIN", "UNT+11+1", "UNZ+1+1",
        ]
    )  # fmt: skip
    simon, kris = rows(listed(tmp_path, data))
    assert (simon.cells["name"], simon.cells["nationality"], simon.cells["expires_on"]) == (
        "SIMON P MANGUS", "USA", "1999-09-09",
    )  # fmt: skip
    assert (kris.cells["name"], kris.cells["birth_date"]) == ("KRIS ANN O'LEARY", "1933-12-31")
    assert simon.cells["occurred_at"] == "2002-01-31T10:30:00+07:00"


def test_a_list_without_people_is_no_failure(tmp_path: Path) -> None:
    result = dry(listed(tmp_path, written(interchange(message([])))))
    assert (result.exit_code, result.read, dict(result.warnings)) == (0, 0, {})


def test_a_list_is_not_taken_for_registrations() -> None:
    with pytest.raises(Exception, match="publish it as crossings"), open_table(GOLDEN, DEPARTURES):
        pass


@pytest.mark.parametrize(
    ("direction", "at"), [(Direction.OUT, "09:30"), (Direction.IN, "18:00"), (Direction.DOMESTIC, "09:30")]
)
def test_the_direction_that_is_told_says_which_end_of_an_unknown_voyage_is_meant(
    tmp_path: Path, direction: Direction, at: str
) -> None:
    """A round trip to a port of which nothing is known."""
    voyage = (
        "TDT+20+KM1+4", "LOC+125+IDNNX", "DTM+189:2611030930:201", "LOC+87+QQQ", "DTM+232:2611031130:201",
        "TDT+20+KM1+4", "LOC+125+QQQ", "DTM+189:2611031600:201", "LOC+87+IDNNX", "DTM+232:2611031800:201",
    )  # fmt: skip
    path = listed(tmp_path, written(interchange(message([person()], voyage=voyage))))
    (row,) = rows(path, Hints(direction=direction))
    assert (row.cells["direction"], row.cells["occurred_at"][11:16]) == (direction.value, at)
    (refused,) = read(path)[0]
    assert isinstance(refused, Unreadable)
    assert "--direction" in refused.refusal.message
