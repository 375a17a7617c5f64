"""The doctor sees topics that are not as the treaty wants them, and what it says to do mends them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lintas.stack.brokers import running_embedded, running_kafka
from lintas.stack.jars import kafka_jars
from lintas.stack.java import find_java
from lintas.topics_admin import admin_of, create_topics, topic_faults

DAMAGE = {
    "transit.kepri": {"message.timestamp.type": "CreateTime"},
    "assessments": {"cleanup.policy": "compact", "max.message.bytes": "1000"},
    "reviews": {"retention.ms": "3600000"},
}


@pytest.fixture
def bootstrap(tmp_path: Path) -> Iterator[str]:
    with running_kafka(tmp_path / "kafka", dict(os.environ)) as address:
        yield address


def doctor(bootstrap: str, folder: Path) -> dict[str, dict[str, str]]:
    """Its lines about topics, by their check."""
    command = [sys.executable, "-m", "lintas", "doctor", "--format", "json", "--dir", str(folder / "none")]
    env = {**os.environ, "LINTAS_KAFKA": bootstrap, "LINTAS_PARTITIONS": "2"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row["check"]: row for row in rows if row["check"].startswith("topic")}


def configure(bootstrap: str, *change: str) -> None:
    """Kafka's own tool, as an operator runs it."""
    java, jars = find_java(os.environ), kafka_jars(os.environ)
    tool = [str(java.path), "-cp", f"{jars}/*", "kafka.admin.ConfigCommand", "--bootstrap-server", bootstrap]
    done = subprocess.run([*tool, *change], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.kafka
def test_the_doctor_names_each_setting_that_differs_and_its_advice_mends_it(bootstrap: str, tmp_path: Path) -> None:
    with admin_of((bootstrap,)) as admin:
        create_topics(admin, partitions=2, replication=1)
    assert doctor(bootstrap, tmp_path)["topics"]["state"] == "ok"
    for topic, settings in DAMAGE.items():
        changes = ",".join(f"{name}={value}" for name, value in settings.items())
        configure(bootstrap, "--alter", "--topic", topic, "--add-config", changes)
    with admin_of((bootstrap,)) as admin:
        faults = topic_faults(admin, partitions=2)
    found = {
        (fault.topic, setting, fault.is_fatal) for fault in faults for setting in re.findall(r"has (\S+),", fault.what)
    }
    assert found == {
        (topic, f"{name}={value}", name == "cleanup.policy")
        for topic, settings in DAMAGE.items()
        for name, value in settings.items()
    }
    told = doctor(bootstrap, tmp_path)
    assert set(told) == {f"topic {topic}" for topic in DAMAGE}
    assert "message.timestamp.type=CreateTime, the treaty says LogAppendTime" in told["topic transit.kepri"]["detail"]
    for fault in faults:
        tool, *change = fault.mend.split()
        assert tool == "kafka-configs"
        configure(bootstrap, *change)
    assert doctor(bootstrap, tmp_path)["topics"]["state"] == "ok"


@pytest.mark.embedded
def test_the_pip_only_broker_has_the_topics_of_the_treaty(tmp_path: Path) -> None:
    with running_embedded(tmp_path / "broker") as address, admin_of((address,)) as admin:
        create_topics(admin, partitions=2, replication=1)
        assert topic_faults(admin, partitions=2) == []
