"""The gateway's parts by themselves: bodies, keys, limits, remembered answers and sealed rows."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from producers.columns import CROSSINGS, DEPARTURES, HEARTBEATS, KINDS, REPORTS
from producers.gateway.answers import Refusal
from producers.gateway.api_keys import KeyFileBroken, KeyRing, new_key
from producers.gateway.bodies import Form, Incoming, form_of, rows_of
from producers.gateway.limits import Buckets, Limits
from producers.gateway.remembering import KEPT, Memory, Remembered
from producers.gateway.sealing import INFO, SealingKey
from producers.rows import Row
from schemas.identity import LinkageKey

KEY = LinkageKey("test", b"a test key of thirty-two bytes..")
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
CELLS = st.one_of(st.text(max_size=20), st.integers(), st.booleans(), st.none(), st.lists(st.integers(), max_size=2))
ROWS = st.lists(st.dictionaries(st.sampled_from(CROSSINGS.columns), CELLS, max_size=6), min_size=1, max_size=6)


def read(data: bytes, form: Form = Form.JSON, limits: Limits | None = None) -> list[Any]:
    return list(rows_of(BytesIO(data), form, CROSSINGS, limits or Limits(), set()))


def told(rows: list[Any]) -> list[Any]:
    return [(row.line, row.cells if isinstance(row, Row) else row.refusal.reason) for row in rows]


@given(rows=ROWS, indent=st.sampled_from([None, 1]))
def test_an_array_its_lines_and_its_elements_are_the_same_rows(rows: list[dict[str, Any]], indent: int | None) -> None:
    array = told(read(json.dumps(rows, indent=indent).encode()))
    assert array == told(read("\n".join(map(json.dumps, rows)).encode(), Form.NDJSON))
    alone = [told(read(json.dumps(row, indent=indent).encode()))[0] for row in rows]
    assert [what for _, what in array] == [what for _, what in alone]


@given(rows=ROWS, data=st.data())
def test_an_array_that_lacks_its_end_is_refused_as_a_whole(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    whole = json.dumps(rows)
    cut = data.draw(st.integers(min_value=1, max_value=len(whole) - 1))
    with pytest.raises(Refusal) as caught:
        read(whole[:cut].encode())
    assert caught.value.problem.code == "not_json"


@given(st.binary(max_size=300), st.sampled_from(Form))
def test_whatever_comes_is_rows_or_a_problem(data: bytes, form: Form) -> None:
    status, rows = 200, []
    try:
        rows = read(data, form)
    except Refusal as refusal:
        status = refusal.problem.status
    assert (status == 200) is bool(rows)
    assert status in (200, 400)
    assert [row.line for row in rows] == list(range(1, len(rows) + 1))


def test_a_body_is_read_in_pieces_and_no_further_than_its_limit() -> None:
    pieces = iter([b"ab", b"cde", b"f", b""])
    body = Incoming(lambda: next(pieces), 6)
    assert [body.read(1), body.read(5), body.read(2), body.read(), body.read()] == [b"a", b"b", b"cd", b"ef", b""]
    with pytest.raises(Refusal) as caught:
        Incoming(lambda: b"x" * 7, 6).read()
    assert caught.value.problem.status == 413


def test_more_rows_than_are_taken_are_refused() -> None:
    with pytest.raises(Refusal) as caught:
        read(b"{}\n" * 4, Form.NDJSON, Limits(rows=3))
    assert caught.value.problem.code == "too_many_rows"


@pytest.mark.parametrize(
    "good", ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"']
)
def test_json_is_taken_by_its_content_type(good: str) -> None:
    assert form_of(good) is Form.JSON


def test_a_key_publishes_what_its_owner_writes() -> None:
    kinds = {"kepri": [CROSSINGS], "registry": [DEPARTURES, HEARTBEATS], "sisaga": [REPORTS]}
    for owner, own in kinds.items():
        key, _ = new_key(owner, (), "")
        assert [kind for kind in KINDS.values() if key.may_publish(kind)] == own


def test_a_key_is_found_by_its_text_alone_and_a_damaged_file_lets_nobody_in(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "keys.json"
    ring = KeyRing(file)
    assert ring.find("lintas.x.y") is None
    key, text = new_key("kepri", ("ID-21-BTC",), "Batam")
    ring.add(key)
    assert file.stat().st_mode & 0o777 == 0o600
    assert KeyRing(file).find(text) == key
    other, _ = new_key("kepri", (), "")
    assert ring.find(text.replace(key.id, other.id)) is None
    assert ring.find(f"{text[:-1]}{'A' if text[-1] != 'A' else 'B'}") is None
    assert text.rpartition(".")[2] not in file.read_text()
    file.write_text('{"keys": [{"id": "x"}]}')
    with pytest.raises(KeyFileBroken, match="damaged"):
        ring.find(text)


def test_a_bucket_empties_and_refills_and_is_its_keys_own() -> None:
    buckets = Buckets(Limits(requests_per_second=2.0, burst_requests=3))
    assert [buckets.take("a", 0.0) for _ in range(4)] == [None, None, None, 1]
    assert buckets.take("b", 0.0) is None
    assert buckets.take("a", 0.4) == 1
    assert [buckets.take("a", 0.5), buckets.take("a", 0.5)] == [None, 1]
    assert [buckets.take("a", 100.0) for _ in range(4)] == [None, None, None, 1]


def test_an_answer_is_remembered_over_a_restart_and_forgotten_after_two_days(tmp_path: Path) -> None:
    now = [NOON]
    answer = Remembered(status=200, body=b"{}")

    def memory() -> Memory:
        return Memory(tmp_path / "answers.sqlite", KEY, lambda: now[0])

    first = memory()
    with first.turn("k", "/v1/crossings", "one", b"body") as turn:
        assert turn.before is None
        turn.now = answer
    with first.turn("k", "/v1/crossings", "undone", b"body"):
        pass
    first.close()
    again = memory()
    with again.turn("k", "/v1/crossings", "one", b"body") as turn:
        assert turn.before == Remembered(status=200, body=b"{}", again=True)
    for bearer, path, key in (
        ("other", "/v1/crossings", "one"),
        ("k", "/v1/reports", "one"),
        ("k", "/v1/crossings", "undone"),
    ):
        with again.turn(bearer, path, key, b"body") as turn:
            assert turn.before is None
    with pytest.raises(Refusal, match="idempotency_key_reused"), again.turn("k", "/v1/crossings", "one", b"other"):
        pass
    now[0] = NOON + KEPT + timedelta(seconds=1)
    with again.turn("k", "/v1/crossings", "one", b"other") as turn:
        assert turn.before is None
    again.close()


def test_a_request_that_is_being_done_is_not_begun_again(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "answers.sqlite", KEY, lambda: NOON)
    with (
        memory.turn("k", "/v1/crossings", "one", b"body"),
        pytest.raises(Refusal, match="idempotency_in_progress"),
        memory.turn("k", "/v1/crossings", "one", b"body"),
    ):
        pass
    memory.close()


def sealed(public: str, row: bytes) -> dict[str, str]:
    """As web/sealing.js does it."""
    gateway = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), base64.b64decode(public))
    own = ec.generate_private_key(ec.SECP256R1())
    sender = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=INFO).derive(own.exchange(ec.ECDH(), gateway))
    iv = os.urandom(12)
    parts = {"sender": sender, "iv": iv, "box": AESGCM(key).encrypt(iv, row, sender)}
    return {name: base64.b64encode(value).decode() for name, value in parts.items()}


def test_a_sealed_row_is_opened_by_its_gateway_alone(tmp_path: Path) -> None:
    mine, other = SealingKey(tmp_path / "a.pem"), SealingKey(tmp_path / "b.pem")
    assert (tmp_path / "a.pem").stat().st_mode & 0o777 == 0o600
    parts = sealed(mine.public, b'{"name": "MARIA"}')
    assert SealingKey(tmp_path / "a.pem").open(json.dumps(parts).encode()) == b'{"name": "MARIA"}'
    broken: list[Any] = [
        parts | {"box": parts["box"][:-4] + "AAAA"},
        parts | {"iv": "AAAA"},
        {},
        [],
        5,
        parts | {"sender": 5},
    ]
    for key, body in ((other, parts), *((mine, one) for one in broken)):
        with pytest.raises(Refusal, match="cannot_open"):
            key.open(json.dumps(body).encode())
    with pytest.raises(Refusal, match="cannot_open"):
        mine.open(b"\xff")


def test_a_sealed_body_is_opened_before_its_rows_are_read(tmp_path: Path) -> None:
    key = SealingKey(tmp_path / "a.pem")

    def pieces() -> Iterator[bytes]:
        yield json.dumps(sealed(key.public, b'{"direction": "out"}')).encode()
        yield b""

    come = pieces()
    body = cast(BinaryIO, Incoming(lambda: next(come), 10_000, key.open))
    (row,) = rows_of(body, Form.JSON, CROSSINGS, Limits(), set())
    assert isinstance(row, Row)
    assert row.cells == {"direction": "out"}
