"""What goes to Kafka for one row: a record, its topic and where in the topic it belongs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from schemas.identity import LinkageKey
from schemas.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One record for one topic."""

    topic: str
    key: bytes | None
    """Kafka key; None = one copy goes to every partition."""
    record: Record
    identifier: str
    """`ce_id` of its CloudEvents headers."""
    source: str
    """`ce_source` of its CloudEvents headers."""


def key_of(block: str | None) -> bytes | None:
    """The Kafka key of a record by its block."""
    return block.encode() if block else None


def row_digest(key: LinkageKey, kind: str, cells: Mapping[str, str] | str) -> str:
    """Names a row by its content; keyed, since a plain hash of a short row could be found by trying all NIKs."""
    content = cells if isinstance(cells, str) else json.dumps(cells, sort_keys=True, ensure_ascii=False)
    text = f"row|{kind}|{content}".encode(errors="backslashreplace")
    return key.mac(text).hex()
