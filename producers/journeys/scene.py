"""The stage of a simulation: takes journeys as they are told, and keeps the rows and the truths that they leave."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from random import Random

from producers.journeys.files import Registration, Report, Sighting, Truth
from producers.journeys.people import Person, Population, plb_number, splp_number
from producers.journeys.posts import NO_TOURISTS, Post, Service, post
from schemas.identity import write_td3
from schemas.vocabulary import Sex

WITA = timezone(timedelta(hours=8))
SPLP_OFFICES = {"ID-65-NNT": "Konsulat RI Tawau", "ID-21-SBP": "KJRI Johor Bahru"}
NIK_SHOWN, MRZ_READ = 0.8, 0.4
"""How often an Indonesian's NIK is noted beside a passport, and how often a passport is read by machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """One crossing to be seen; what is None is taken from the traveller or drawn."""

    person: Person
    post_id: str
    day: int
    """Days after the start; a day outside the simulation is not seen."""
    direction: str
    purpose: str
    document: str = "passport"
    number: str = ""
    """Of a border pass; empty = a new one."""
    country: str | None = None
    """Of the service taken."""
    place: str | None = None
    """Of the service taken."""
    service: Service | None = None
    minute: int | None = None
    """From local midnight."""
    nik: str | None = None
    """As noted; empty = not noted."""
    name: str | None = None
    sex: str | None = None
    birth_date: date | None = None
    destination_country: str | None = None
    payer: str = ""
    booking: str = ""
    party: str = ""
    kk: bool = False
    action: str = "cleared"


@dataclass(slots=True, kw_only=True)
class Scene:
    """What has happened so far in one simulation."""

    start: date
    days: int
    population: Population
    sightings: dict[int, list[Sighting]] = field(default_factory=dict)
    published: list[tuple[datetime, int, Registration]] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    truths: list[Truth] = field(default_factory=list)
    _counters: dict[str, int] = field(default_factory=dict)

    def on(self, day: int) -> date:
        """The calendar day so many days after the start."""
        return self.start + timedelta(days=day)

    def inside(self, day: int) -> bool:
        """Whether a day is simulated."""
        return 0 <= day < self.days

    def count(self, name: str) -> int:
        """1, 2, 3 … per name."""
        self._counters[name] = self._counters.get(name, 0) + 1
        return self._counters[name]

    def see(self, rng: Random, trip: Trip) -> Sighting | None:
        """Let a checkpoint see a traveller; None = the day is not simulated."""
        if not self.inside(trip.day):
            return None
        where, today = post(trip.post_id), self.on(trip.day)
        service = trip.service or pick_service(rng, where, trip, today.weekday())
        at = _moment(rng, where, service, trip, today)
        cells = self._identity(rng, trip, today) | _journey(where, service, trip)
        number = self.count(f"{where.code}{today:%y%m%d}")
        seen = Sighting(
            event_id=f"{where.code}-{today:%y%m%d}-{number:04d}",
            province=where.province,
            at=at,
            checkpoint_id=where.id,
            cells=cells,
        )
        self.sightings.setdefault(trip.day, []).append(seen)
        return seen

    def _identity(self, rng: Random, trip: Trip, today: date) -> dict[str, str]:
        person = trip.person
        born, sex = trip.birth_date or person.birth_date, trip.sex or person.sex
        nik = person.nik if trip.nik is None and rng.random() < NIK_SHOWN else trip.nik or ""
        cells = {
            "document_type": trip.document,
            "nik": nik,
            "kk": person.kk if trip.kk else "",
            "name": person.name.full if trip.name is None else trip.name,
            "birth_date": born.isoformat(),
            "sex": sex,
            "nationality": person.nationality,
        }
        if trip.document == "passport":
            cells |= _passport(rng, person, cells["name"], born, sex)
        elif trip.document == "ktp":
            cells |= {"document_number": person.nik, "nik": person.nik}
        elif trip.document == "plb":
            cells |= {"document_number": trip.number or plb_number(self.population)}
        elif trip.document == "splp":
            issued, expires = today - timedelta(days=7), today + timedelta(days=90)
            cells["document_number"] = splp_number(self.population)
            cells["issue_office"] = SPLP_OFFICES.get(trip.post_id, "KJRI Kuching")
            cells |= {"issued_on": issued.isoformat(), "expires_on": expires.isoformat()}
        return cells

    def publish(self, registration: Registration, *, late_by: timedelta = timedelta()) -> Registration:
        """Let a registry publish a revision, shortly after it was issued or later."""
        at = registration.issued_at + late_by
        if at < self.horizon:
            self.published.append((at, len(self.published), registration))
        return registration

    @property
    def horizon(self) -> datetime:
        """Four days after the last simulated midnight: what the registries publish later is not in the files."""
        return datetime(self.start.year, self.start.month, self.start.day, tzinfo=WITA) + timedelta(days=self.days + 4)

    def tell(
        self,
        seen: Sighting | None,
        *,
        kind: str,
        status: str,
        rules: tuple[str, ...] = (),
        case: str | None = None,
        twin_of: Sighting | None = None,
        departure_id: str | None = None,
        tier: str | None = None,
        noise: tuple[str, ...] = (),
        group: str | None = None,
        group_rules: tuple[str, ...] = (),
    ) -> None:
        """Note what is true of a crossing, if it was seen."""
        if seen is None:
            return
        self.truths.append(
            Truth(
                event_id=seen.event_id, province=seen.province, kind=kind, status=status, rules=rules, case=case,
                twin_of=twin_of.event_id if twin_of else None, departure_id=departure_id, tier=tier, noise=noise,
                group=group, group_rules=group_rules,
            )
        )  # fmt: skip


def pick_service(rng: Random, where: Post, trip: Trip, weekday: int) -> Service:
    """A service of that day and direction, to the wanted country or place where there is one."""
    offered = {"out": where.out, "in": where.into}.get(trip.direction, where.domestic)
    today = [s for s in offered if weekday in s.weekdays] or list(offered)
    wanted = [s for s in today if trip.country in (None, s.country) and trip.place in (None, s.place)]
    if trip.purpose == "tourism" and not trip.place:
        wanted = [s for s in wanted if s.place not in NO_TOURISTS]
    return rng.choice(wanted or today)


def _moment(rng: Random, where: Post, service: Service, trip: Trip, today: date) -> datetime:
    if trip.minute is not None:
        minute = trip.minute
    elif trip.direction == "out":
        # travellers of a ferry pass the desk in a wave before it leaves
        minute = service.minute - (rng.randint(0, 40) if where.mode == "land" else rng.randint(12, 70))
    else:
        minute = service.minute + rng.randint(3, 32)
    if trip.minute is None and minute < where.opens:
        minute = where.opens + rng.randint(0, 15)
    minute = min(max(minute, where.opens), where.closes - 1)
    midnight = datetime(today.year, today.month, today.day, tzinfo=where.zone)
    return midnight + timedelta(minutes=minute, seconds=rng.randrange(60))


def _journey(where: Post, service: Service, trip: Trip) -> dict[str, str]:
    away, here = service.place, where.id
    leaving = trip.direction == "out"
    return {
        "direction": trip.direction,
        "mode": where.mode,
        "carrier": service.carrier,
        "service_no": service.number,
        "from_place": here if leaving else away,
        "to_place": away if leaving else here,
        "purpose": trip.purpose,
        "destination_country": trip.destination_country or (service.country if leaving else "ID"),
        "payer": trip.payer,
        "booking": trip.booking,
        "party": trip.party,
        "officer_action": trip.action,
    }


def _passport(rng: Random, person: Person, name: str, born: date, sex: str) -> dict[str, str]:
    shown = person.passport
    cells = {
        "document_number": shown.number,
        "issue_office": shown.office,
        "issued_on": shown.issued_on.isoformat(),
        "expires_on": shown.expires_on.isoformat(),
    }
    if rng.random() < MRZ_READ:
        parts = person.name
        surname, given = (parts.family, parts.given) if parts.family and name == parts.full else (name, "")
        cells["mrz"] = write_td3(
            number=shown.number,
            surname=surname,
            given_names=given,
            birth_date=born,
            sex=Sex(sex),
            expires_on=shown.expires_on,
            nationality=person.nationality,
        ).replace("\n", "")
    return cells
