"""What the tests of the whole stack share: one that stays up, and what an undisturbed one makes of simulated files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.simulated import Reference, publish_all, simulated
from tests.integration.stacked import Stack, running_stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """For all tests that bring their own travellers; whose watermark never passes `known.NOT_YET_REPORTED`."""
    with running_stack(tmp_path_factory.mktemp("stack") / "s") as running:
        yield running


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    place = tmp_path_factory.mktemp("reference")
    with running_stack(place / "s") as undisturbed:
        publish_all(undisturbed, simulated(place / "in"))
        return Reference(flags=undisturbed.flags(), accounting=undisturbed.accounting())
