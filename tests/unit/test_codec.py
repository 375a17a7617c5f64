"""Bytes that are no record are refused with the right reason, and no value of theirs passes into the refusal."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from schemas.codec import MAX_RECORD_BYTES, decode, decode_fact, encode
from schemas.errors import MEND, Reason, RecordRejected
from schemas.records import Departure, Heartbeat, TransitEvent
from tests.people import NUNUKAN, crossing, departure, heartbeats, report

EVENT = crossing()
KEY = EVENT.block.encode()
SECRET = "5371991705989001"


def changed(**fields: Any) -> bytes:
    return json.dumps(json.loads(encode(EVENT)) | fields).encode()


def without(name: str) -> bytes:
    body = json.loads(encode(EVENT))
    del body[name]
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    ("value", "reason", "field"),
    [
        (None, Reason.EMPTY, ""),
        (b" \n", Reason.EMPTY, ""),
        (b"x" * (MAX_RECORD_BYTES + 1), Reason.TOO_LARGE, ""),
        (b"{" + b"\xff" * 9 + b"}", Reason.NOT_UTF8, ""),
        (encode(EVENT)[:-20], Reason.NOT_JSON, ""),
        (b"\x00\x01\x02binary", Reason.NOT_JSON, ""),
        (b"[" * 5000, Reason.NOT_JSON, ""),
        (b"[1, 2]", Reason.NOT_AN_OBJECT, ""),
        (b'"text"', Reason.NOT_AN_OBJECT, ""),
        (without("event_id"), Reason.MISSING_FIELD, "event_id"),
        (without("block"), Reason.MISSING_FIELD, "block"),
        (changed(occurred_at="2026-03-02T02:00:00"), Reason.NAIVE_TIME, "occurred_at"),
        (changed(occurred_at="yesterday"), Reason.BAD_TIME, "occurred_at"),
        (changed(occurred_at=1772416800), Reason.BAD_TIME, "occurred_at"),
        (changed(occurred_at="9999-03-02T02:00:00Z"), Reason.OUT_OF_RANGE, "occurred_at"),
        (changed(direction="sideways"), Reason.UNKNOWN_VALUE, "direction"),
        (changed(province="ntt"), Reason.UNKNOWN_VALUE, "province"),
        (changed(age_years=500), Reason.OUT_OF_RANGE, "age_years"),
        (changed(sequence="seven"), Reason.WRONG_TYPE, "sequence"),
        (changed(nik_token=SECRET), Reason.BAD_TOKEN, "nik_token"),
        (changed(document={"type": "passport", "token": SECRET}), Reason.BAD_TOKEN, "document.token"),
        (changed(document={"type": "passport", "issued_on": "31/12/2025"}), Reason.BAD_DATE, "document.issued_on"),
        (changed(carrier="x" * 201), Reason.TOO_LONG, "carrier"),
        (changed(schema_version=99), Reason.UNSUPPORTED_VERSION, "schema_version"),
        (changed(checkpoint_id="ID-21-XXX"), Reason.UNKNOWN_CHECKPOINT, "checkpoint_id"),
        (changed(checkpoint_id=NUNUKAN), Reason.WRONG_PROVINCE, "checkpoint_id"),
    ],
)
def test_what_is_no_crossing_is_refused(value: bytes | None, reason: Reason, field: str) -> None:
    """Each way of being wrong has its code and names its field."""
    with pytest.raises(RecordRejected) as caught:
        decode_fact("transit.kepri", KEY, value)
    assert (caught.value.reason, caught.value.field) == (reason, field)
    assert SECRET not in str(caught.value)
    assert MEND[reason] in str(caught.value)


def test_a_key_that_is_not_the_block_is_refused() -> None:
    """Under a wrong key a crossing would be judged in a lane that does not know its person."""
    for topic, key, record in (
        ("transit.kepri", b"other", EVENT),
        ("transit.kepri", None, EVENT),
        ("departures", b"other", departure()),
        ("departures", KEY, departure(block=None)),
        ("reports", None, report()),
    ):
        with pytest.raises(RecordRejected) as caught:
            decode_fact(topic, key, encode(record))
        assert caught.value.reason is Reason.KEY_MISMATCH


def test_departures_and_heartbeats_share_a_topic() -> None:
    """A heartbeat is known by its fields even where a foreign program left its kind out."""
    beat = heartbeats()[0]
    bare = json.dumps({"source": "LTSA", "complete_up_to": beat.complete_up_to.isoformat()}).encode()
    assert isinstance(decode_fact("departures", None, encode(beat)), Heartbeat)
    assert isinstance(decode_fact("departures", None, bare), Heartbeat)
    assert isinstance(decode_fact("departures", departure().block.encode(), encode(departure())), Departure)


def test_an_unknown_field_is_kept() -> None:
    """A newer partner's field survives an older reader."""
    event = decode(TransitEvent, changed(tomorrow={"a": [1]}))
    assert json.loads(encode(event))["tomorrow"] == {"a": [1]}


def test_a_report_has_no_room_for_the_reporter() -> None:
    """A field beyond the treaty is dropped from a community report, not kept."""
    value = json.dumps(json.loads(encode(report())) | {"reporter_name": "X"}).encode()
    assert b"reporter" not in encode(decode_fact("reports", report().block.encode(), value))


def test_a_refusal_survives_a_process_border() -> None:
    """Reason, text and field are still there after pickling."""
    error = RecordRejected(Reason.BAD_DATE, "no such day", field="issued_on")
    again = pickle.loads(pickle.dumps(error))
    assert (again.reason, again.message, again.field) == (error.reason, error.message, error.field)


def test_every_reason_says_how_to_mend() -> None:
    """The closed list and the list of remedies are one."""
    assert set(MEND) == set(Reason)
