"""What a publisher is told about a file that the file itself does not say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from producers.mapping import Mapping
from schemas.vocabulary import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """For lists of carriers, which name ports, and for lists with headers of their own."""

    checkpoint: str | None = None
    """Id of the checkpoint at which the travellers of a passenger list are seen."""
    direction: Direction | None = None
    mapping: Mapping | None = None
    """Whose columns stand for which of ours."""
    sheet: str | None = None
    """The sheet of a workbook that has several of the kind."""


NO_HINTS: Final = Hints()
