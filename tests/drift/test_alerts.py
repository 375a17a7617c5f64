"""deploy/prometheus says what the code says: metrics and labels of an alarm exist, and every alarm is explained."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from lintas.stack.supervisor import Supervisor
from lintas.stack.vitals import registry_of
from producers.gateway.metrics import Meters as GatewayMeters
from schemas.errors import Reason
from schemas.topics import INPUTS, REJECTED
from schemas.verdicts import Status
from sinks.metrics import OUTAGES
from sinks.metrics import Meters as LoaderMeters
from streams.batches import LaneState
from streams.metrics import Meters as MatcherMeters
from streams.policy import shipped_policy

ROOT = Path(__file__).parents[2]
HANDBOOK = (ROOT / "docs" / "operations.md").read_text()
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
METRIC = re.compile(r"\b(lintas_\w+)(?:\{([^}]*)\})?")
GIVEN_BY_PROMETHEUS = {"instance", "job", "le"}
VALUES: dict[str, set[str]] = {
    "state": {state.value for state in LaneState},
    "status": {status.value for status in Status},
    "result": {"committed", "failed"},
    "reason": {reason.value for reason in Reason},
    "outage": set(OUTAGES),
    "topic": {*INPUTS, *REJECTED},
}


def now() -> datetime:
    return datetime(2026, 3, 2, tzinfo=UTC)


def labels_by_metric(directory: Path) -> dict[str, set[str]]:
    """Every name that a registry can expose, with its labels."""
    registries: list[CollectorRegistry] = [
        MatcherMeters(now).registry,
        LoaderMeters().registry,
        GatewayMeters().registry,
        registry_of(Supervisor(directory, (), clock=now)),
    ]
    found: dict[str, set[str]] = {}
    for registry in registries:
        for name, collector in registry._names_to_collectors.items():
            labels = set(getattr(collector, "_labelnames", ()))
            if name.startswith("lintas_part_"):
                labels = {"part"}
            found[name] = labels
    return found


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    return labels_by_metric(tmp_path_factory.mktemp("s"))


def faults(expression: str, known: dict[str, set[str]]) -> list[str]:
    """What an expression names that the code does not expose."""
    wrong = []
    usable: set[str] = set(GIVEN_BY_PROMETHEUS)
    for name, matchers in METRIC.findall(expression):
        if name not in known and name.removesuffix("_bucket") not in known:
            wrong.append(name)
            continue
        labels = known.get(name) or known.get(name.removesuffix("_bucket"), set())
        usable |= labels
        for label, value in re.findall(r'(\w+)\s*[=!]~?\s*"([^"]*)"', matchers):
            if label not in labels:
                wrong.append(f"{name}{{{label}}}")
            if label in VALUES and value not in VALUES[label]:
                wrong.append(f'{name}{{{label}="{value}"}}')
    for grouped in re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", expression):
        wrong += [label for label in re.split(r"\s*,\s*", grouped.strip()) if label not in usable]
    return wrong


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_an_alarm_names_only_metrics_and_labels_that_exist(rule: dict[str, Any], known: dict[str, set[str]]) -> None:
    assert faults(rule["expr"], known) == []
    used = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    assert all(
        re.search(rf"\b{label}\b", rule["expr"]) or "lintas_part" in rule["expr"]
        for label in used - {"job", "instance"}
    )


@pytest.mark.parametrize(
    "expression",
    [
        "lintas_matcher_lags > 1",
        'lintas_matcher_lanes{stat="open"} > 0',
        'lintas_matcher_lanes{state="opened"} > 0',
        "sum by (table) (lintas_matcher_lag_records)",
    ],
)
def test_a_name_that_does_not_exist_is_seen(expression: str, known: dict[str, set[str]]) -> None:
    assert faults(expression, known)


def test_every_alarm_is_explained_in_the_handbook_and_no_other_is() -> None:
    explained = set(re.findall(r"^### (Lintas\w+)", HANDBOOK, re.MULTILINE))
    assert explained == {rule["alert"] for rule in RULES}


def test_every_metric_of_the_code_is_in_the_handbook_and_no_other_is(known: dict[str, set[str]]) -> None:
    ours = {name for name in known if name.startswith("lintas_")}
    families = {name for name in ours if not re.search(r"_(bucket|count|sum|created)$", name)}
    families = {name for name in families if f"{name}_total" not in families}
    listed = set(re.findall(r"^\| `(lintas_\w+)`", HANDBOOK, re.MULTILINE))
    assert listed == families


def test_a_registry_is_silent_for_as_long_as_the_shipped_policy_says() -> None:
    (rule,) = [rule for rule in RULES if rule["alert"] == "LintasRegistrySilent"]
    assert str(int(shipped_policy().silence_allowance_hours * 3600)) in rule["expr"]


def test_the_sample_scrapes_where_the_compose_file_lets_the_processes_answer() -> None:
    sample = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    targets = {t for job in sample["scrape_configs"] for config in job["static_configs"] for t in config["targets"]}
    served = {
        f"{name}:{service['environment']['LINTAS_METRICS'].rpartition(':')[2]}"
        for name, service in services.items()
        if "LINTAS_METRICS" in service.get("environment", {})
    }
    assert targets == served
