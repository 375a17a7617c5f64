"""Reference data: complete, unchanged, and answering what rules ask of places."""

from __future__ import annotations

import hashlib
from importlib import resources
from zoneinfo import ZoneInfo

import pytest

from schemas import reference
from schemas.vocabulary import Province

DATA = resources.files("schemas.reference").joinpath("data")


def published_digests() -> dict[str, str]:
    lines = DATA.joinpath("SHA256SUMS").read_text().split("\n")
    return {name: digest for digest, name in (line.split() for line in lines if line)}


def test_every_table_equals_its_published_digest() -> None:
    found = {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in DATA.iterdir() if f.name.endswith(".csv")}
    assert found == published_digests(), "edited on purpose? see data/SOURCES.md"


def test_every_table_says_where_it_comes_from() -> None:
    sources = DATA.joinpath("SOURCES.md").read_text()
    assert DATA.joinpath("regions-SOURCE-LICENSE.md").is_file()
    assert DATA.joinpath("checkpoints-SOURCES.md").is_file()
    for name in published_digests():
        assert name in sources or (name.startswith("regions-") and "regions-*.csv" in sources)


def test_the_tables_are_whole() -> None:
    regions = reference.regions().values()
    assert [sum(r.level == level for r in regions) for level in (1, 2, 3)] == [38, 514, 7285]
    assert [len(reference.districts(p)) for p in ("53", "21", "61", "65")] == [22, 7, 14, 5]
    assert len(reference.checkpoints()) == 46
    assert len(reference.foreign_places()) == 24
    assert len(reference.route_nodes()) == 18


def test_every_code_inside_the_tables_exists() -> None:
    regions, across = reference.regions(), reference.foreign_places()
    assert all(r.parent is None or r.parent in regions for r in regions.values())
    for place in reference.checkpoints().values():
        assert place.id.startswith(f"ID-{place.province_code}-")
        assert regions[place.regency_code].parent == place.province_code
        assert not place.district_code or regions[place.district_code].parent == place.regency_code
        assert all(c in across for c in place.counterparts)
        assert ZoneInfo(place.tz)
        assert place.docs <= {"passport", "plb", "ktp", "none"}
        assert -11 < place.lat < 7
        assert 95 < place.lon < 141
    assert all(n.regency_code in regions and ZoneInfo(n.tz) for n in reference.route_nodes().values())


def test_a_checkpoint_says_what_it_is() -> None:
    batam = reference.checkpoints()["ID-21-BTC"]
    assert (batam.name, batam.aliases) == ("Terminal Ferry Internasional Batam Centre", ("Batam Center",))
    assert (batam.mode, batam.scope, batam.tz, batam.status) == ("sea", "international", "Asia/Jakarta", "active")
    assert batam.docs == {"passport"}
    assert reference.checkpoints()["ID-65-SBT"].docs == {"plb"}
    assert reference.checkpoints()["ID-21-HBY"].counterparts == ("SG-HFC", "MY-PUT", "MY-STL")


def test_reference_data_cannot_be_changed_by_who_reads_it() -> None:
    with pytest.raises(TypeError):
        reference.checkpoints()["ID-99-XXX"] = None  # type: ignore[index]
    with pytest.raises(AttributeError):
        reference.checkpoints()["ID-21-BTC"].name = "x"  # type: ignore[misc]


def test_a_checkpoint_belongs_to_its_transit_province() -> None:
    assert reference.province_of("ID-21-BTC") is Province.KEPRI
    assert reference.province_of("ID-61-ETK") is Province.KALBAR
    assert reference.province_of("ID-65-NNT") is Province.KALTARA
    assert reference.province_of("ID-53-TEN") is reference.province_of("") is None


def test_all_terminals_of_batam_are_one_city_and_bintan_is_another() -> None:
    batam = [c for c in reference.checkpoints() if reference.place_city(c) == "2171"]
    assert len(batam) == 12
    assert all(reference.same_city(a, b) for a in batam for b in batam)
    assert not reference.same_city("ID-21-BTC", "ID-21-SBP")
    assert not reference.same_city("ID-65-NNT", "ID-65-MLD")
    assert not reference.same_city("nowhere", "nowhere")
    assert not reference.same_city("MY-TWU", "MY-TWU")


@pytest.mark.parametrize(
    ("code", "country"),
    [("MY-TWU", "MY"), ("sg-hfc ", "SG"), ("ID-21-BTC", "ID"), ("ID-53-TEN", "ID"), ("Tawau", None), ("", None)],
)
def test_a_place_code_has_a_country(code: str, country: str | None) -> None:
    assert reference.place_country(code) == country


def test_a_kecamatan_is_six_digits_of_the_decree() -> None:
    assert reference.is_kecamatan("530104")
    assert not any(reference.is_kecamatan(c) for c in ("539999", "5301", "53", "", "53010４"))


@pytest.mark.parametrize(
    ("office", "region"),
    [
        ("Kupang", "5371"),
        ("KANIM BATAM", "2171"),
        ("Nunukan", "6503"),
        ("Parepare", "7372"),
        ("PARE-PARE", "7372"),
        ("UKPP Maumere", "5307"),
        ("Kantor Imigrasi Kelas I TPI Kupang", "5371"),
        ("Kantor Imigrasi Kelas II Non TPI Blitar", "3572"),
        ("Imigrasi Siak", "1408"),
        ("Pekanbaru", "1471"),
        ("KANIM JAKARTA SELATAN", "3174"),
        ("Jakarta", "31"),
        ("Tanjung Balai Karimun", "2102"),
        ("Tanjung Balai Asahan", "1274"),
        ("Tanjungpinang", "2172"),
        ("ULP Labuan Bajo", "5315"),
        ("Atambua", "5304"),
        ("Entikong", "6103"),
        ("Tanjung Perak", "3578"),
        ("Nusa Tenggara Timur", "53"),
        ("KJRI JOHOR BAHRU", None),
        ("KRI TAWAU", None),
        ("KBRI KUALA LUMPUR", None),
        ("Kota Kinabalu", None),
        ("Kantor Imigrasi Kelas I", None),
        ("", None),
        ("?", None),
    ],
)
def test_a_passport_office_is_found_by_its_name(office: str, region: str | None) -> None:
    assert reference.office_region(office) == region


def test_every_alias_of_an_office_is_a_region_and_is_found() -> None:
    from schemas.reference.regions import ALIASES

    for name, code in ALIASES.items():
        assert code in reference.regions()
        assert reference.office_region(f"KANIM {name}") == code


def test_every_kabupaten_of_the_four_provinces_is_found_by_its_own_name_in_its_own_province() -> None:
    for province in ("53", "21", "61", "65"):
        for code in reference.districts(province):
            found = reference.office_region(reference.regions()[code].name)
            assert found is not None
            assert found[:2] == province


def test_far_is_another_province() -> None:
    assert reference.far("530104", "7372")
    assert reference.far("53", "31")
    assert not reference.far("530104", "5371")
    assert not reference.far(None, "7372")
    assert not reference.far("530104", None)
