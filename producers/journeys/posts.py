"""Timetables of the checkpoints: which services leave when and where to, and how busy each place is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta, timezone
from functools import cache

from schemas.reference import checkpoints, foreign_places, province_of
from schemas.vocabulary import Province

NO_TOURISTS = frozenset({"MY-PGL"})
"""Places across the border without anything for tourists: who is innocent does not say so."""
_HOURS = {"Asia/Jakarta": 7, "Asia/Pontianak": 7, "Asia/Makassar": 8}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One daily sailing, flight or bus; minutes count from local midnight, place is across the border or far away."""

    number: str
    carrier: str
    minute: int
    place: str
    country: str
    weekdays: frozenset[int] = frozenset(range(7))


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A checkpoint with its services; `opens` and `closes` are minutes from local midnight."""

    id: str
    province: Province
    zone: timezone
    mode: str
    opens: int
    closes: int
    out: tuple[Service, ...]
    into: tuple[Service, ...]
    domestic: tuple[Service, ...] = ()

    @property
    def code(self) -> str:
        """The last part of the id."""
        return self.id.rsplit("-", 1)[1]


def _times(first: int, last: int, every: int) -> tuple[int, ...]:
    return tuple(range(first * 60, last * 60 + 1, every))


def _line(
    prefix: str, carrier: str, place: str, minutes: tuple[int, ...], *, skip_sunday: bool = False
) -> list[Service]:
    days = frozenset(range(6)) if skip_sunday else frozenset(range(7))
    across = foreign_places().get(place)
    return [
        Service(
            number=f"{prefix}{m // 60:02d}{m % 60:02d}" if prefix else "",
            carrier=carrier,
            minute=m,
            place=place,
            country=across.country if across else "ID",
            weekdays=days,
        )
        for m in minutes
    ]


def _ship(name: str, minute: int, place: str, weekdays: set[int], *, carrier: str = "PELNI") -> Service:
    return Service(number=name, carrier=carrier, minute=minute, place=place, country="ID", weekdays=frozenset(weekdays))


def _post(
    checkpoint_id: str,
    lines: list[Service],
    *,
    hours: tuple[int, int] = (6, 21),
    domestic: tuple[Service, ...] = (),
) -> Post:
    checkpoint, province = checkpoints()[checkpoint_id], province_of(checkpoint_id)
    if province is None:
        msg = f"{checkpoint_id} is not in a transit province"
        raise ValueError(msg)
    zone = timezone(timedelta(hours=_HOURS[checkpoint.tz]))
    opens, closes = hours[0] * 60, hours[1] * 60
    back = tuple(
        Service(
            number=s.number and s.number + "R",
            carrier=s.carrier,
            minute=m,
            place=s.place,
            country=s.country,
            weekdays=s.weekdays,
        )
        for s in lines
        if opens + 30 <= (m := s.minute + 90) <= closes - 40
    )
    leaving = tuple(s for s in lines if opens + 20 <= s.minute <= closes)
    return Post(
        id=checkpoint_id, province=province, zone=zone, mode=checkpoint.mode, opens=opens, closes=closes,
        out=leaving, into=back, domestic=domestic,
    )  # fmt: skip


AIRLINE = "Nusa Kirana Air"


def _kepri() -> list[Post]:
    fast, bay, island = "Selat Cepat Ferry", "Bahari Lintas Ferry", "Pulau Ekspres"
    return [
        _post(
            "ID-21-BTC",
            _line("SC", fast, "MY-STL", _times(7, 19, 90)) + _line("BL", bay, "MY-PGU", _times(8, 17, 180))
            + _line("PE", island, "MY-PUT", _times(9, 17, 240)) + _line("SS", fast, "SG-HFC", _times(6, 20, 60))
            + _line("ST", island, "SG-TMF", _times(8, 18, 120)) + _line("TP", island, "MY-PGL", (10 * 60, 15 * 60)),
        ),
        _post(
            "ID-21-HBY",
            _line("HB", bay, "SG-HFC", _times(7, 20, 90)) + _line("HM", bay, "MY-PUT", _times(8, 17, 270))
            + _line("HS", bay, "MY-STL", _times(9, 16, 210)),
        ),
        _post("ID-21-SKP", _line("SK", fast, "SG-HFC", _times(6, 19, 120))),
        _post("ID-21-NGS", _line("NG", island, "SG-TMF", _times(8, 18, 200))),
        _post(
            "ID-21-SBP",
            _line("TJ", bay, "SG-TMF", _times(7, 17, 200)) + _line("TM", bay, "MY-STL", _times(8, 16, 240)),
            hours=(6, 19),
        ),
        _post("ID-21-BBT", _line("LG", island, "SG-TMF", _times(9, 18, 180)), hours=(8, 20)),
        _post(
            "ID-21-TBK",
            _line("KK", island, "MY-KKP", _times(8, 16, 160)) + _line("KP", island, "MY-PUT", _times(9, 15, 240))
            + _line("KS", fast, "SG-HFC", _times(7, 16, 270)),
            hours=(6, 18),
        ),
        _post(
            "ID-21-BTH",
            _line("NK", AIRLINE, "MY-KUL", (9 * 60 + 20, 15 * 60 + 40)) + _line("NS", AIRLINE, "SG-SIN", (11 * 60,)),
            domestic=tuple(
                _line("NU", AIRLINE, "ID-35-SUB", (8 * 60 + 30, 12 * 60 + 50, 17 * 60 + 10))
                + _line("NJ", AIRLINE, "ID-31-CGK", _times(8, 20, 180))
                + _line("NO", AIRLINE, "ID-53-KOE", (14 * 60 + 15,))
            ),
        ),
        _post("ID-21-TPG", [], domestic=tuple(_line("PG", island, "ID-21-TUB", _times(7, 18, 60)))),
        _post("ID-21-BUR", [], domestic=(_ship("KM KELUD", 13 * 60, "ID-31-CGK", {2, 6}),)),
    ]  # fmt: skip


def _kalbar() -> list[Post]:
    bus, own = "Bus Lintas Serawak", ""
    return [
        _post(
            "ID-61-ETK",
            _line("BS", bus, "MY-TBD", _times(6, 16, 60)) + _line("", own, "MY-TBD", _times(7, 16, 120)),
            hours=(5, 17),
        ),
        _post(
            "ID-61-ARK",
            _line("BA", bus, "MY-BIA", _times(7, 16, 90)) + _line("", own, "MY-BIA", _times(7, 16, 150)),
            hours=(5, 17),
        ),
        _post(
            "ID-61-BDU",
            _line("BB", bus, "MY-LBA", _times(7, 16, 120)) + _line("", own, "MY-LBA", _times(8, 15, 150)),
            hours=(5, 17),
        ),
        _post("ID-61-JGB", _line("", own, "MY-SRK", _times(7, 16, 120)), hours=(6, 17)),
        _post(
            "ID-61-PNK",
            _line("NC", AIRLINE, "MY-KCH", (11 * 60 + 30,)),
            domestic=tuple(_line("NP", AIRLINE, "ID-31-CGK", _times(8, 18, 200))),
        ),
        _post("ID-61-DWK", [], domestic=(_ship("KM LAWIT", 10 * 60, "ID-35-SUB", {1, 4}),)),
    ]  # fmt: skip


def _kaltara() -> list[Post]:
    tawau, tarakan = "Tawau Jaya Ferry", "Kaltara Bahari"
    pelni = (
        _ship("KM LAMBELU", 9 * 60, "ID-53-LSY", {1, 5}),
        _ship("KM BUKIT SIGUNTANG", 14 * 60, "ID-73-PRE", {0, 3}),
        _ship("KM THALIA", 11 * 60, "ID-73-PRE", {2}, carrier="Nusantara Samudra"),
    )
    return [
        _post(
            "ID-65-NNT",
            _line("TW", tawau, "MY-TWU", (8 * 60, 9 * 60 + 30, 11 * 60, 14 * 60)),
            hours=(6, 18),
            domestic=pelni,
        ),
        _post(
            "ID-65-MLD",
            _line("MT", tarakan, "MY-TWU", (9 * 60, 13 * 60), skip_sunday=True),
            hours=(6, 18),
            domestic=(_ship("KM UMSINI", 13 * 60, "ID-73-UPG", {0, 4}),),
        ),
        _post("ID-65-TRK", [], domestic=tuple(_line("NB", AIRLINE, "ID-64-BPN", (8 * 60 + 40, 13 * 60, 16 * 60)))),
        _post("ID-65-SBT", _line("", "", "MY-TWU", _times(7, 15, 60)), hours=(6, 17)),
        _post("ID-65-LBG", _line("", "", "MY-PGN", _times(8, 15, 120)), hours=(7, 17)),
        _post("ID-65-LMD", _line("", "", "MY-BKL", _times(8, 15, 120)), hours=(7, 17)),
    ]  # fmt: skip


@cache
def posts() -> dict[str, Post]:
    """Every checkpoint that sends events in the simulation, by its id."""
    return {p.id: p for p in (*_kepri(), *_kalbar(), *_kaltara())}


def post(checkpoint_id: str) -> Post:
    """One of `posts`."""
    return posts()[checkpoint_id]
