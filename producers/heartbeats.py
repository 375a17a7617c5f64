"""From a row of a heartbeats file to a registry's promise that it has published everything up to a moment."""

from __future__ import annotations

from producers.cells import Cells
from producers.messages import Message
from producers.rows import Row
from schemas.records import Heartbeat
from schemas.topics import DEPARTURES
from schemas.vocabulary import Source


def read_heartbeat(row: Row) -> tuple[Message, tuple[str, ...]]:
    """The heartbeat of a row, for every partition.

    Raises:
        RecordRejected: the row is refused.
    """
    cells = Cells(row.cells, row.warnings)
    cells.required("source")
    source = cells.word("source", Source) or Source.LTSA
    heartbeat = Heartbeat(source=source, complete_up_to=cells.moment("complete_up_to"))
    message = Message(
        topic=DEPARTURES,
        key=None,
        record=heartbeat,
        identifier=f"{source.value}/{heartbeat.complete_up_to.isoformat()}",
        source=f"lintas/{source.value}",
    )
    return message, tuple(cells.warnings)
