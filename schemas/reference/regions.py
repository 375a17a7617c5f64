"""Kemendagri region codes: the codes of NIK and KK, which are not those of BPS."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType

from schemas.reference.tables import rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A province (2 digits), kabupaten or kota (4) or kecamatan (6)."""

    code: str
    name: str

    @property
    def level(self) -> int:
        """1 = province, 2 = kabupaten or kota, 3 = kecamatan."""
        return len(self.code) // 2

    @property
    def parent(self) -> str | None:
        """The code of the region around it; None for a province."""
        return self.code[:-2] or None


@cache
def regions() -> Mapping[str, Region]:
    """Every province, kabupaten, kota and kecamatan of Indonesia by its code."""
    found = {r["code"]: Region(code=r["code"], name=r["name"]) for r in rows("regions-indonesia-l1-l2.csv")}
    found |= {r["code"]: Region(code=r["code"], name=r["name"]) for r in rows("regions-indonesia-kecamatan.csv")}
    return MappingProxyType(found)


def is_kecamatan(code: str) -> bool:
    """Whether six digits are a kecamatan of the 2025 decree."""
    return len(code) == 6 and code in regions()


@cache
def districts(province: str) -> tuple[str, ...]:
    """The kabupaten and kota codes of a province."""
    return tuple(sorted(c for c in regions() if len(c) == 4 and c.startswith(province)))


_NOISE = re.compile(
    r"\b(KANTOR|IMIGRASI|KANIM|KELAS|TPI|NON|UNIT|KERJA|ULP|UKK|UKPP|MPP|KHUSUS|"
    r"KABUPATEN|KAB|KOTA|ADMINISTRASI|I|II|III|WILAYAH|PROVINSI)\b"
)
ALIASES = {
    "PAREPARE": "7372",
    "PARE PARE": "7372",
    "BATAM CENTRE": "2171",
    "BATAM CENTER": "2171",
    "BELAKANG PADANG": "2171",
    "TANJUNGPINANG": "2172",
    "TANJUNG UBAN": "2101",
    "TANJUNG BALAI KARIMUN": "2102",
    "RANAI": "2103",
    "ENTIKONG": "6103",
    "JAKARTA": "31",
    "SOEKARNO HATTA": "3671",
    "MAUMERE": "5307",
    "LARANTUKA": "5306",
    "ATAMBUA": "5304",
    "LABUAN BAJO": "5315",
    "WAINGAPU": "5311",
    "WAIKABUBAK": "5312",
    "TAMBOLAKA": "5318",
    "SOE": "5302",
    "KEFAMENANU": "5303",
    "KALABAHI": "5305",
    "RUTENG": "5310",
    "BAJAWA": "5309",
    "LEWOLEBA": "5313",
    "PUTUSSIBAU": "6106",
    "SAMBAS": "6101",
    "TANJUNG SELOR": "6501",
    "TANJUNG PERAK": "3578",
    "TANJUNG PRIOK": "31",
    "POLONIA": "1271",
    "UJUNG PANDANG": "7371",
    "SEBATIK": "6503",
    "TANJUNG REDEB": "6403",
    "SANGATTA": "6408",
    "TAREMPA": "2105",
    "DABO SINGKEP": "2104",
    "SELAT PANJANG": "1410",
    "SELATPANJANG": "1410",
    "TEMBILAHAN": "1404",
    "BAGANSIAPIAPI": "1407",
    "TANJUNG BALAI ASAHAN": "1274",
    "PEMATANG SIANTAR": "1272",
    "BELAWAN": "1271",
    "MEULABOH": "1105",
    "KUALA TUNGKAL": "1506",
    "NGURAH RAI": "5103",
    "SINGARAJA": "5108",
    "SUMBAWA BESAR": "5204",
    "SAMPIT": "6202",
    "TAHUNA": "7103",
    "TOBELO": "8203",
    "POLEWALI": "7604",
}
"""Seats and old names of immigration offices that are no kabupaten's name."""


_ABROAD = re.compile(r"\b(KBRI|KJRI|KRI|KDEI|PTRI|PERWAKILAN|KEDUTAAN|KONSULAT)\b")


def _plain(text: str) -> str:
    words = re.sub(r"[^A-Z ]", " ", text.upper())
    return " ".join(_NOISE.sub(" ", words).split())


@cache
def _by_name() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for code, region in regions().items():
        name = _plain(region.name)
        if len(code) == 4:
            # a city and the kabupaten around it share a name; an office stands in the city
            if name not in found or code[2] in "789":
                found[name] = code
        elif len(code) == 2:
            found.setdefault(name, code)
    return MappingProxyType(found | ALIASES)


@lru_cache(maxsize=4096)
def office_region(text: str) -> str | None:
    """The region code of a passport office by its name, two or four digits; None = not recognised, or abroad.

    Longest name first: "KANIM KELAS I TPI KUPANG" is Kota Kupang, "TANJUNG BALAI KARIMUN" is Karimun.
    """
    wanted, names = _plain(text), _by_name()
    if not wanted or _ABROAD.search(wanted):
        return None
    words = wanted.split()
    for size in range(min(len(words), 5), 0, -1):
        for start in range(len(words) - size + 1):
            code = names.get(" ".join(words[start : start + size]))
            if code:
                return code
    return None


def far(origin_region: str | None, office: str | None) -> bool:
    """Whether a passport office lies outside the traveller's province of origin; False where either is unknown."""
    return bool(origin_region and office) and str(origin_region)[:2] != str(office)[:2]
