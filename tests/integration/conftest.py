"""What these tests share: a stack that stays up, what an undisturbed one makes of simulated files, and a console."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from lintas.clickhouse import ClickHouseAddress, running_clickhouse
from schemas.vocabulary import Province, Status
from tests.integration.officed import Office, opened
from tests.integration.simulated import Reference, publish_all, simulated
from tests.integration.sinking import own_database, refusal, verdict
from tests.integration.stacked import Stack, running_stack
from tests.people import MARIA, NUNUKAN, T0, crossing, departure, heartbeats


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


@pytest.fixture(scope="session")
def office_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseAddress]:
    with running_clickhouse(tmp_path_factory.mktemp("clickhouse")) as address:
        yield address


@pytest.fixture
def office(office_server: ClickHouseAddress, tmp_path: Path) -> Iterator[Office]:
    """A console with a flag in Kepri and one in Kaltara of the same person."""
    with own_database(office_server) as address, opened(address, tmp_path) as made:
        made.written.say(
            ("transit.kepri", crossing(MARIA, event_id="e1")),
            ("transit.kaltara", crossing(MARIA, event_id="n1", checkpoint_id=NUNUKAN, at=T0 + timedelta(hours=2))),
            ("assessments", verdict("e1", block=MARIA.block)),
            ("assessments", verdict("n1", province=Province.KALTARA, checkpoint_id=NUNUKAN, block=MARIA.block)),
            ("assessments", verdict("m1", Status.MATCHED)),
            ("departures", departure()),
            *(("departures", beat) for beat in heartbeats()),
            ("rejected.kepri", refusal()),
        )
        yield made
