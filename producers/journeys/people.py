"""Simulated people with documents that cannot exist: kecamatan 99 in every NIK, XX before every passport number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from random import Random

from producers.journeys.names import NameParts, foreign_name, indonesian_name, ntt_name
from schemas.reference import districts
from schemas.vocabulary import NTT

IMPOSSIBLE_KECAMATAN = "99"
"""No kabupaten has so many; the NIK reader calls such a number suspect and still reads date, sex and kabupaten."""
_STEP, _NUMBERS = 7_654_321, 10_000_000
"""Odd and no multiple of five: counting by this step meets every seven-digit number once."""

HOME_OFFICES = {
    "5301": "Kupang", "5302": "Kupang", "5303": "Atambua", "5304": "Atambua", "5305": "Kupang", "5306": "Larantuka",
    "5307": "Maumere", "5308": "Maumere", "5309": "Labuan Bajo", "5310": "Labuan Bajo", "5311": "Waingapu",
    "5312": "Waikabubak", "5313": "Larantuka", "5314": "Kupang", "5315": "Labuan Bajo", "5316": "Maumere",
    "5317": "Waikabubak", "5318": "Tambolaka", "5319": "Labuan Bajo", "5320": "Kupang", "5321": "Atambua",
    "5371": "Kupang",
}  # fmt: skip
"""Where a kabupaten of NTT has its passports made."""
OTHER_OFFICES = {
    "11": "Banda Aceh", "12": "Medan", "13": "Padang", "14": "Pekanbaru", "18": "Bandar Lampung", "21": "Batam",
    "31": "Jakarta Selatan", "32": "Bandung", "33": "Semarang", "34": "Yogyakarta", "35": "Surabaya", "36": "Tangerang",
    "51": "Denpasar", "52": "Mataram", "61": "Pontianak", "64": "Balikpapan", "65": "Nunukan", "71": "Manado",
    "73": "Makassar", "74": "Kendari",
}  # fmt: skip
FAR_OFFICES = ("Parepare", "Nunukan", "Batam", "Blitar", "Siak", "Pekanbaru", "Tanjungpinang", "Surabaya")
"""Offices outside NTT where recruiters had passports made (regional.kompas.com, 15 March 2018; lintasntt.com, 2025)."""
KAB_WEIGHTS = {
    "5318": 24, "5311": 14, "5301": 12, "5312": 11, "5304": 10, "5321": 9, "5302": 9, "5306": 8, "5307": 8, "5303": 6,
    "5308": 6, "5313": 5, "5371": 5, "5317": 4, "5319": 4, "5310": 4, "5309": 3, "5316": 3, "5305": 4, "5315": 3,
    "5314": 2, "5320": 2,
}  # fmt: skip
"""How often an NTT traveller comes from there: the ranking of placements of 2023, all 22 present."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passport:
    """A passport as shown."""

    number: str
    office: str
    issued_on: date
    expires_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One simulated traveller."""

    name: NameParts
    birth_date: date
    sex: str
    kab: str
    """Kabupaten or kota of first registration; empty for foreigners."""
    nik: str
    kk: str
    nationality: str
    passport: Passport

    @property
    def from_ntt(self) -> bool:
        """Whether first registered in NTT."""
        return self.kab.startswith(NTT)

    def age_on(self, day: date) -> int:
        """Full years."""
        born = self.birth_date
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


class Population:
    """Brings people into being and never gives one number twice."""

    def __init__(self, seed: int) -> None:
        self._number = seed * 7919 % _NUMBERS
        self._household = 0
        self._serials: dict[str, int] = {}
        self._kabs, self._kab_weights = tuple(KAB_WEIGHTS), tuple(KAB_WEIGHTS.values())

    def number(self) -> str:
        """Seven digits, never twice."""
        self._number = (self._number + _STEP) % _NUMBERS
        return f"{self._number:07d}"

    def nik(self, kab: str, born: date, sex: str) -> str:
        """A NIK that no real person has: kecamatan 99, serial 9xxx."""
        day = born.day + (40 if sex == "F" else 0)
        head = f"{kab}{IMPOSSIBLE_KECAMATAN}{day:02d}{born:%m%y}"
        serial = self._serials.get(head, 0) + 1
        self._serials[head] = serial
        return f"{head}{9000 + serial % 1000:04d}"

    def household(self, kab: str) -> str:
        """A KK number, impossible in the same way."""
        self._household += 1
        day = date(2008, 1, 1) + timedelta(days=self._household * 37 % 6000)
        return f"{kab}{IMPOSSIBLE_KECAMATAN}{day:%d%m%y}{9000 + self._household % 1000:04d}"

    def passport(self, rng: Random, office: str, *, on: date, age_days: int | None = None) -> Passport:
        """A passport that is `age_days` old on a day; without it, between four months and four and a half years."""
        age = rng.randint(125, 1650) if age_days is None else age_days
        issued = on - timedelta(days=age)
        years = 10 if issued >= date(2022, 10, 12) else 5
        expires = issued.replace(year=issued.year + years, day=min(issued.day, 28))
        return Passport(number=f"XX{self.number()}", office=office, issued_on=issued, expires_on=expires)

    def born(self, rng: Random, youngest: int, oldest: int, *, on: date) -> date:
        """A birth date of somebody who is of that age in full years on a day, the oldest not included."""
        return on - timedelta(days=rng.randint(youngest * 366 + 2, oldest * 365))

    def ntt(
        self,
        rng: Random,
        *,
        on: date,
        sex: str | None = None,
        ages: tuple[int, int] = (19, 52),
        kab: str | None = None,
        office: str | None = None,
        passport_age_days: int | None = None,
    ) -> Person:
        """Somebody first registered in NTT, with a passport of the home office unless told otherwise."""
        kab = kab or rng.choices(self._kabs, self._kab_weights)[0]
        sex = sex or ("F" if rng.random() < 0.55 else "M")
        born = self.born(rng, *ages, on=on)
        return Person(
            name=ntt_name(rng, sex, kab),
            birth_date=born,
            sex=sex,
            kab=kab,
            nik=self.nik(kab, born, sex),
            kk=self.household(kab),
            nationality="IDN",
            passport=self.passport(rng, office or HOME_OFFICES[kab], on=on, age_days=passport_age_days),
        )

    def resident(
        self, rng: Random, province: str, *, on: date, ages: tuple[int, int] = (18, 68), kab: str | None = None
    ) -> Person:
        """Somebody first registered in another province."""
        kab = kab or rng.choice(kabs_of(province))
        sex = "F" if rng.random() < 0.45 else "M"
        born = self.born(rng, *ages, on=on)
        return Person(
            name=indonesian_name(rng, sex),
            birth_date=born,
            sex=sex,
            kab=kab,
            nik=self.nik(kab, born, sex),
            kk="",
            nationality="IDN",
            passport=self.passport(rng, OTHER_OFFICES.get(province, "Jakarta Selatan"), on=on),
        )

    def foreigner(self, rng: Random, nationality: str, *, on: date) -> Person:
        """A foreign national."""
        sex = "F" if rng.random() < 0.45 else "M"
        return Person(
            name=foreign_name(rng, nationality),
            birth_date=self.born(rng, 6, 75, on=on),
            sex=sex,
            kab="",
            nik="",
            kk="",
            nationality=nationality,
            passport=self.passport(rng, "", on=on),
        )

    def relative(
        self, rng: Random, person: Person, *, on: date, sex: str | None = None, born: date | None = None
    ) -> Person:
        """Somebody of the same household and family name, by default born on another day."""
        sex = sex or ("F" if rng.random() < 0.5 else "M")
        while born is None or (born == person.birth_date and sex == person.sex):
            born = self.born(rng, 20, 50, on=on)
        name = ntt_name(rng, sex, person.kab)
        while set(name.given.split()) & set(person.name.given.split()):
            name = ntt_name(rng, sex, person.kab)
        return Person(
            name=replace(name, family=person.name.family),
            birth_date=born,
            sex=sex,
            kab=person.kab,
            nik=self.nik(person.kab, born, sex),
            kk=person.kk,
            nationality="IDN",
            passport=self.passport(rng, HOME_OFFICES[person.kab], on=on),
        )

    def twin(self, rng: Random, person: Person, *, on: date) -> Person:
        """A sibling born on the same day, with another first name and documents of their own."""
        other = "M" if person.sex == "F" else "F"
        return self.relative(rng, person, on=on, sex=other if rng.random() < 0.5 else None, born=person.birth_date)

    def namesake(self, rng: Random, person: Person, *, on: date) -> Person:
        """Somebody of exactly the same name who was born on another day."""
        found = self.relative(rng, person, on=on, sex=person.sex)
        while found.birth_date == person.birth_date:
            found = self.relative(rng, person, on=on, sex=person.sex)
        return replace(found, name=person.name, kk=self.household(person.kab))

    def renewed(self, rng: Random, person: Person, *, on: date, office: str, age_days: int) -> Person:
        """The same person with a new passport."""
        return replace(person, passport=self.passport(rng, office, on=on, age_days=age_days))


@cache
def kabs_of(province: str) -> tuple[str, ...]:
    """Kabupaten and kota of a province."""
    return districts(province)


def plb_number(population: Population) -> str:
    """A border pass number that cannot exist."""
    return f"XB{population.number()}"


def splp_number(population: Population) -> str:
    """A passport substitute's number that cannot exist."""
    return f"XS{population.number()}"
