"""Where and when a passenger list lets its travellers be seen: the checkpoint on their way, and the direction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from producers.countries import ALPHA3_OF
from schemas import reference
from schemas.errors import Reason, RecordRejected
from schemas.vocabulary import Direction

_LOCODE_LETTERS = 5
_MODES = {"1": "sea", "3": "land", "4": "air", "8": "sea", "40": "air"}
"""UN/ECE recommendation 19, and IATA's own code for flights."""


@dataclass(slots=True, kw_only=True)
class Leg:
    """One leg of a voyage; times are local to the ports, as carriers write them."""

    carrier: str = ""
    service_no: str = ""
    mode: str = ""
    start: str = ""
    leaves: datetime | None = None
    end: str = ""
    arrives: datetime | None = None


@dataclass(slots=True)
class Voyage:
    """The legs of one passenger list, as they are read."""

    legs: list[Leg] = field(default_factory=list)
    _at_end: bool = False
    """Whether the port named last is the end of its leg."""

    def transport(self, *, carrier: str, service_no: str, mode: str) -> None:
        """A means of transport begins a leg."""
        self.legs.append(Leg(carrier=carrier, service_no=service_no, mode=_MODES.get(mode, "")))

    def leave_from(self, port: str) -> None:
        """The port where a leg begins."""
        leg = self._leg()
        if leg.start:
            leg = self._next(leg)
        leg.start, self._at_end = port, False

    def call_at(self, port: str) -> None:
        """A port that may begin or end a leg."""
        leg = self._leg()
        if not leg.start:
            self.leave_from(port)
        elif leg.end:
            leg = self._next(leg)
            leg.start, leg.end, self._at_end = self.legs[-2].end, port, True
        else:
            leg.end, self._at_end = port, True

    def arrive_at(self, port: str) -> None:
        """The port where a leg ends."""
        leg = self._leg()
        if leg.end:
            start = leg.end
            leg = self._next(leg)
            leg.start = start
        leg.end, self._at_end = port, True

    def leaves(self, at: datetime | None) -> None:
        """The departure from the port named last."""
        leg = self._leg()
        if self._at_end and leg.end:
            port = leg.end
            leg = self._next(leg)
            leg.start, self._at_end = port, False
        leg.leaves = at

    def arrives(self, at: datetime | None) -> None:
        """The arrival at the port named last."""
        self._leg().arrives = at

    def travelled(self, start: str, end: str) -> Sequence[Leg]:
        """The legs between two ports; all of them where the ports are not named, or not on the way."""
        legs = [leg for leg in self.legs if leg.start or leg.end]
        first = next((i for i, leg in enumerate(legs) if start and leg.start == start), 0)
        last = next((i for i in range(len(legs) - 1, first - 1, -1) if end and legs[i].end == end), len(legs) - 1)
        return legs[first : last + 1]

    def _leg(self) -> Leg:
        if not self.legs:
            self.legs.append(Leg())
        return self.legs[-1]

    def _next(self, leg: Leg) -> Leg:
        self.legs.append(Leg(carrier=leg.carrier, service_no=leg.service_no, mode=leg.mode))
        return self.legs[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Where on the voyage its travellers are seen."""

    checkpoint_id: str
    at: datetime | None
    """None = the list does not say."""
    direction: Direction
    leg: Leg


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One end of a leg."""

    port: str
    leaving: bool
    leg: Leg

    @property
    def countries(self) -> tuple[str | None, str | None]:
        return country_of(self.leg.start), country_of(self.leg.end)

    @property
    def crosses(self) -> bool:
        start, end = self.countries
        return start != end and None not in (start, end)


def sighting(legs: Sequence[Leg], checkpoint_id: str | None, direction: Direction | None) -> Sighting:
    """Where travellers of these legs are seen; a border that is crossed comes before ports inside the country.

    Raises:
        RecordRejected: no checkpoint, several, or no direction can be made out.
    """
    calls = sorted(_calls(legs), key=lambda call: not call.crosses)
    for call in calls:
        places = _places(call, checkpoint_id)
        if not places or not _agrees(call, direction):
            continue
        if len(places) > 1:
            raise RecordRejected(Reason.UNKNOWN_CHECKPOINT, "several stand at this port: say --checkpoint")
        return _seen(places[0], call, _direction(call) or direction)
    if checkpoint_id is None or not calls:
        message = "none stands at a port of this list: say --checkpoint"
        raise RecordRejected(Reason.UNKNOWN_CHECKPOINT, message, field="checkpoint_id")
    return _seen(checkpoint_id, *_told(legs, direction))


def _places(call: _Call, checkpoint_id: str | None) -> list[str]:
    """Where travellers of a call may be seen: the checkpoint that was named, if it stands there, else any."""
    if checkpoint_id is None:
        return _checkpoints(call)
    there = call.port == checkpoint_id or call.port in reference.checkpoints()[checkpoint_id].ports
    return [checkpoint_id] if there else []


def _agrees(call: _Call, direction: Direction | None) -> bool:
    """Whether travellers of a call go the way that was named."""
    way = _direction(call)
    if direction is None or way is not None:
        return direction in (None, way)
    return direction is not (Direction.IN if call.leaving else Direction.OUT)


def _told(legs: Sequence[Leg], direction: Direction | None) -> tuple[_Call, Direction | None]:
    """The end of the voyage that a checkpoint watches which has no port code, or another than the list's."""
    start, end = country_of(legs[0].start), country_of(legs[-1].end)
    if direction is None and start != end and "ID" in (start, end):
        direction = Direction.OUT if start == "ID" else Direction.IN
    if direction is Direction.IN:
        return _Call(port=legs[-1].end, leaving=False, leg=legs[-1]), direction
    return _Call(port=legs[0].start, leaving=True, leg=legs[0]), direction


def _calls(legs: Iterable[Leg]) -> Iterator[_Call]:
    for leg in legs:
        for port, leaving in ((leg.start, True), (leg.end, False)):
            if port:
                yield _Call(port=port, leaving=leaving, leg=leg)


def _seen(checkpoint_id: str, call: _Call, direction: Direction | None) -> Sighting:
    if direction is None:
        message = "the country of the other port is not known: say --direction"
        raise RecordRejected(Reason.MISSING_FIELD, message, field="direction")
    at = call.leg.leaves if call.leaving else call.leg.arrives
    zone = ZoneInfo(reference.checkpoints()[checkpoint_id].tz)
    return Sighting(
        checkpoint_id=checkpoint_id,
        at=at.replace(tzinfo=zone) if at else None,
        direction=direction,
        leg=call.leg,
    )


def _direction(call: _Call) -> Direction | None:
    start, end = call.countries
    if start is None or end is None:
        return None
    if start == end:
        return Direction.DOMESTIC
    return Direction.OUT if call.leaving else Direction.IN


def _checkpoints(call: _Call) -> list[str]:
    """Those at the port of a call which such a voyage can use."""
    every = reference.checkpoints()
    found = [one for one in reference.places_at(call.port) if one in every]
    if call.port in every or len(found) < 2:
        return found
    mode = call.leg.mode or ("" if len(call.port) == _LOCODE_LETTERS else "air")
    scope = "international" if call.crosses else "domestic"
    fitting = [one for one in found if every[one].scope in (scope, "both") and mode in ("", every[one].mode)]
    return fitting or found


@lru_cache(maxsize=4096)
def country_of(port: str) -> str | None:
    """Alpha-2 country of a port by its code; None = not known."""
    places = reference.places_at(port)
    if places:
        return reference.place_country(places[0])
    return port[:2] if len(port) == _LOCODE_LETTERS and port[:2] in ALPHA3_OF else None


@lru_cache(maxsize=4096)
def place_of(port: str) -> str:
    """The id of the one place that has a port's code, else the code as it is."""
    places = reference.places_at(port)
    return places[0] if len(places) == 1 else port
