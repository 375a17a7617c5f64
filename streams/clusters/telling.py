"""What a batch in the lane of people has to tell the lanes of groups: the new and the changed, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from schemas.verdicts import Assessment, ClusterMember
from streams.batch import Touched
from streams.clusters.membership import Membership, document_key, gone, keys_of, member_of
from streams.crossing import Crossing
from streams.dossier import Dossier
from streams.memory import Memory
from streams.packing import DOCUMENT, NOTHING, at_us, key_of, number_of, shows_own
from streams.policy import Policy

Shown = tuple[Dossier, bytes]
"""A document under a birth date."""


class Telling:
    """One batch after its crossings were assessed."""

    def __init__(self, touched: Touched, memory: Memory, policy: Policy, verdict: Callable[[int], Assessment]) -> None:
        self._touched, self._memory, self._policy, self._verdict = touched, memory, policy, verdict
        self._said: list[Membership] = []
        self._shown: dict[Shown, None] = {}
        """Documents that were shown before, or whose crossing was corrected."""

    def members(self) -> list[Membership]:
        """What groups have to hear, crossing by crossing."""
        touched, memory = self._touched, self._memory
        rows, homes, before, replaced = memory.rows, memory.homes, touched.before, touched.replaced
        for number, now in touched.now.items():
            if number in replaced:
                continue
            was = before[number]
            if was is not None and (was.status, was.score) == (now.status, now.score):
                continue
            row, crossing = rows[number], touched.fresh.get(number)
            if crossing is None or crossing.row is not row:
                crossing = Crossing(row, homes[number].block)
            keys = keys_of(crossing, self._policy)
            if touched.is_new(number) and shows_own(row):
                # who shows a document is told once, whatever is said of each
                others = memory.under(crossing.document)
                if len(others) == 1 or self._is_first(homes[number], row, others):
                    keys.append(document_key(crossing.document))
            if keys:
                self._said.append(Membership(member_of(crossing, now), tuple(keys)))
        for number, row in replaced.items():
            self._correct(number, row)
        for dossier, seal in self._shown:
            self._show(dossier, seal)
        return self._said

    def _correct(self, number: int, row: bytes) -> None:
        """A crossing's content was corrected: some groups may have lost it."""
        was, dossier = self._touched.before[number], self._memory.homes[number]
        old, new = Crossing(row, dossier.block), Crossing(self._memory.rows[number], dossier.block)
        self._shown |= {(dossier, seal): None for seal in (old.document, new.document) if seal != NOTHING}
        now = self._touched.now.get(number) or was or self._verdict(number)
        after = member_of(new, now)
        if was is not None and member_of(old, was) == after:
            return
        keys = keys_of(new, self._policy)
        lost = tuple(key for key in keys_of(old, self._policy) if key not in keys)
        if keys:
            self._said.append(Membership(after, tuple(keys)))
        if lost:
            self._said.append(Membership(gone(after), lost))

    def _show(self, dossier: Dossier, seal: bytes) -> None:
        """Of all crossings with one document under one birth date the first is told: it stands for the others."""
        memory, is_new = self._memory, self._touched.is_new
        here = {number_of(r): r for r in memory.under(seal) if memory.homes[number_of(r)] is dossier}
        there = {n: r for n, r in here.items() if not is_new(n)}
        there |= {n: r for n, r in self._touched.replaced.items() if memory.homes[n] is dossier}
        before, after = _first(seal, there.values()), _first(seal, here.values())
        if before == after:
            return
        keys = (document_key(seal),)
        if before is not None and (after is None or key_of(before) != key_of(after)):
            self._said.append(Membership(gone(self._member(dossier, before)), keys))
        if after is not None:
            self._said.append(Membership(self._member(dossier, after), keys))

    def _member(self, dossier: Dossier, row: bytes) -> ClusterMember:
        number = number_of(row)
        return member_of(Crossing(row, dossier.block), self._touched.now.get(number) or self._verdict(number))

    def _is_first(self, dossier: Dossier, row: bytes, others: Iterable[bytes]) -> bool:
        """Whether a new crossing is the first with its document; if another was told before, `_show` finds out."""
        at, homes, seal, is_known = at_us(row), self._memory.homes, row[DOCUMENT], False
        for other in others:
            number = number_of(other)
            if other is row or other[DOCUMENT] != seal or homes[number] is not dossier or not shows_own(other):
                continue
            when = at_us(other)
            if when < at or (when == at and key_of(other) < key_of(row)):
                return False
            is_known = is_known or not self._touched.is_new(number)
        if is_known:
            self._shown[dossier, seal] = None
        return not is_known


def _first(seal: bytes, rows: Iterable[bytes]) -> bytes | None:
    """The earliest crossing at which a document was shown."""
    shown = (row for row in rows if row[DOCUMENT] == seal and shows_own(row))
    return min(shown, key=lambda row: (at_us(row), key_of(row)), default=None)
