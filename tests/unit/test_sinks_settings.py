"""Settings of the loader are read once and wrong ones are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.brokers import BrokerKind
from sinks.settings import Settings, SettingsError, StoreAddress

GOOD = {"LINTAS_KAFKA": "a:9092, b:9092", "LINTAS_CLICKHOUSE": "127.0.0.1:9000"}


def test_two_settings_are_enough() -> None:
    settings = Settings.from_env(GOOD)
    assert settings.kafka == ("a:9092", "b:9092")
    assert settings.store == StoreAddress(host="127.0.0.1", port=9000, user="lintas", database="lintas")
    assert settings.broker_kind is BrokerKind.KAFKA
    assert settings.migrate


def test_all_settings_are_taken(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("secret\n")
    settings = Settings.from_env(
        GOOD
        | {
            "LINTAS_CLICKHOUSE_USER": "loader",
            "LINTAS_CLICKHOUSE_PASSWORD_FILE": str(tmp_path / "pw"),
            "LINTAS_CLICKHOUSE_DATABASE": "other",
            "LINTAS_BROKER_KIND": "embedded",
            "LINTAS_STATUS_FILE": "status.json",
            "LINTAS_MIGRATE": "no",
            "LINTAS_LOADER_PACE_MS": "50",
        }
    )
    assert settings.store == StoreAddress(
        host="127.0.0.1", port=9000, user="loader", password="secret", database="other"
    )
    assert "secret" not in repr(settings)
    assert (settings.broker_kind, settings.migrate, settings.pace_ms) == (BrokerKind.EMBEDDED, False, 50)
    assert settings.status_file == Path("status.json")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"LINTAS_KAFKA": " "}, "LINTAS_KAFKA is not set"),
        ({"LINTAS_CLICKHOUSE": ""}, "LINTAS_CLICKHOUSE must be"),
        ({"LINTAS_CLICKHOUSE": "localhost"}, "LINTAS_CLICKHOUSE must be"),
        ({"LINTAS_CLICKHOUSE_PASSWORD_FILE": "/nowhere/pw"}, "LINTAS_CLICKHOUSE_PASSWORD_FILE: /nowhere/pw"),
        ({"LINTAS_BROKER_KIND": "rabbit"}, "LINTAS_BROKER_KIND must be kafka or embedded"),
        ({"LINTAS_MIGRATE": "perhaps"}, "LINTAS_MIGRATE must be yes or no"),
        ({"LINTAS_LOADER_PACE_MS": "fast"}, "LINTAS_LOADER_PACE_MS must be milliseconds"),
    ],
)
def test_what_cannot_be_used_is_named(change: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        Settings.from_env(GOOD | change)
