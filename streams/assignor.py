"""Who takes which lane: whole lanes, balanced to one, and every member keeps those whose memory it holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence

from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata


def share_lanes(lanes: int, wanted: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
    """Give every lane to one member; `wanted` has, by member, the lanes it holds already.

    The members that hold most may keep one more where the lanes do not divide evenly: the fewest lanes move.
    """
    order = sorted(wanted, key=lambda member: (-len(wanted[member]), member))
    if not order:
        return {}
    base, extra = divmod(lanes, len(order))
    room = {member: base + (place < extra) for place, member in enumerate(order)}
    free = set(range(lanes))
    given: dict[str, list[int]] = {}
    for member in order:
        given[member] = [lane for lane in dict.fromkeys(wanted[member]) if lane in free][: room[member]]
        free.difference_update(given[member])
    rest = sorted(free, reverse=True)
    for member in order:
        while len(given[member]) < room[member]:
            given[member].append(rest.pop())
    return {member: sorted(got) for member, got in given.items()}


def read_wanted(data: bytes) -> list[int]:
    """The lanes that a member says it holds; nothing where it speaks another version."""
    try:
        lanes = json.loads(data or b"[]")
    except ValueError:
        return []
    return [lane for lane in lanes if type(lane) is int] if isinstance(lanes, list) else []


def lane_assignor(held: Callable[[], Iterable[int]], inputs: Sequence[str]) -> type[AbstractPartitionAssignor]:
    """The assignor of one worker; `held` tells at every rebalance which lanes it has in memory.

    A class a worker, because aiokafka asks the class and never an instance.
    """

    class LaneAssignor(AbstractPartitionAssignor):  # type: ignore[misc]  # aiokafka is untyped here
        name = "lintas-lanes"
        version = 0

        @classmethod
        def metadata(cls, topics: Iterable[str]) -> ConsumerProtocolMemberMetadata:
            return ConsumerProtocolMemberMetadata(cls.version, list(topics), json.dumps(sorted(held())).encode())

        @classmethod
        def on_assignment(cls, assignment: ConsumerProtocolMemberAssignment) -> None:
            """Nothing to remember: what is held is asked for."""

        @classmethod
        def assign(
            cls, cluster: object, members: Mapping[str, ConsumerProtocolMemberMetadata]
        ) -> dict[str, ConsumerProtocolMemberAssignment]:
            lanes = lanes_of(cluster, inputs)
            shares = share_lanes(lanes, {member: read_wanted(asked.user_data) for member, asked in members.items()})
            return {
                member: ConsumerProtocolMemberAssignment(cls.version, [(topic, got) for topic in inputs], b"")
                for member, got in shares.items()
            }

    return LaneAssignor


def lanes_of(cluster: object, inputs: Sequence[str]) -> int:
    """How many partitions every input has.

    Raises:
        ValueError: the inputs are not co-partitioned.
    """
    sizes = {topic: len(cluster.partitions_for_topic(topic) or ()) for topic in inputs}  # type: ignore[attr-defined]
    if len(set(sizes.values())) != 1:
        msg = f"the input topics must have the same number of partitions, but have {sizes}"
        raise ValueError(msg)
    return sizes[inputs[0]]
