"""docker-compose.yml is valid and says what the code says: images, ports, topics, environment names, commands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyOptions

from lintas.stack.jars import pinned_jars
from schemas.vitals import READY, address_of

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("lintas:")]


def code() -> Iterator[str]:
    """The text of every module of the product."""
    for room in ("schemas", "producers", "streams", "sinks", "console", "lintas"):
        for path in (ROOT / room).rglob("*.py"):
            yield path.read_text()


def test_the_file_is_valid_by_the_compose_specification() -> None:
    """Its own library reads it, and refuses a breach."""
    options = PyOptions(apply_merge=True)
    options.from_yaml(TEXT)
    with pytest.raises(ValueError, match="health_check"):
        options.from_yaml(TEXT.replace("healthcheck:", "health_check:", 1))


def test_kafka_is_the_version_whose_jars_are_pinned() -> None:
    """The local stack and the compose stack run one Kafka."""
    version = SERVICES["kafka"]["image"].rpartition(":")[2]
    assert [jar.version for jar in pinned_jars() if jar.artifact == "kafka_2.13"] == [version]


def test_clickhouse_is_the_version_of_the_local_engine() -> None:
    """chDB and the server are of one release."""
    version = SERVICES["clickhouse"]["image"].rpartition(":")[2]
    assert f"chdb-core=={version}.*" in PROJECT["optional-dependencies"]["local"]


def test_our_image_is_the_version_of_the_project() -> None:
    """A release changes both."""
    assert {SERVICES[name]["image"] for name in OURS} == {f"lintas:{PROJECT['version']}"}


def test_every_image_is_pinned_and_every_service_runs_as_nobody_special() -> None:
    """No `latest`, no root, no added rights; what stays up has a health check."""
    for name, service in SERVICES.items():
        assert re.search(r":[\d.]+$", service["image"]), name
        assert service["user"] not in ("root", "0", "0:0"), name
        assert service["cap_drop"] == ["ALL"], name
        if service["restart"] != "no":
            assert "healthcheck" in service, name


def test_ports_are_for_this_machine_only_and_are_those_of_the_code() -> None:
    """Published on loopback; inside, the addresses that the settings name are the ones listened on."""
    for service in SERVICES.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    environment = SERVICES["matcher"]["environment"]
    host, _, port = environment["LINTAS_KAFKA"].partition(":")
    assert host in SERVICES
    assert f"://:{port}" in SERVICES["kafka"]["environment"]["KAFKA_LISTENERS"]
    host, _, port = environment["LINTAS_CLICKHOUSE"].partition(":")
    assert host in SERVICES
    assert SERVICES["clickhouse"]["ports"] == [f"127.0.0.1:1{port}:{port}"]


def test_every_environment_name_is_one_that_the_code_reads() -> None:
    """A renamed setting is renamed here too."""
    read = {name for text in code() for name in re.findall(r"LINTAS_[A-Z_]+", text)}
    given = {name for service in OURS for name in SERVICES[service]["environment"]}
    assert given <= read


def test_every_command_is_a_module_that_exists() -> None:
    """`python -m X` finds X."""
    for name in OURS:
        command = SERVICES[name]["command"]
        assert command[:2] == ["python", "-m"]
        assert import_module(f"{command[2]}.__main__")


def test_secrets_come_as_files() -> None:
    """No password stands in the environment or in the file."""
    assert all("file" in secret for secret in COMPOSE["secrets"].values())
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert "PASSWORD" not in name or name.endswith("_FILE"), name
            assert "PASSWORD" not in name or str(value).startswith("/run/secrets/"), name


def test_health_is_asked_at_the_path_and_port_where_the_process_answers() -> None:
    """What stays up and is ours; the console is for a proxy beside it, the others for nobody outside."""
    asked = {name: SERVICES[name] for name in OURS if SERVICES[name]["restart"] != "no"}
    assert asked
    *_, listens = asked["console"]["command"][:-1]
    assert asked.pop("console")["healthcheck"]["test"][-1] == f"http://127.0.0.1:{listens}{READY}"
    for name, service in asked.items():
        host, port = address_of(service["environment"]["LINTAS_METRICS"])
        *command, url = service["healthcheck"]["test"]
        assert command == ["CMD", "python", "-m", "lintas.provision", "healthy"], name
        assert url == f"http://127.0.0.1:{port}{READY}", name
        assert host == "0.0.0.0", "other containers scrape it"
        published = {one.rpartition(":")[2] for one in service.get("ports", ())}
        assert str(port) not in published, "and nobody outside"
