"""Publishes one crossing with nothing of Lintas: tokens by the standard library, and a Kafka client as any other.

    python any_client.py BROKER KEY_FILE EVENT_ID

Run it inside the province: the key file must not leave it. `lintas publish` and the gateway do the same and more (name
codes, NIK, MRZ, what clerks misspell), so take this only where neither can run.
"""

import base64
import hashlib
import hmac
import json
import sys

from kafka import KafkaProducer  # any client will do: see the partitioner below


def tokens(key_file):
    """Keyed pseudonyms: `kid:base32(HMAC-SHA256(secret, text))`, cut to 128 bits."""
    with open(key_file, encoding="utf-8") as file:
        lines = dict(line.split(":", 1) for line in file if ":" in line)
    kid, secret = lines["kid"].strip(), base64.b64decode(lines["secret"].strip())

    def token(text):
        digest = hmac.digest(secret, text.encode(), hashlib.sha256)[:16]
        return f"{kid}:{base64.b32encode(digest).decode().rstrip('=').lower()}"

    return kid, token


broker, key_file, event_id = sys.argv[1:]
kid, token = tokens(key_file)
block = token("block|1998-05-17")  # of the birth date: the Kafka key, so that all of one person meets
crossing = {
    "record": "transit_event",
    "schema_version": 1,
    "event_id": event_id,
    "province": "kepri",
    "checkpoint_id": "ID-21-BTC",
    "occurred_at": "2026-11-03T09:30:00+07:00",
    "direction": "out",
    "purpose": "work",
    "document": {"type": "passport", "token": token("token|passport|XX0000017")},  # capitals and digits only
    "block": block,
    "birth_year": 1998,
    "age_years": 28,
    "key_id": kid,
}
# the partitioner of the Java client (murmur2 of the key): librdkafka calls it `murmur2_random`
producer = KafkaProducer(bootstrap_servers=broker, acks="all", enable_idempotence=True)
sent = producer.send(
    "transit.kepri",
    key=block.encode(),
    value=json.dumps(crossing).encode(),
    headers=[
        ("ce_specversion", b"1.0"),
        ("ce_id", f"kepri/{event_id}".encode()),
        ("ce_source", b"lintas/kepri"),
        ("ce_type", b"id.lintas.transit_event.v1"),
        ("content-type", b"application/json; charset=utf-8"),
    ],
)
sent.get(timeout=30)
producer.close()
sys.stdout.write(f"{event_id} is acknowledged\n")
