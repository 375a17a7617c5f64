"""The registration desks: LTSA, BP3MI, SISKOP2MI and G2G write departures as they would."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random

from producers.journeys.files import Registration
from producers.journeys.people import IMPOSSIBLE_KECAMATAN, Person
from producers.journeys.scene import WITA, Scene
from producers.journeys.spelling import written_otherwise

NO_NIK, NO_PASSPORT, OTHER_NAME, DATE_SWAPPED = 0.2, 0.1, 0.35, 0.01
"""How often a registration lacks the NIK or the passport, spells the name otherwise, or swaps day and month."""
WORK = {
    "MY": (("plantation", "corporate", 34), ("domestic_work", "household", 26), ("construction", "corporate", 12),
           ("manufacturing", "corporate", 14), ("hospitality", "corporate", 8), ("caregiver", "household", 6)),
    "SG": (("domestic_work", "household", 75), ("hospitality", "corporate", 15), ("caregiver", "household", 10)),
    "HK": (("domestic_work", "household", 85), ("caregiver", "household", 15)),
    "TW": (("caregiver", "household", 60), ("manufacturing", "corporate", 30), ("fishery", "vessel", 10)),
    "BN": (("construction", "corporate", 50), ("domestic_work", "household", 50)),
    "KR": (("manufacturing", "corporate", 80), ("fishery", "vessel", 20)),
}  # fmt: skip
LTSA_OFFICES = ("LTSA Kota Kupang", "LTSA Kabupaten Kupang", "LTSA Sikka", "LTSA Sumba Barat Daya")
SCHOOLS = ("BLK Kupang", "BLK Maumere", "BLKK Tambolaka", "LPK Flobamora", "BLK Surabaya", "LPK Sasando")
LICENCES = tuple(f"SIP3MI-X{n:03d}" for n in range(1, 25))


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A registration to be written; the person's passport is the one known to the registry."""

    person: Person
    planned: int
    """Day of the journey, in days after the start."""
    country: str
    post_id: str = ""
    """Empty = leaves from elsewhere in Indonesia."""
    sector: str | None = None
    employer: str | None = None
    issued_days_before: int | None = None
    """Before the planned day; negative = afterwards."""
    missing: frozenset[str] = frozenset()
    """Papers that the registration lacks."""
    clean: bool = False
    """Without any slip of the pen and with both numbers."""
    contract_from: int | None = None
    """Day on which the contract begins; the planned day when None."""
    contract_days: int = 730
    previous: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What the desk wrote, and what went wrong in it."""

    registration: Registration
    noise: tuple[str, ...]

    def tier(self, passport: str, nik: str) -> str:
        """How a crossing under these numbers is tied to it; by name where no number is the same."""
        known = {self.registration.passport, *self.registration.previous_passports.split(";")} - {""}
        if passport and passport in known:
            return "passport"
        return "nik" if nik and nik == self.registration.nik else "name"


def write_order(rng: Random, scene: Scene, order: Order) -> Issued:
    """Write a registration without publishing it."""
    person, planned = order.person, scene.on(order.planned)
    before = rng.randint(10, 60) if order.issued_days_before is None else order.issued_days_before
    issued_at = _office_hours(rng, planned - timedelta(days=before))
    sector, employer = _work(rng, person, order)
    begins = planned if order.contract_from is None else scene.on(order.contract_from)
    source = _source(rng, person, order.country)
    name, born, nik, passport, noise = _as_written(rng, order)
    registration = Registration(
        departure_id=f"{source}-{issued_at:%y}-{scene.count(f'departure {source}'):06d}",
        event="registered",
        source=source,
        name=name,
        issued_at=issued_at,
        birth_date=born,
        sex=person.sex,
        nik=nik,
        passport=passport,
        previous_passports=order.previous,
        origin_region=f"{person.kab}{IMPOSSIBLE_KECAMATAN}",
        scheme="GtoG" if source == "G2G" else rng.choices(("PtoP", "perseorangan", "internal"), (88, 9, 3))[0],
        p3mi_licence="" if source == "G2G" else rng.choice(LICENCES),
        p3mi_valid_to=None if source == "G2G" else planned + timedelta(days=rng.randint(90, 1200)),
        sector=sector,
        employer_type=employer,
        destination_country=order.country,
        planned_date=planned,
        valid_from=begins,
        valid_to=begins + timedelta(days=order.contract_days),
        checkpoint_id=order.post_id,
        mode=_mode(order.post_id),
        ltsa_office=rng.choice(LTSA_OFFICES) if source == "LTSA" else "",
    )
    return Issued(registration=_with_papers(rng, scene, registration, order.missing), noise=noise)


def register(rng: Random, scene: Scene, order: Order, *, late_by: timedelta = timedelta()) -> Issued:
    """Write a registration and publish it, at once or late."""
    issued = write_order(rng, scene, order)
    scene.publish(issued.registration, late_by=late_by)
    return issued


def revise(scene: Scene, registration: Registration, event: str, at: datetime, **changes: object) -> Registration:
    """Publish the next revision of a registration, with some columns changed."""
    changed = replace(registration, event=event, revision=registration.revision + 1, issued_at=at, **changes)  # type: ignore[arg-type]
    return scene.publish(changed)


def office_hour(rng: Random, day: date) -> datetime:
    """A moment of a working day of the registries."""
    return _office_hours(rng, day)


def _office_hours(rng: Random, day: date) -> datetime:
    return datetime.combine(day, time(rng.randint(8, 15), rng.randrange(60), rng.randrange(60)), tzinfo=WITA)


def _source(rng: Random, person: Person, country: str) -> str:
    if country in {"KR", "JP"}:
        return "G2G"
    sources = ("LTSA", "BP3MI", "SISKOP2MI") if person.from_ntt else ("BP3MI", "SISKOP2MI")
    return rng.choices(sources, (35, 35, 30)[: len(sources)])[0]


def _work(rng: Random, person: Person, order: Order) -> tuple[str, str]:
    if order.sector is not None:
        return order.sector, order.employer or ("household" if order.sector == "domestic_work" else "corporate")
    offered = [w for w in WORK[order.country] if person.sex == "F" or w[0] != "domestic_work"] or [
        ("construction", "corporate", 1)
    ]
    sector, employer, _ = rng.choices(offered, [w[2] for w in offered])[0]
    return sector, employer


def _mode(post_id: str) -> str:
    if not post_id:
        return "air"
    if post_id in {"ID-21-BTH", "ID-61-PNK", "ID-65-TRK"}:
        return "air"
    return "land" if post_id.startswith("ID-61") else "sea"


def _as_written(rng: Random, order: Order) -> tuple[str, date, str, str, tuple[str, ...]]:
    person = order.person
    name, born, nik, passport = person.name.full, person.birth_date, person.nik, person.passport.number
    if order.clean:
        return name, born, nik, passport, ()
    noise: list[str] = []
    if rng.random() < OTHER_NAME:
        name, kinds = written_otherwise(rng, name, 2 if rng.random() < 0.15 else 1)
        noise += kinds
    if rng.random() < NO_NIK:
        nik = ""
        noise.append("no_nik")
    elif born.day <= 12 and born.day != born.month and rng.random() < DATE_SWAPPED * 3:
        # only beside a NIK, which still tells the true date; a third of all dates can be swapped
        born = born.replace(day=born.month, month=born.day)
        noise.append("birth_date_swapped")
    if rng.random() < NO_PASSPORT:
        passport = ""
        noise.append("no_passport")
    return name, born, nik, passport, tuple(noise)


def _with_papers(rng: Random, scene: Scene, registration: Registration, missing: frozenset[str]) -> Registration:
    day = registration.issued_at.date()
    number = scene.count("paper")
    papers: dict[str, object] = {
        "certificate": f"LSP-X{number:06d}",
        "opp": day - timedelta(days=rng.randint(1, 6)),
        "health": day - timedelta(days=rng.randint(5, 40)),
        "insurance": f"BPJSTK-X{number:07d}",
        "permission": day - timedelta(days=rng.randint(10, 60)),
        "visa": f"VDR-X{number:06d}",
    }
    school = "" if "certificate" in missing else rng.choice(SCHOOLS)
    present = {paper: value for paper, value in papers.items() if paper not in missing}
    return replace(registration, training_institution=school, **present)  # type: ignore[arg-type]
