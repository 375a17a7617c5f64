"""The two stages of the matcher: what a lane of each reads, the memory that it feeds, and how it reads a record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, Protocol

from schemas.topics import CLUSTER_MEMBERS, INPUTS
from schemas.verdicts import Assessment, Cluster
from streams.admission import Delivery, Refused, admit_all, admit_members
from streams.casebook import Casebook
from streams.clusters.book import Clusterbook
from streams.clusters.membership import Membership
from streams.policy import Policy
from streams.settings import GROUP, GROUP_OF_GROUPS, Settings


class Book(Protocol):
    """The memory of one lane."""

    def __len__(self) -> int:
        """How many facts it holds."""

    def replay(self, facts: Iterable[Any]) -> None:
        """Take facts in that were judged before."""

    def remember(self, facts: Iterable[Any]) -> Any:
        """Take new facts in; gives back what they may have changed."""

    def assess(self, touched: Any) -> Sequence[Assessment | Cluster]:
        """The verdicts that changed."""

    def members(self, touched: Any) -> Sequence[Membership]:
        """What groups have to hear, once `assess` was asked."""


class Snapped(Book, Protocol):
    """A memory that can be put away and taken up again."""

    def dump(self) -> Iterator[bytes]:
        """Everything known when the first chunk is asked for."""


@dataclass(slots=True, frozen=True, kw_only=True)
class Stage:
    """What makes one kind of lane."""

    name: str
    group: str
    """Consumer group, and the stem of the lanes' transactional ids."""
    inputs: tuple[str, ...]
    """Co-partitioned topics."""
    book: Callable[[Policy], Book]
    admit: Callable[[Sequence[Delivery], int, Set[str]], tuple[Sequence[Any], Sequence[Refused]]]
    load: Callable[[Policy, Iterable[bytes]], Snapped] | None = None
    """Takes a memory up that was put away; None = the lanes read their log again."""


PEOPLE = Stage(name="people", group=GROUP, inputs=INPUTS, book=Casebook, admit=admit_all, load=Casebook.load)
GROUPS = Stage(name="groups", group=GROUP_OF_GROUPS, inputs=(CLUSTER_MEMBERS,), book=Clusterbook, admit=admit_members)
STAGES = (PEOPLE, GROUPS)


def stages_of(settings: Settings) -> tuple[Stage, ...]:
    """What a worker does; a shadow judges people in a group of its own, and tells the groups nothing."""
    return (replace(PEOPLE, group=settings.group),) if settings.is_shadow else STAGES
