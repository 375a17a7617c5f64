"""What the OpenAPI document says of a body: the keys of a row, and examples whose identities belong to nobody."""

from __future__ import annotations

from typing import Any

from producers.columns import FileKind
from producers.gateway.bodies import Form

_VALUE = {"type": ["string", "number", "boolean", "null"]}

EXAMPLES: dict[str, dict[str, Any]] = {
    "crossings": {
        "event_id": "TBK-2026-000017",
        "checkpoint_id": "ID-21-TBK",
        "device_id": "gate-2",
        "sequence": 17,
        "occurred_at": "2026-11-03T09:30:00+07:00",
        "direction": "out",
        "mode": "sea",
        "document_type": "passport",
        "document_number": "XX0000017",
        "name": "MARIA CONTOH",
        "birth_date": "1998-05-17",
        "sex": "F",
        "nationality": "IDN",
        "purpose": "work",
        "destination_country": "MY",
        "officer_action": "cleared",
    },
    "departures": {
        "departure_id": "LTSA-KPG-2026-00042",
        "revision": 1,
        "event": "registered",
        "source": "LTSA",
        "name": "MARIA CONTOH",
        "birth_date": "1998-05-17",
        "passport": "XX0000017",
        "destination_country": "MY",
        "planned_date": "2026-11-03",
        "certificate": True,
        "issued_at": "2026-10-01T08:00:00+08:00",
    },
    "heartbeats": {"source": "LTSA", "complete_up_to": "2026-11-03T00:00:00+08:00"},
    "reports": {
        "case_id": "SAGA-2026-0007",
        "reported_at": "2026-11-02T10:00:00+08:00",
        "kind": "missing_person",
        "name": "MARIA CONTOH",
        "birth_date": "1998-05-17",
    },
}


def row_schema(kind: FileKind) -> dict[str, Any]:
    """The JSON Schema of one row; what its words and forms are is in docs/files.md."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": dict.fromkeys(kind.columns, _VALUE),
        "required": [choice[0] for choice in kind.required if len(choice) == 1],
        "example": EXAMPLES[kind.name],
    }
    if kind.closed:
        schema["additionalProperties"] = False
    return schema


def request_body(kind: FileKind) -> dict[str, Any]:
    """The OpenAPI request body of a kind."""
    row, example = row_schema(kind), EXAMPLES[kind.name]
    one_or_many = {"oneOf": [row, {"type": "array", "items": row, "minItems": 1}]}
    line = "one row a line, each a JSON object; read as it comes, so a day's rows may be sent in one request"
    return {
        "required": True,
        "content": {
            Form.JSON.value: {
                "schema": one_or_many,
                "examples": {"one": {"value": example}, "several": {"value": [example]}},
            },
            Form.NDJSON.value: {"schema": {"type": "string", "description": line}},
        },
    }
