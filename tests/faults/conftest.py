"""One stage for all tests of outages: its processes keep running, and everything published so far must be right."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.stage import Stage, running_stage


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running_stage(tmp_path_factory.mktemp("faults")) as stage:
        stage.start()
        yield stage


@pytest.fixture
def stage(standing: Stage) -> Iterator[Stage]:
    for process in standing.kept.values():
        process.wait_ready()
    yield standing
    for proxy in standing.proxies.values():
        proxy.heal()
