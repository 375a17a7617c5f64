"""The flow on one screen: admit, remember, assess, publish."""

from __future__ import annotations

import faust

from streams.admission import Refused
from streams.batches import Batch


async def judge(batches: faust.Stream[Batch]) -> None:
    """Work on the lanes' batches; what cannot be read is refused, and any other failure ends the worker."""
    async for batch in batches:
        with batch.settled():
            lane = batch.lane
            refused: list[Refused] = []
            touched = lane.book.remember(lane.admit(batch.deliveries, refused))
            *parts, last = touched.parts()
            for part in parts:
                await lane.publish_part(lane.book.assess(part), lane.book.members(part), batch.offsets)
            verdicts = lane.book.assess(last)
            await lane.publish(verdicts, lane.book.members(last), refused, batch.offsets)
