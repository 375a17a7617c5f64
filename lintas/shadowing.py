"""A policy that is tried out on live traffic: a matcher beside the matchers, and what it says beside what they say."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from lintas.settings import Settings

if TYPE_CHECKING:
    from clickhouse_driver import Client

    from streams.backtest import Tally

_OWN_OF_PARTS = ("LINTAS_STATUS_FILE", "LINTAS_STATE_DIR", "LINTAS_METRICS")


def run_shadow(settings: Settings, env: Mapping[str, str], file: Path) -> NoReturn:
    """Become a matcher that judges by that policy, until told to stop."""
    own = {
        **{name: value for name, value in env.items() if name not in _OWN_OF_PARTS},
        "LINTAS_KAFKA": ",".join(settings.kafka_or_fail()),
        "LINTAS_BROKER_KIND": settings.broker_kind.value,
        "LINTAS_SHADOW_POLICY": str(file.absolute()),
    }
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-m", "streams"], own)


def compared(client: Client, digest: str) -> Tally:
    """What the policy of that digest has said so far, beside the verdicts that stand."""
    from sinks.queries import shadow_pairs
    from streams.backtest import Tally

    tally = Tally()
    for row in shadow_pairs(client, digest):
        tally.compare(_verdict(row, "now_"), _verdict(row, "shadow_"))
    return tally


def _verdict(row: Mapping[str, Any], prefix: str) -> Any:
    import orjson

    from schemas.verdicts import Assessment, Finding
    from schemas.vocabulary import Province, Sex, Status, Tier

    told: dict[str, Any] = {
        "province": Province(row["province"]),
        "event_id": row["event_id"],
        "block": row["block"],
        "origin_region": row["origin_region"] or None,
        "sex": Sex(row["sex"]) if row["sex"] else None,
        "status": Status(row[f"{prefix}status"]),
        "score": row[f"{prefix}score"],
        "findings": tuple(Finding.model_validate_json(orjson.dumps(f)) for f in orjson.loads(row[f"{prefix}findings"])),
        "departure_id": row[f"{prefix}departure_id"] or None,
        "tier": Tier(row[f"{prefix}tier"]) if row[f"{prefix}tier"] else None,
    }
    return Assessment.model_construct(**told)
