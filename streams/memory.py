"""The rows of a lane's crossings, the blocks they belong to, and the table that finds them."""

from __future__ import annotations

from collections.abc import Iterable

from streams.dossier import Dossier
from streams.packing import DOCUMENT, NIK, has_key, key_of, tokens_of
from streams.table import Table


class Memory:
    """All crossings of a lane, numbered in the order in which they came."""

    __slots__ = ("dossiers", "homes", "rows", "table")

    def __init__(self) -> None:
        self.rows: list[bytes] = []
        self.homes: list[Dossier] = []
        """The block of each row."""
        self.dossiers: dict[str, Dossier] = {}
        self.table = Table()

    def dossier(self, block: str) -> Dossier:
        """The block's dossier; a new one where nothing is known of it."""
        found = self.dossiers.get(block)
        if found is None:
            found = self.dossiers[block] = Dossier(block)
        return found

    def number_of(self, dossier: Dossier, row: bytes) -> int | None:
        """The number of the row that is of the same crossing."""
        key = key_of(row)
        for number in self.table.find(hash(key)):
            if has_key(self.rows[number], key) and self.homes[number] is dossier:
                return number
        return None

    def add(self, dossier: Dossier, row: bytes) -> int:
        """Take a row in; gives back its number."""
        number, table = len(self.rows), self.table
        self.rows.append(row)
        self.homes.append(dossier)
        table.add(hash(key_of(row)), number)
        for token in tokens_of(row):
            table.add(hash(token), number)
        dossier.add_crossing(number, row, replaced=False)
        return number

    def replace(self, number: int, row: bytes) -> None:
        """Put another content in place of a crossing's; the table still names the row under its old numbers too."""
        old = tokens_of(self.rows[number])
        self.rows[number] = row
        for token in tokens_of(row):
            if token not in old:
                self.table.add(hash(token), number)
        self.homes[number].add_crossing(number, row, replaced=True)

    def under(self, tokens: Iterable[bytes], dossier: Dossier | None = None) -> list[int]:
        """The rows under any of the document numbers, of one block or of all, each once and in their order."""
        rows, homes, found = self.rows, self.homes, set()
        for token in tokens:
            for number in self.table.find(hash(token)):
                row = rows[number]
                if (row[DOCUMENT] == token or row[NIK] == token) and (dossier is None or homes[number] is dossier):
                    found.add(number)
        return sorted(found) if len(found) > 1 else list(found)

    def sharing(self, number: int) -> list[int]:
        """The other rows of the block under one of its document numbers."""
        found = self.under(tokens_of(self.rows[number]), self.homes[number])
        if number in found:
            found.remove(number)
        return found
