"""Worlds for the rules about posts, agencies, repeated journeys and the calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

from schemas.records import Document
from schemas.vocabulary import Direction, DocumentType, OfficerAction, Purpose, Sex
from tests.people import MARIA, NUNUKAN, T0, Person, crossing, departure, heartbeats

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WITA = timezone(8 * HOUR)
SEBATIK, LABANG, ENTIKONG = "ID-65-SBT", "ID-65-LBG", "ID-61-ETK"
World = list[Any]
PASS = Document(type=DocumentType.PLB)
YUSUF = Person(name="YUSUF BERE", sex=Sex.M, nik="5399991705989003", passport="XX7654321")
RENEWED = replace(MARIA, passport="XX8888888")
EXPIRED = T0.date() - DAY
AFTER_LAMBELU = datetime(2026, 6, 10, 10, tzinfo=WITA)
"""A Wednesday: the day after the ship's call."""
REPORTED = heartbeats(datetime(2026, 8, 1, tzinfo=WITA))


def stays(*lengths: int, home: int = 3, person: Person = MARIA, **back: Any) -> World:
    """Stays abroad of so many days, the last of them ended so many days before T0."""
    found, until = [], T0
    for number, days in enumerate(lengths):
        came = until - home * DAY
        until = came - days * DAY
        found += [
            crossing(person, event_id=f"in{number}", direction=Direction.IN, at=came, **({"purpose": "return"} | back)),
            crossing(person, event_id=f"out{number}", at=until, purpose=Purpose.TOURISM),
        ]
    return found


def arrival(hours: int, person: Person = MARIA, **changes: Any) -> Any:
    """Off the ship from Maumere in Nunukan so many hours before T0."""
    document = Document(type=DocumentType.KTP, token=person.tokens()[1])
    usual = {
        "checkpoint_id": NUNUKAN,
        "direction": Direction.DOMESTIC,
        "document": document,
        "from_place": "ID-53-LSY",
        "event_id": "e0",
    }
    return crossing(person, at=T0 - hours * HOUR, **(usual | changes))


def tourist(**changes: Any) -> Any:
    return crossing(**({"purpose": Purpose.TOURISM, "to_place": "MY-PGL"} | changes))


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
    "R20": (
        [
            [crossing(), departure(p3mi_licence="SIP3MI-X100", p3mi_valid_to=EXPIRED)],
            [crossing(), departure(p3mi_licence="SIP3MI-X901")],
            [crossing(), departure(p3mi_licence="SIP3MI-X901", p3mi_valid_to=date(2030, 1, 1))],
            [crossing(), departure(p3mi_licence="SIP3MI-X902", p3mi_valid_to=T0.date())],
        ],
        [
            [crossing(), departure(p3mi_licence="SIP3MI-X100", p3mi_valid_to=T0.date())],
            [crossing(), departure(p3mi_licence="SIP3MI-X100")],
            [crossing(), departure(p3mi_valid_to=EXPIRED)],
            [crossing(), departure(p3mi_licence="SIP3MI-X902", origin_region="350101")],
            [
                crossing(purpose=Purpose.RETURN_TO_WORK),
                departure(p3mi_licence="SIP3MI-X100", p3mi_valid_to=EXPIRED, valid_from=date(2025, 1, 1)),
            ],
            [
                crossing(),
                departure(p3mi_licence="SIP3MI-X100", p3mi_valid_to=EXPIRED),
                departure(revision=2, issued_at=T0 + DAY, p3mi_valid_to=date(2030, 1, 1)),
            ],
        ],
    ),
    "R13": (
        [
            [crossing(purpose=Purpose.TOURISM), *stays(30, 29)],
            [crossing(purpose=Purpose.FAMILY), *stays(14, 20, 25)],
            [crossing(RENEWED), *stays(30, 29)],
            [crossing(), *stays(30, 29), arrival(20)],
        ],
        [
            [crossing(purpose=Purpose.TOURISM), *stays(30)],
            [crossing(purpose=Purpose.FAMILY), *stays(30, 29, home=20)],
            [crossing(purpose=Purpose.TRADE), *stays(30, 29)],
            [crossing(purpose=Purpose.TOURISM), *stays(1, 1, 1, 1, home=6)],
            [crossing(purpose=Purpose.FAMILY), *stays(30, 80)],
            [crossing(), *stays(30, 29), departure()],
            [crossing(purpose=Purpose.TOURISM), *stays(30, 29, person=YUSUF)],
            [crossing(purpose=Purpose.FAMILY), *stays(30, 29, purpose=Purpose.DEPORTATION)],
            [crossing(), *stays(30, 29)[:3]],
        ],
    ),
    "R17": (
        [
            [crossing(checkpoint_id=NUNUKAN), arrival(20)],
            [crossing(purpose=Purpose.FAMILY, checkpoint_id=NUNUKAN), arrival(72)],
            [crossing(), arrival(30, checkpoint_id="ID-21-BTH", from_place="ID-35-SUB")],
        ],
        [
            [crossing(checkpoint_id=NUNUKAN), arrival(73)],
            [crossing(checkpoint_id=NUNUKAN), arrival(20), departure(checkpoint_id=NUNUKAN)],
            [crossing(checkpoint_id=NUNUKAN), arrival(20, YUSUF)],
            [crossing(checkpoint_id=NUNUKAN), arrival(20, from_place="ID-21-TUB")],
            [crossing(checkpoint_id=NUNUKAN, purpose=Purpose.MEDICAL), arrival(20)],
            [crossing(checkpoint_id=NUNUKAN), arrival(-20)],
        ],
    ),
    "R04": (
        [
            [tourist()],
            [tourist(officer_action=OfficerAction.POSTPONED)],
            [tourist(), departure(planned_date=T0.date() - 90 * DAY)],
        ],
        [
            [tourist(to_place="MY-STL")],
            [tourist(purpose=Purpose.FAMILY)],
            [tourist(direction=Direction.IN)],
            [tourist(origin_region="350101")],
            [tourist(nationality="MYS")],
        ],
    ),
    "R23": (
        [
            [crossing(checkpoint_id=NUNUKAN, at=AFTER_LAMBELU), *REPORTED],
            [crossing(checkpoint_id=NUNUKAN, at=AFTER_LAMBELU + DAY), *REPORTED],
            [crossing(at=datetime(2026, 4, 4, 10, tzinfo=WITA)), *REPORTED],
            [crossing(at=datetime(2026, 6, 10, 22, tzinfo=timezone(7 * HOUR))), *REPORTED],
        ],
        [
            [crossing(checkpoint_id=NUNUKAN, at=AFTER_LAMBELU - DAY), *REPORTED],
            [crossing(at=AFTER_LAMBELU), *REPORTED],
            [crossing(at=datetime(2026, 3, 21, 10, tzinfo=WITA)), *REPORTED],
            [crossing(at=datetime(2026, 4, 5, 10, tzinfo=WITA)), *REPORTED],
            [crossing(checkpoint_id=NUNUKAN, at=AFTER_LAMBELU, purpose=Purpose.FAMILY), *REPORTED],
            [crossing(at=datetime(2026, 6, 10, 21, 59, tzinfo=timezone(7 * HOUR))), *REPORTED],
            [crossing(checkpoint_id=NUNUKAN, at=AFTER_LAMBELU), *REPORTED[1:]],
            [
                *REPORTED,
                crossing(checkpoint_id=NUNUKAN, at=AFTER_LAMBELU),
                departure(checkpoint_id=NUNUKAN, planned_date=AFTER_LAMBELU.date()),
            ],
        ],
    ),
}
