"""Linkage keys: who may read them, what is said of them, and what goes under which while they change."""

from __future__ import annotations

from pathlib import Path

import pytest

from lintas.failing import Failure
from lintas.keys import fingerprint, new_key, read_key, read_keys
from producers.columns import CROSSINGS, DEPARTURES, HEARTBEATS, REPORTS, FileKind
from producers.messages import Message
from producers.reading import read_messages
from producers.rows import Row
from schemas.errors import Reason
from schemas.identity import KeyFileError, LinkageKey
from schemas.records import CommunityReport, Departure, Heartbeat, TransitEvent
from streams.admission import Refused, admit, admit_all
from streams.casebook import Admitted, Casebook
from streams.policy import shipped_policy
from tests.unit.test_admission import LANES, delivered

OLD = LinkageKey("2026-a", b"the old key of thirty-two bytes.")
NEW = LinkageKey("2027-a", b"the new key of thirty-two bytes.")
PERSON = {"name": "MARIA SERAN", "birth_date": "1998-05-17"}
CELLS = {
    CROSSINGS: PERSON
    | {
        "event_id": "E", "checkpoint_id": "ID-65-NNT", "occurred_at": "2026-11-03T09:30:00+08:00", "direction": "out",
        "document_number": "X1234567", "nationality": "IDN", "purpose": "work",
    },
    DEPARTURES: PERSON
    | {
        "departure_id": "D", "event": "registered", "source": "BP3MI", "issued_at": "2026-10-03T09:30:00+08:00",
        "passport": "X1234567", "planned_date": "2026-11-03",
    },
    REPORTS: PERSON | {"case_id": "C", "reported_at": "2026-11-03T09:30:00+08:00"},
    HEARTBEATS: {"source": "BP3MI", "complete_up_to": "2026-11-03T09:30:00+08:00"},
}  # fmt: skip


def messages(kind: FileKind, *keys: LinkageKey) -> list[Message]:
    found, _ = read_messages(Row(line=1, cells=CELLS[kind], original=()), kind, province=None, keys=keys)
    return found


def test_a_key_file_is_for_its_owner_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "2027.key"
    assert new_key(path, "2027-a")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0
    before = path.read_text()
    assert not new_key(path, "2028-a")
    assert path.read_text() == before
    with pytest.raises(KeyFileError):
        new_key(tmp_path / "other.key", "a key")
    assert not (tmp_path / "other.key").exists()


def test_a_fingerprint_tells_keys_apart_and_not_the_secret(tmp_path: Path) -> None:
    assert new_key(tmp_path / "a", "k")
    assert new_key(tmp_path / "b", "k")
    one, two = read_key(tmp_path / "a"), read_key(tmp_path / "b")
    assert fingerprint(one) == fingerprint(read_key(tmp_path / "a")) != fingerprint(two)
    assert one.secret.hex()[:4] not in fingerprint(one).split("-")


def test_two_keys_of_one_id_are_refused(tmp_path: Path) -> None:
    for name in "ab":
        new_key(tmp_path / name, "k")
    with pytest.raises(Failure, match="same key id"):
        read_keys([tmp_path / "a", tmp_path / "b"])


def test_crossings_go_under_the_first_key_alone_and_what_they_meet_under_each() -> None:
    assert [m.record.key_id for m in messages(CROSSINGS, OLD, NEW) if isinstance(m.record, TransitEvent)] == ["2026-a"]
    copies = [m.record for m in messages(DEPARTURES, OLD, NEW)]
    alone = [m.record for key in (OLD, NEW) for m in messages(DEPARTURES, key)]
    assert copies == alone
    assert {r.key_id for r in copies if isinstance(r, Departure)} == {"2026-a", "2027-a"}
    reports = [m.record for m in messages(REPORTS, OLD, NEW)]
    assert [r.key_id for r in reports if isinstance(r, CommunityReport)] == ["2026-a", "2027-a"]
    assert len(messages(HEARTBEATS, OLD, NEW)) == 1


@pytest.mark.parametrize("key", [OLD, NEW])
def test_while_keys_change_a_crossing_under_either_meets_the_registration(key: LinkageKey) -> None:
    """On the core itself: whichever key a province has, the registration lies under it."""
    facts = [m.record for m in messages(DEPARTURES, OLD, NEW)] + [m.record for m in messages(CROSSINGS, key)]
    for order in (facts, facts[::-1]):
        book = Casebook(shipped_policy())
        (verdict,) = book.assess(book.remember([Admitted(f, bytes([i]) * 16) for i, f in enumerate(order)]))
        assert (verdict.departure_id, verdict.tier) == ("D", "passport")


def test_without_the_overlap_it_does_not() -> None:
    facts = [m.record for m in messages(DEPARTURES, OLD)] + [m.record for m in messages(CROSSINGS, NEW)]
    book = Casebook(shipped_policy())
    (verdict,) = book.assess(book.remember([Admitted(f, bytes([i]) * 16) for i, f in enumerate(facts)]))
    assert verdict.departure_id is None


@pytest.mark.parametrize("kind", [CROSSINGS, DEPARTURES, REPORTS])
def test_a_record_under_a_key_that_is_not_known_is_refused_with_its_own_code(kind: FileKind) -> None:
    (message, *_) = messages(kind, OLD)
    delivery = delivered(message.record, message.topic)
    for known in (frozenset({"2026-a"}), frozenset({"2027-a", "2026-a"}), frozenset()):
        assert isinstance(admit(delivery, LANES, known), Admitted)
        assert len(admit_all([delivery], LANES, known)[0]) == 1
    refused = admit(delivery, LANES, frozenset({"2027-a"}))
    assert isinstance(refused, Refused)
    assert refused.record.reason is Reason.UNKNOWN_KEY_ID
    assert refused.record.payload_base64
    assert admit_all([delivery], LANES, frozenset({"2027-a"})) == ([], [refused])


def test_a_block_of_another_key_than_the_record_names_is_refused() -> None:
    (message,) = messages(CROSSINGS, OLD)
    delivery = delivered(message.record.model_copy(update={"key_id": "2027-a"}), message.topic)
    known = frozenset({"2026-a", "2027-a"})
    result = admit(delivery, LANES, known)
    assert isinstance(result, Refused)
    assert result.record.reason is Reason.UNKNOWN_KEY_ID
    assert admit_all([delivery], LANES, known) == ([], [result])


def test_heartbeats_are_under_no_key() -> None:
    (message,) = messages(HEARTBEATS, OLD)
    assert isinstance(message.record, Heartbeat)
    assert isinstance(admit(delivered(message.record, message.topic), LANES, frozenset({"x"})), Admitted)
