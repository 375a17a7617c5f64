"""Laws 6 and 7 on the pure parts of the publisher and the loader."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from producers.crossings import read_crossing
from producers.departures import read_departure
from producers.reports import read_report
from producers.rows import Row
from schemas.codec import encode
from schemas.errors import RecordRejected
from schemas.identity import LinkageKey, write_td3
from schemas.records import CommunityReport, Departure, Heartbeat, TransitEvent
from schemas.topics import ASSESSMENTS, DEPARTURES, transit_topic
from schemas.vocabulary import Sex
from sinks.batch import Batch
from sinks.tables import Place
from streams.casebook import Casebook
from streams.policy import shipped_policy
from tests.people import admitted
from tests.strategies import worlds

KEY = LinkageKey("test", b"a test key of thirty-two bytes..")
BORN = date(1998, 5, 17)
names = st.sampled_from(["ZULKARNAIN QODRI", "XAVERIA WUNDA", "VERONIKA KWAITAU"])
niks = st.integers(9000, 9999).map(lambda serial: f"539999570598{serial}")
passports = st.integers(1_000_000, 9_999_999).map(lambda number: f"XX{number}")
phones = st.integers(10**7, 10**8 - 1).map(lambda number: f"0812{number}")
TEXT_COLUMNS = ("carrier", "service_no", "from_place", "to_place", "issue_office", "destination_place", "device_id")


@st.composite
def raw_rows(draw: st.DrawFn) -> tuple[dict[str, str], set[str]]:
    """A crossing's cells, some of its free text repeating what identifies the traveller, and all that may not pass."""
    name, nik, passport, phone = draw(names), draw(niks), draw(passports), draw(phones)
    surname, given_names = name.split()
    zone = write_td3(
        number=passport,
        surname=surname,
        given_names=given_names,
        birth_date=BORN,
        sex=Sex.F,
        expires_on=date(2030, 1, 1),
    )
    cells = {
        "checkpoint_id": "ID-21-BTC",
        "occurred_at": "2026-11-03T09:30:00+07:00",
        "direction": "out",
        "document_type": "passport",
        "document_number": passport,
        "nik": nik,
        "kk": nik,
        "name": name,
        "birth_date": BORN.isoformat(),
        "sex": "F",
        "payer": phone,
        "booking": passport,
        "party": nik,
        "mrz": zone,
        "purpose": draw(st.sampled_from(["work", name, nik])),
    }
    secret = st.sampled_from([name, nik, passport, phone, name.lower(), f"{nik[:8]} {nik[8:]}"])
    for column in draw(st.sets(st.sampled_from(TEXT_COLUMNS))):
        cells[column] = f"{draw(st.sampled_from(['', 'milik ', 'No. ']))}{draw(secret)}"
    if draw(st.booleans()):
        cells["event_id"] = f"ev-{draw(secret)}"
    return cells, {name, nik, passport, phone, surname, f"62{phone[1:]}"}


def assert_absent(data: bytes, secrets: set[str]) -> None:
    text = data.decode().upper()
    squeezed = "".join(c for c in text if c.isalnum())
    for secret in secrets:
        assert secret.upper() not in text
        assert "".join(c for c in secret.upper() if c.isalnum()) not in squeezed


@given(raw_rows())
def test_law_6_no_identity_passes(raw: tuple[dict[str, str], set[str]]) -> None:
    """Neither a record nor a refusal holds the NIK, the passport number, the name or the phone of its row."""
    cells, secrets = raw
    row = Row(line=2, cells=cells, original=())
    try:
        message, warnings = read_crossing(row, key=KEY, province=None)
    except RecordRejected as error:
        assert_absent(str(error).encode(), secrets)
        return
    assert_absent(encode(message.record) + (message.key or b"") + message.identifier.encode(), secrets)
    assert_absent(" ".join(warnings).encode(), secrets)


@given(names, niks, passports)
def test_law_6_holds_for_registrations_and_reports(name: str, nik: str, passport: str) -> None:
    """The same for the other files of partners."""
    person = {"name": name, "nik": nik, "passport": passport, "birth_date": BORN.isoformat()}
    registration = {
        "departure_id": "D1",
        "event": "registered",
        "source": "LTSA",
        "issued_at": "2026-10-01T08:00:00+08:00",
        "training_institution": f"BLK {name}",
    }
    report = {"case_id": "C1", "reported_at": "2026-10-01T08:00:00+08:00"}
    made, _ = read_departure(Row(line=2, cells=person | registration, original=()), key=KEY)
    seen, _ = read_report(Row(line=2, cells=person | report, original=()), key=KEY)
    for message in [*made, seen]:
        assert_absent(encode(message.record), {name, nik, passport})


def log_of(world: list[Any]) -> list[tuple[bytes | None, bytes, Place]]:
    """The log that a world leaves: its facts, and what a matcher says of them, each at its place."""
    log, book = [], Casebook(shipped_policy())
    for fact in world:
        if isinstance(fact, TransitEvent):
            topic, key = transit_topic(fact.province), fact.block
        elif isinstance(fact, Departure | Heartbeat):
            topic, key = DEPARTURES, getattr(fact, "block", None)
        else:
            assert isinstance(fact, CommunityReport)
            continue
        log.append((topic, key, encode(fact)))
    for fact in admitted(*world):
        log += [(ASSESSMENTS, a.block, encode(a)) for a in book.assess(book.remember([fact]))]
    return [
        (key.encode() if key else None, value, Place(topic=topic, partition=0, offset=i, timestamp_ms=1000 + i))
        for i, (topic, key, value) in enumerate(log)
    ]


def content(log: list[tuple[bytes | None, bytes, Place]]) -> dict[str, set[str]]:
    """The rows of every table as sets: what a table that replaces by its key ends with."""
    batch = Batch()
    for key, value, place in log:
        batch.add(key, value, place)
    return {table: {repr(line.row) for line in lines} for table, lines in batch.filled().items()}


@given(worlds, st.randoms(use_true_random=False))
def test_law_7_the_store_can_be_rebuilt(world: list[Any], chance: random.Random) -> None:
    """Rows are a function of a record and its place: doubled or in another order, the content is the same."""
    log = log_of(world)
    assume(log)
    again = log + chance.sample(log, chance.randint(0, len(log)))
    chance.shuffle(again)
    assert content(again) == content(log)
