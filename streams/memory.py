"""The rows of a lane's crossings: which crossing is known, and which are under one document number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from streams.dossier import Dossier
from streams.packing import has_key, has_token, key_of, number_of, tokens_of
from streams.table import Table

_SMALL = (1 << 60) - 1
"""An int of so many bits takes 32 bytes, a token 64."""

Group = bytes | tuple[bytes, ...]
"""The rows under one document number, oldest first; one row stands by itself."""


class Memory:
    """All crossings of a lane, numbered in the order in which they came."""

    __slots__ = ("_astray", "_groups", "_keys", "dossiers", "homes", "rows")

    def __init__(self) -> None:
        self.rows: list[bytes] = []
        self.homes: list[Dossier] = []
        """The block of each row."""
        self.dossiers: dict[str, Dossier] = {}
        self._keys = Table()
        self._groups: dict[int | bytes, Group] = {}
        """By a hash of the token, and where two tokens have one hash, the later by itself."""
        self._astray: set[bytes] = set()
        """Tokens whose rows are, or were, of more than one block; of any other's rows one tells the block of all."""

    def dossier(self, block: str) -> Dossier:
        """The block's dossier; a new one where nothing is known of it."""
        found = self.dossiers.get(block)
        if found is None:
            found = self.dossiers[block] = Dossier(block)
        return found

    def claim(self, dossier: Dossier, row: bytes) -> int | None:
        """The number of the known crossing of that key; None = it was not known, and must be added now."""
        rows, homes, key = self.rows, self.homes, key_of(row)
        return self._keys.claim(
            hash(key) ^ dossier.salt, len(rows), lambda n: homes[n] is dossier and has_key(rows[n], key)
        )

    def add(self, dossier: Dossier, row: bytes, tokens: tuple[bytes, ...]) -> None:
        """Take the row of a crossing in whose key was claimed just now; it bears the next number."""
        number = len(self.rows)
        self.rows.append(row)
        self.homes.append(dossier)
        self._enter(dossier, row, tokens)
        dossier.add_crossing(number, row)

    def replace(self, row: bytes) -> None:
        """Put another content in place of a crossing's."""
        number = number_of(row)
        old = self.rows[number]
        for token in tokens_of(old):
            place = self._place(token)
            group = self._groups.pop(place)
            rest = tuple(r for r in group if r is not old) if isinstance(group, tuple) else ()
            if rest:
                self._groups[place] = rest
        self.rows[number] = row
        self._enter(self.homes[number], row, tokens_of(row))
        self.homes[number].replace_crossing(row)

    def _place(self, token: bytes) -> int | bytes:
        """Under what the token's group stands, or would."""
        place = hash(token) & _SMALL
        group = self._groups.get(place)
        if group is None:
            return token if token in self._groups else place
        return place if has_token(group[0] if isinstance(group, tuple) else group, token) else token

    def _enter(self, dossier: Dossier, row: bytes, tokens: tuple[bytes, ...]) -> None:
        groups = self._groups
        old: Group | None = None
        new: Group = row
        for token in tokens:
            place: int | bytes = hash(token) & _SMALL
            group = groups.get(place)
            if (group is None and token in groups) or (group is not None and not has_token(_first(group), token)):
                place, group = token, groups.get(token)
            if group is None:
                groups[place] = row
                continue
            if group is not old:  # else document and NIK of one person: one tuple for both
                old, new = group, (group, row) if isinstance(group, bytes) else (*group, row)
            groups[place] = new
            if self.homes[number_of(_first(group))] is not dossier:
                self._astray.add(token)

    def under(self, token: bytes) -> tuple[bytes, ...]:
        """The rows under a document number, in any block."""
        group = self._groups.get(hash(token) & _SMALL)
        if group is not None:
            if not isinstance(group, tuple):
                group = (group,)
            if has_token(group[0], token):
                return group
        other = self._groups.get(token, ())
        return other if isinstance(other, tuple) else (other,)

    def under_any(self, tokens: Iterable[bytes], dossier: Dossier | None = None) -> list[bytes]:
        """The rows under any of the document numbers, of one block or of all, each once and in their order."""
        homes = self.homes
        found = {number_of(row): row for token in tokens for row in self.under(token)}
        return [found[n] for n in sorted(found) if dossier is None or homes[n] is dossier]

    def sharing(self, dossier: Dossier, tokens: tuple[bytes, ...]) -> Sequence[bytes]:
        """The rows of a block under one of a crossing's document numbers, perhaps its own among them."""
        if not tokens:
            return ()
        groups, token, other = self._groups, tokens[0], tokens[-1]
        group = groups.get(hash(token) & _SMALL)
        if other is not token and groups.get(hash(other) & _SMALL) is not group:
            return self.under_any(tokens, dossier)
        if group is None:
            return self.under_any(tokens, dossier) if token in groups or other in groups else ()
        rows = (group,) if isinstance(group, bytes) else group
        first = rows[0]
        if not has_token(first, token) or not has_token(first, other) or token in self._astray or other in self._astray:
            return self.under_any(tokens, dossier)
        return rows if self.homes[number_of(first)] is dossier else ()


def _first(group: Group) -> bytes:
    return group if isinstance(group, bytes) else group[0]
