"""What a passenger list says of its own size, beside what was counted; carriers' counts are often wrong."""

from __future__ import annotations

from collections import Counter


class Counts:
    """Counts of one file; every difference is a note, and none is a reason to refuse."""

    def __init__(self, notes: Counter[str]) -> None:
        self._notes = notes
        self._messages = self._groups = 0
        self._parts: dict[str, set[str]] = {}
        self.people: Counter[str] = Counter()
        """By the reference that the parts of a list share."""

    def interchange(self) -> None:
        """An interchange begins."""
        self._messages = self._groups = 0

    def group(self) -> None:
        """A group of messages begins."""
        self._groups += 1

    def message(self, reference: str, part: str, last: str) -> None:
        """A message begins, which may be one part of a list."""
        self._messages += 1
        if part:
            marks = {part.lstrip("0"), *(["F"] if last.upper() == "F" else ())}
            self._parts.setdefault(reference, set()).update(marks)

    def compare(self, tag: str, said: str, counted: int) -> None:
        """Note a count that differs, or is none."""
        if not (said.isascii() and said.isdigit() and len(said) < 10 and int(said) == counted):
            self._notes[f"count_differs:{tag}"] += 1

    def of_people(self, said: str, here: int, reference: str) -> None:
        """CNT counts the people of a message, or those of all its parts so far."""
        in_all = self.people[reference]
        self.compare("CNT", said, in_all if said == str(in_all) else here)

    def of_messages(self, said: str) -> None:
        """UNE counts messages."""
        self.compare("UNE", said, self._messages)

    def of_interchange(self, said: str) -> None:
        """UNZ counts groups, or messages; some carriers mean the one where the other is right."""
        if said not in (str(self._groups), str(self._messages)):
            self.compare("UNZ", said, self._groups or self._messages)

    def close(self) -> None:
        """Note lists of which a part did not come."""
        for parts in self._parts.values():
            numbers = {int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 5}
            if numbers and ("F" in parts or len(numbers) > 1) and numbers != set(range(1, max(numbers) + 1)):
                self._notes["missing_part:UNH"] += 1
