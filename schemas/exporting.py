"""The treaty for partners who do not speak Python: JSON Schema of every record and one AsyncAPI 3 document."""

from __future__ import annotations

import json
from typing import Any

from schemas.codec import MAX_RECORD_BYTES, RECORDS
from schemas.records import SCHEMA_VERSION
from schemas.topics import TOPICS, Topic

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of one kind of record."""
    return {"$schema": DIALECT, "$id": f"id.lintas.{name}.v{SCHEMA_VERSION}"} | RECORDS[name].model_json_schema()


def asyncapi() -> dict[str, Any]:
    """Every topic with its key, retention, records, writers and readers."""
    topics = [t for t in TOPICS if set(t.records) <= set(RECORDS)]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Lintas",
            "version": f"{SCHEMA_VERSION}.0.0",
            "description": (
                "Transit events of travellers, registered legal departures and the assessments made of them. "
                "Identities travel as keyed tokens only; a record has at most "
                f"{MAX_RECORD_BYTES} bytes. A flag is a referral for protection, never an accusation."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {_channel_id(t): _channel(t) for t in topics},
        "operations": {_channel_id(t) + "_send": _operation(t) for t in topics},
        "components": {"messages": {name: _message(name) for name in RECORDS}},
    }


def _channel_id(topic: Topic) -> str:
    return topic.name.replace(".", "_")


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": (
            f"Key: {topic.key}. Written by {', '.join(topic.writers)}; read by {', '.join(topic.readers)}."
        ),
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in topic.records},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "topicConfiguration": {
                    "cleanup.policy": ["delete"],
                    "retention.ms": topic.retention_ms,
                    "max.message.bytes": topic.max_message_bytes,
                },
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operation(topic: Topic) -> dict[str, Any]:
    channel = f"#/channels/{_channel_id(topic)}"
    return {
        "action": "send",
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{name}"} for name in topic.records],
    }


def _message(name: str) -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "name": name,
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "description": "CloudEvents 1.0, binary mode",
            "properties": dict.fromkeys(("ce_specversion", "ce_id", "ce_source", "ce_type", "content-type"), text),
        },
        "payload": {
            "schemaFormat": "application/schema+json;version=2020-12",
            "schema": {"$ref": f"./{name}.schema.json"},
        },
        "bindings": {"kafka": {"key": text, "bindingVersion": "0.5.0"}},
    }


def documents() -> dict[str, str]:
    """File name -> content of everything that is generated."""
    made = {f"{name}.schema.json": json_schema(name) for name in RECORDS} | {"asyncapi.json": asyncapi()}
    return {name: json.dumps(body, indent=2, ensure_ascii=False) + "\n" for name, body in made.items()}
