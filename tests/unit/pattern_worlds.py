"""Worlds for the rules about posts, agencies, repeated journeys and the calendar."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from schemas.records import Document
from schemas.vocabulary import Direction, DocumentType, Purpose
from tests.people import NUNUKAN, crossing, departure

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SEBATIK, LABANG, ENTIKONG = "ID-65-SBT", "ID-65-LBG", "ID-61-ETK"
World = list[Any]
PASS = Document(type=DocumentType.PLB)

PATTERNS: dict[str, tuple[list[World], list[World]]] = {
    "R15": (
        [
            [crossing(document=PASS, purpose=Purpose.FAMILY)],
            [crossing(document=PASS, checkpoint_id="ID-65-MLD", purpose=Purpose.TRADE)],
            [crossing(checkpoint_id=SEBATIK, purpose=Purpose.FAMILY)],
            [crossing(checkpoint_id=LABANG), departure()],
        ],
        [
            [crossing(document=PASS, checkpoint_id=SEBATIK, purpose=Purpose.TRADE)],
            [crossing(document=PASS, checkpoint_id=ENTIKONG)],
            [crossing(checkpoint_id=NUNUKAN)],
            [crossing(checkpoint_id=SEBATIK, nationality="MYS")],
            [crossing(checkpoint_id=SEBATIK, direction=Direction.IN)],
            [crossing(checkpoint_id="ID-65-XXX", province="kaltara", document=PASS)],
        ],
    ),
}
