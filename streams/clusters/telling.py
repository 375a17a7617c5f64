"""What a batch in the lane of people has to tell the lanes of groups."""

from __future__ import annotations

from streams.batch import Touched
from streams.clusters.membership import Membership, corrected, memberships
from streams.crossing import Crossing
from streams.memory import Memory
from streams.policy import Policy


def members_of(touched: Touched, memory: Memory, policy: Policy) -> list[Membership]:
    """What groups have to hear of crossings that were assessed: the new and the changed, nothing else."""
    said: list[Membership] = []
    rows, homes, before, fresh, replaced = memory.rows, memory.homes, touched.before, touched.fresh, touched.replaced
    for number, now in touched.now.items():
        if number not in replaced:
            row, crossing = rows[number], fresh.get(number)
            if crossing is None or crossing.row is not row:
                crossing = Crossing(row, homes[number].block)
            said += memberships(crossing, before[number], now, policy)
    for number, row in replaced.items():
        was, block = before[number], homes[number].block
        if was is not None:
            old, new = Crossing(row, block), Crossing(rows[number], block)
            said += corrected(old, was, new, touched.now.get(number, was), policy)
    return said
