"""The generated documents are what the models say, and the v1 payloads can still be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from schemas.codec import RECORDS, decode, encode
from schemas.exporting import documents
from schemas.topics import TOPICS

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "schemas" / "generated"
GOLDEN = sorted((ROOT / "tests" / "golden" / "v1").glob("*.json"))


def test_generated_documents_equal_the_models() -> None:
    """`make generate` was run after the last change of a model."""
    assert {p.name: p.read_text() for p in GENERATED.iterdir()} == documents()


def test_every_record_has_a_golden_payload() -> None:
    """Each kind of record is held by at least one payload that never changes."""
    assert {p.stem.partition("-")[0] for p in GOLDEN} == set(RECORDS)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda p: p.stem)
def test_golden_payloads_can_be_read_and_written_again(path: Path) -> None:
    """What was published under v1 is read without loss, extra fields included."""
    kind = path.stem.partition("-")[0]
    body = path.read_bytes()
    record = decode(RECORDS[kind], body)
    assert json.loads(encode(record)).items() >= json.loads(body).items()
    Draft202012Validator(json.loads(documents()[f"{kind}.schema.json"])).validate(json.loads(body))


def test_asyncapi_names_every_topic_whose_records_exist() -> None:
    """A topic that is added to the table appears in the document."""
    channels = json.loads(documents()["asyncapi.json"])["channels"]
    assert {c["address"] for c in channels.values()} == {t.name for t in TOPICS if set(t.records) <= set(RECORDS)}
