"""What a row says of a person becomes tokens and remarks, and nothing raw comes out."""

from __future__ import annotations

from datetime import date

import pytest

from producers.crossings import read_crossing
from producers.departures import read_departure
from producers.heartbeats import read_heartbeat
from producers.reports import read_report
from producers.rows import Row
from schemas.codec import decode_fact, encode
from schemas.errors import Reason, RecordRejected
from schemas.identity import LinkageKey, TokenKind, block, name_code, token, weak_block, write_td3
from schemas.records import CommunityReport, Departure, TransitEvent
from schemas.vocabulary import DocumentType, Mode, Province, Purpose, Sex

KEY = LinkageKey("test", b"a test key of thirty-two bytes..")
BORN = date(1998, 5, 17)
NIK = "5399995705989001"
BASE = {
    "event_id": "e1",
    "checkpoint_id": "ID-21-BTC",
    "occurred_at": "2026-11-03T09:30:00+07:00",
    "direction": "out",
    "document_type": "passport",
    "document_number": "XX 1234567",
    "nik": NIK,
    "name": "Maria Goreti Seran",
    "birth_date": "1998-05-17",
    "sex": "F",
    "nationality": "IDN",
}
DEPARTURE = {
    "departure_id": "D1",
    "event": "registered",
    "source": "LTSA",
    "name": "Maria Goreti Seran",
    "birth_date": "1998-05-17",
    "passport": "XX1234567",
    "issued_at": "2026-10-01T08:00:00+08:00",
}


def row(base: dict[str, str], changes: dict[str, str | None]) -> Row:
    cells = {name: value for name, value in {**base, **changes}.items() if value is not None}
    return Row(line=2, cells=cells, original=())


def crossing(province: Province | None = None, **changes: str | None) -> TransitEvent:
    message, _ = read_crossing(row(BASE, changes), key=KEY, province=province)
    event = message.record
    assert isinstance(event, TransitEvent)
    assert decode_fact(message.topic, message.key, encode(event)) == event
    return event


def warnings(**changes: str | None) -> tuple[str, ...]:
    return read_crossing(row(BASE, changes), key=KEY, province=None)[1]


def refusal(**changes: str | None) -> RecordRejected:
    with pytest.raises(RecordRejected) as caught:
        read_crossing(row(BASE, changes), key=KEY, province=None)
    for value in changes.values():
        assert not value or len(value) < 4 or value not in str(caught.value)
    return caught.value


def copies(**changes: str | None) -> list[Departure]:
    messages, _ = read_departure(row(DEPARTURE, changes), key=KEY)
    found = [message.record for message in messages]
    assert all(decode_fact(m.topic, m.key, encode(m.record)) == m.record for m in messages)
    return [one for one in found if isinstance(one, Departure)]


def zone(**changes: object) -> str:
    fields: dict[str, object] = {
        "number": "XX1234567",
        "surname": "SERAN",
        "given_names": "MARIA GORETI",
        "birth_date": BORN,
        "sex": Sex.F,
        "expires_on": date(2030, 1, 1),
    }
    return write_td3(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_crossing_carries_tokens_and_what_the_nik_says() -> None:
    event = crossing()
    assert event.document.token == token(KEY, TokenKind.PASSPORT, "xx1234567")
    assert event.nik_token == token(KEY, TokenKind.NIK, NIK)
    assert event.name_code == name_code(KEY, BORN, "MARIA GORETI SERAN")
    assert event.block == block(KEY, BORN)
    assert (event.origin_region, event.nik_birth_year, event.birth_year, event.age_years) == ("539999", 1998, 1998, 28)
    text = encode(event).decode().upper()
    assert not any(raw in text for raw in ("SERAN", "1234567", NIK, "1998-05-17"))


def test_age_is_counted_on_the_local_day_of_the_checkpoint() -> None:
    # 16 May 17:30 UTC is the birthday already in Batam (+7)
    assert crossing(occurred_at="2026-05-16T17:30:00+00:00").age_years == 28
    assert crossing(occurred_at="2026-05-16T16:30:00+00:00").age_years == 27


def test_a_machine_readable_zone_fills_what_the_row_lacks() -> None:
    event = crossing(mrz=zone(), document_number=None, name=None, birth_date=None, sex=None, nationality=None)
    whole = crossing()
    assert (event.document.token, event.name_code, event.block) == (whole.document.token, whole.name_code, whole.block)
    assert (event.sex, event.nationality, event.document.mrz_ok) == (Sex.F, "IDN", True)
    assert event.document.expires_on == date(2030, 1, 1)
    assert event.identity_quality[-1] == "birth_date_from_mrz"


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "XX7654321"},
        {"birth_date": date(1999, 5, 17)},
        {"sex": Sex.M},
        {"nationality": "MYS"},
        {"surname": "BERE", "given_names": "YOHANES"},
    ],
)
def test_a_zone_that_contradicts_the_row_is_remarked_and_the_row_wins(changes: dict[str, object]) -> None:
    event = crossing(mrz=zone(**changes))
    assert "mrz_contradicts_row" in event.identity_quality
    assert event.document.token == token(KEY, TokenKind.PASSPORT, "XX1234567")
    assert event.block == block(KEY, BORN)


def test_a_zone_whose_digits_fail_is_remarked() -> None:
    event = crossing(mrz=zone()[:-1] + "x")
    assert event.document.mrz_ok is False
    assert "mrz_check_failed" in event.identity_quality
    assert "mrz_unreadable" in crossing(mrz="nothing").identity_quality


@pytest.mark.parametrize(
    ("changes", "quality"),
    [
        ({"nik": "123"}, "nik_invalid"),
        ({"sex": "M"}, "sex_contradicts_nik"),
        ({"birth_date": "1997-05-17"}, "birth_date_contradicts_nik"),
        ({"birth_date": None}, "birth_date_from_nik"),
        ({"birth_date": None, "nik": None}, "no_birth_date"),
        ({"document_number": "---"}, "document_number_invalid"),
        ({"document_number": "X" * 21}, "document_number_invalid"),
        ({"document_number": "12"}, "document_number_atypical"),
        ({"name": None}, "no_name"),
    ],
)
def test_a_weak_identity_is_remarked_and_never_refused(changes: dict[str, str | None], quality: str) -> None:
    assert quality in crossing(**changes).identity_quality


def test_a_ktp_number_is_a_nik() -> None:
    event = crossing(document_type="ktp", document_number=NIK, nik=None)
    assert event.document.type is DocumentType.KTP
    assert event.document.token == event.nik_token == token(KEY, TokenKind.NIK, NIK)
    assert event.origin_region == "539999"


def test_without_a_birth_date_the_block_is_of_the_strongest_document_and_then_of_the_name() -> None:
    passport = token(KEY, TokenKind.PASSPORT, "XX1234567")
    assert passport is not None
    assert crossing(birth_date=None, nik=None).block == weak_block(KEY, passport)
    code = name_code(KEY, None, "MARIA GORETI SERAN")
    assert code is not None
    assert crossing(birth_date=None, nik=None, document_number=None).block == weak_block(KEY, code)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("checkpoint_id", None, Reason.MISSING_FIELD),
        ("checkpoint_id", "ID-99-XXX", Reason.UNKNOWN_CHECKPOINT),
        ("occurred_at", "2026-11-03T09:30:00", Reason.NAIVE_TIME),
        ("occurred_at", "2026-12-09", Reason.BAD_TIME),
        ("occurred_at", "03/11/2026 09:30", Reason.BAD_TIME),
        ("occurred_at", "1899-12-30T00:00:00+07:00", Reason.OUT_OF_RANGE),
        ("direction", None, Reason.MISSING_FIELD),
        ("direction", "sideways", Reason.UNKNOWN_VALUE),
        ("birth_date", "31/12/1998", Reason.BAD_DATE),
        ("birth_date", "1998-02-30", Reason.BAD_DATE),
        ("birth_date", "1899-12-31", Reason.OUT_OF_RANGE),
        ("birth_date", "2026-11-04", Reason.OUT_OF_RANGE),
        ("expires_on", "2026-02-30", Reason.BAD_DATE),
        ("nationality", "QQQ", Reason.UNKNOWN_VALUE),
        ("destination_country", "QQ", Reason.UNKNOWN_VALUE),
        ("sequence", "minus one", Reason.WRONG_TYPE),
        ("sequence", "99999999999999999999", Reason.OUT_OF_RANGE),
        ("carrier", "x" * 201, Reason.TOO_LONG),
        ("carrier", "MV\x07Purnama", Reason.CONTROL_CHARACTER),
        ("event_id", f"ev-{NIK}", Reason.RAW_IDENTITY),
        ("event_id", "5399-9941-0590-9002", Reason.RAW_IDENTITY),
        ("event_id", "ev XX1234567", Reason.RAW_IDENTITY),
        ("event_id", "seran-maria-goreti", Reason.RAW_IDENTITY),
        ("device_id", NIK, Reason.RAW_IDENTITY),
        ("sequence", NIK, Reason.RAW_IDENTITY),
    ],
)
def test_a_bad_cell_refuses_its_row_by_column_and_reason(field: str, value: str | None, reason: Reason) -> None:
    found = refusal(**{field: value})
    assert (found.reason, found.field) == (reason, field)


def test_nobody_at_all_is_no_identity() -> None:
    assert refusal(name=None, document_number=None, nik=None).reason is Reason.NO_IDENTITY


def test_another_provinces_checkpoint_is_refused() -> None:
    assert crossing(Province.KEPRI).province is Province.KEPRI
    with pytest.raises(RecordRejected, match="kalbar") as caught:
        crossing(Province.KALBAR)
    assert caught.value.reason is Reason.WRONG_PROVINCE


def test_words_do_not_mind_case_and_unknown_ones_are_kept_as_other() -> None:
    event = crossing(mode="SEA", purpose="Return to work", nationality="wni", destination_country="mys")
    assert (event.mode, event.purpose) == (Mode.SEA, Purpose.RETURN_TO_WORK)
    assert (event.nationality, event.destination_country) == ("IDN", "MY")
    odd = crossing(mode="canoe", purpose="fun", sex="?", officer_action="waved", document_type="laissez-passer")
    assert (odd.mode, odd.purpose, odd.sex) == (Mode.OTHER, Purpose.OTHER, Sex.X)
    assert odd.document.type is DocumentType.OTHER
    assert warnings(mode="canoe", sex="?") == ("unknown_word:sex", "unknown_word:mode")


@pytest.mark.parametrize(
    "text",
    [
        f"ktp {NIK}",
        "5399 9941 0590 9002",
        "pass XX-1234567",
        "for MARIA GORETI SERAN",
        "Seran, Maria Goreti",
        "call +62 812-3456-789",
        "0812 3456 7890",
        "kk 5399990101010001",
        "P<IDNSERAN<<MARIA",
        "maria@example.org",
    ],
)
@pytest.mark.parametrize("column", ["carrier", "service_no", "destination_place", "issue_office", "to_place"])
def test_free_text_that_holds_an_identity_is_withheld(column: str, text: str) -> None:
    event = crossing(**{column: text}, payer="0812-3456-789")
    assert "text_withheld" in event.identity_quality
    assert text not in encode(event).decode()


def test_one_rare_word_of_the_name_is_withheld_and_a_common_one_is_not() -> None:
    """A family name points at its bearer; KM MARIA is a ship that carries many Marias."""
    rare = crossing(name="Maria Kwaitau", destination_place="rumah Kwaitau")
    assert rare.destination_place is None
    assert crossing(name="Maria Kwaitau", carrier="KM MARIA").carrier == "KM MARIA"


@pytest.mark.parametrize("text", ["MV Dumai Express 8", "KM 1234567", "Jl. Sudirman 12, Johor", "GA-204/2026-11-03"])
def test_plain_text_is_published(text: str) -> None:
    assert crossing(carrier=text).carrier == text


def test_the_same_row_has_the_same_event_id_and_a_key_is_needed_to_make_it() -> None:
    one, other = crossing(event_id=None), crossing(event_id=None, name="MARIA SERAN")
    assert one.event_id == crossing(event_id=None).event_id != other.event_id
    elsewhere, _ = read_crossing(row(BASE, {"event_id": None}), key=LinkageKey("test", b"z" * 32), province=None)
    assert isinstance(elsewhere.record, TransitEvent)
    assert elsewhere.record.event_id != one.event_id


def test_cash_is_no_payer() -> None:
    assert crossing(payer="TUNAI").payer_token is None
    assert crossing(payer="0812-3456-789").payer_token == crossing(payer="+62 812 3456 789").payer_token is not None


def test_a_departure_is_published_under_every_block_a_crossing_may_have() -> None:
    found = copies(nik="5399995605989001", previous_passports="XX7654321; XX1111111")
    blocks = {one.block: one.name_code for one in found}
    passport = token(KEY, TokenKind.PASSPORT, "XX7654321")
    assert passport is not None
    assert blocks[block(KEY, BORN)] == name_code(KEY, BORN, DEPARTURE["name"])
    assert blocks[block(KEY, date(1998, 5, 16))] == name_code(KEY, date(1998, 5, 16), DEPARTURE["name"])
    assert blocks[weak_block(KEY, passport)] == name_code(KEY, None, DEPARTURE["name"])
    near = [one for one in found if "near_birth_date" in one.identity_quality]
    assert len(found) - len(near) == 6
    assert "birth_date_contradicts_nik" in found[0].identity_quality


def test_a_departure_is_published_under_the_dates_that_clerks_make_of_a_birth_date() -> None:
    def near(born: str, **changes: str | None) -> set[str | None]:
        found = copies(birth_date=born, nik=None, passport=None, previous_passports=None, **changes)
        assert found[0].block == block(KEY, date.fromisoformat(born))
        assert "near_birth_date" not in found[0].identity_quality
        assert all("near_birth_date" in one.identity_quality for one in found[1:])
        return {one.block for one in found[1:]}

    def blocks(*days: str) -> set[str | None]:
        return {block(KEY, date.fromisoformat(day)) for day in days}

    assert near("1998-05-07") == blocks("1998-07-05", "1997-05-07", "1999-05-07")
    assert near("1998-05-17") == blocks("1997-05-17", "1999-05-17")
    assert near("1998-05-05") == blocks("1997-05-05", "1999-05-05")
    assert near("1996-02-29") == set()
    assert near("1998-01-01") == near("1998-12-31") == near("1998-07-01") == set()


def test_a_departure_under_two_dates_keeps_its_own_beside_the_near_ones() -> None:
    # the NIK says the year before: that copy is the worker's own, not a slip
    found = copies(nik="5399995705979001", passport=None, previous_passports=None)
    own = [one.block for one in found if "near_birth_date" not in one.identity_quality]
    assert block(KEY, BORN) in own
    assert block(KEY, date(1997, 5, 17)) in own
    assert len({one.block for one in found}) == len(found)


def test_a_departure_without_any_birth_date_also_goes_everywhere() -> None:
    assert [one.block is None for one in copies(birth_date=None)] == [False, True]


def test_papers_are_there_when_their_cell_is_filled() -> None:
    readiness = copies(certificate="2026-09-01", opp="7", health="tidak")[0].readiness
    assert (readiness.certificate, readiness.opp, readiness.health, readiness.visa) == (True, True, False, None)


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"source": "DISNAKER"}, Reason.UNKNOWN_VALUE, "source"),
        ({"name": None}, Reason.MISSING_FIELD, "name"),
        ({"departure_id": "D-XX1234567"}, Reason.RAW_IDENTITY, "departure_id"),
        ({"valid_from": "2026-05-01", "valid_to": "2026-04-01"}, Reason.OUT_OF_RANGE, "valid_to"),
        ({"revision": "two"}, Reason.WRONG_TYPE, "revision"),
    ],
)
def test_a_bad_departure_is_refused(changes: dict[str, str | None], reason: Reason, field: str) -> None:
    with pytest.raises(RecordRejected) as caught:
        copies(**changes)
    assert (caught.value.reason, caught.value.field) == (reason, field)


def test_a_heartbeat_is_for_every_partition() -> None:
    cells = {"source": "g2g", "complete_up_to": "2026-11-03T00:00:00Z"}
    message, _ = read_heartbeat(Row(line=2, cells=cells, original=()))
    assert message.key is None


def test_a_report_is_under_the_persons_block_or_everywhere() -> None:
    cells = {"case_id": "C1", "reported_at": "2026-11-03T09:30:00+08:00", "name": "MARIA SERAN", "kind": "lost"}
    message, warned = read_report(Row(line=2, cells=cells, original=()), key=KEY)
    assert isinstance(message.record, CommunityReport)
    assert (message.key, message.record.name_code) == (None, name_code(KEY, None, "MARIA SERAN"))
    assert warned == ("unknown_word:kind",)
    message, _ = read_report(Row(line=2, cells={**cells, "birth_date": "1998-05-17"}, original=()), key=KEY)
    assert message.key == block(KEY, BORN).encode()
