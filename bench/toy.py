"""A toy of the match: validate the same bytes, look the traveller up by number, say one thing.

It omits what makes the matcher slow: names, revisions, order (a late registration mends no verdict), rules, findings,
watermarks, refusals, digests, transactions, CloudEvents headers. So a ratio to it understates the matcher.
"""

from __future__ import annotations

import orjson

from schemas.codec import decode_fact
from schemas.records import Departure, TransitEvent
from schemas.topics import DEPARTURES, TRANSIT

INPUTS = (*TRANSIT, DEPARTURES)


def registered(fact: Departure) -> list[str]:
    """The numbers that a registration names."""
    return [token for token in (fact.passport_token, fact.nik_token) if token is not None]


def carried(fact: TransitEvent) -> list[str]:
    """The numbers that a traveller shows."""
    return [token for token in (fact.document.token, fact.nik_token) if token is not None]


def verdict(fact: TransitEvent, departure_id: str | None) -> bytes:
    """One output a crossing."""
    return orjson.dumps(
        {
            "event_id": fact.event_id,
            "province": fact.province,
            "block": fact.block,
            "status": "UNKNOWN" if departure_id is None else "MATCHED",
            "departure_id": departure_id,
        }
    )


def read(topic: str, key: bytes | None, value: bytes | None) -> TransitEvent | Departure | None:
    """The same decoding and validation as the matcher's; heartbeats are of no use here."""
    fact = decode_fact(topic, key, value)
    return fact if isinstance(fact, TransitEvent | Departure) else None
