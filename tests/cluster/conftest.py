"""Three real brokers for all cluster tests, and the long forms only where they are asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lintas.stack.brokers import KafkaCluster, running_cluster
from tests.cluster.stage import Stage, fresh_topics


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long forms run with `-m long` only."""
    if "long" in (config.option.markexpr or "").replace("not long", ""):
        return
    long = [item for item in items if item.get_closest_marker("long")]
    items[:] = [item for item in items if item not in long]
    config.hook.pytest_deselected(items=long)


@pytest.fixture(scope="session")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    with running_cluster(tmp_path_factory.mktemp("brokers"), os.environ, nodes=3) as cluster:
        yield cluster


@pytest.fixture
def stage(brokers: KafkaCluster, tmp_path: Path) -> Iterator[Stage]:
    """Empty topics on three brokers; what runs on them ends with the test."""
    fresh_topics(brokers.bootstrap, replication=3)
    stage = Stage(brokers.bootstrap, tmp_path)
    yield stage
    stage.close()
