"""Mends one character that an optical reader took for another, where the check digits leave exactly one way to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from schemas.identity.mrz import MachineReadable, read_mrz, zone_lines

_LOOKALIKES = {
    "0": "ODQ68", "1": "ILT7", "2": "Z7", "3": "8", "4": "A", "5": "S6", "6": "GB508", "7": "T12", "8": "B3069",
    "9": "8", "A": "4", "B": "86", "D": "0O", "G": "6C", "I": "1L", "L": "1I", "O": "0DQ", "Q": "0O", "S": "5",
    "T": "71", "Z": "2", "C": "G", "K": "<", "<": "K",
}  # fmt: skip
"""Characters of OCR-B that readers confuse; wide on purpose: where two mends fit, neither is believed."""
_PROTECTED: dict[str, tuple[tuple[int, int, int], ...]] = {
    "TD3": ((1, 0, 10), (1, 13, 20), (1, 21, 44)),
    "TD2": ((1, 0, 10), (1, 13, 20), (1, 21, 36)),
    "TD1": ((0, 5, 30), (1, 0, 7), (1, 8, 15), (1, 18, 30)),
}
"""Line, first and last place (exclusive) of what check digits cover."""
_DATES = {"TD3": ((13, 20), (21, 28)), "TD2": ((13, 20), (21, 28)), "TD1": ((0, 7), (8, 15))}
"""Where the dates and their check digits stand in the second line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadZone:
    """A zone as it can be believed."""

    text: str = field(repr=False)
    """Its lines, mended."""
    zone: MachineReadable
    fits: bool
    """Whether all check digits do, and the dates are made of digits."""
    repaired: bool = False
    """Whether one character was mended."""


def read_or_repair(text: str, at: date) -> ReadZone:
    """Read a zone; where check digits fail and one lookalike alone makes all of them fit, mend it."""
    zone = read_mrz(text, at)
    lines = zone_lines(text)
    if zone.problem or _fits(zone, lines):
        return ReadZone(text=text, zone=zone, fits=not zone.problem)
    found: dict[str, MachineReadable] = {}
    for number, first, last in _PROTECTED[zone.format]:
        line = lines[number]
        for place in range(first, last):
            for other in _LOOKALIKES.get(line[place], ""):
                mended = line[:place] + other + line[place + 1 :]
                whole = (*lines[:number], mended, *lines[number + 1 :])
                candidate = read_mrz("\n".join(whole), at)
                if _fits(candidate, whole):
                    found["\n".join(whole)] = candidate
    if len(found) != 1:
        return ReadZone(text=text, zone=zone, fits=False)
    ((text, zone),) = found.items()
    return ReadZone(text=text, zone=zone, fits=True, repaired=True)


def _fits(zone: MachineReadable, lines: tuple[str, ...]) -> bool:
    """Whether this is a document: a letter in a date may fit its check digit, and is wrong all the same."""
    if not zone.ok or zone.number is None:
        return False
    dates = (line[first:last] for line in lines[1:2] for first, last in _DATES[zone.format])
    return all(c.isdigit() or c == "<" for text in dates for c in text)
