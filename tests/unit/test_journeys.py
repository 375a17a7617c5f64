"""The simulator's files are deterministic, in the documented words, and hold no person who could exist."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest

import streams.rules  # noqa: F401  fills the catalogue
from producers.columns import CROSSINGS, DEPARTURES, HEARTBEATS, REPORTS, FileKind
from producers.journeys import SimulationSummary, simulate
from producers.journeys.people import FAR_OFFICES, HOME_OFFICES, KAB_WEIGHTS, OTHER_OFFICES
from producers.journeys.simulation import CASES
from schemas.reference import checkpoints, is_kecamatan, office_region, place_country, province_of, regions
from schemas.vocabulary import (
    DepartureEvent,
    Direction,
    DocumentType,
    EmployerType,
    Mode,
    OfficerAction,
    Province,
    Purpose,
    ReportKind,
    Scheme,
    Sector,
    Source,
    Status,
    Tier,
)
from streams.case import CATALOGUE

START, DAYS = date(2026, 6, 1), 30
PROVINCES = ("kepri", "kalbar", "kaltara")
NIK = re.compile(r"\d{4}99\d{6}9\d{3}")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _digest(directory: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(directory.iterdir())}


class Month:
    """A simulated month with little ordinary traffic, read once."""

    def __init__(self, directory: Path, summary: SimulationSummary) -> None:
        self.directory, self.summary = directory, summary
        self.crossings = {p: _rows(directory / f"crossings-{p}.csv") for p in PROVINCES}
        self.departures = _rows(directory / "departures.csv")
        self.truths = _lines(directory / "truth.jsonl")

    def all_crossings(self) -> Iterator[dict[str, str]]:
        for rows in self.crossings.values():
            yield from rows

    def seen(self, truth: dict[str, Any]) -> dict[str, str]:
        return next(r for r in self.crossings[truth["province"]] if r["event_id"] == truth["event_id"])

    def planted(self, case: str) -> list[dict[str, Any]]:
        return [t for t in self.truths if t["case"] == case and t["kind"] == "planted"]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    directory = tmp_path_factory.mktemp("month")
    return Month(directory, simulate(directory, seed=1, days=DAYS, start=START, rate=0.1))


def _small(directory: Path, **changes: Any) -> SimulationSummary:
    usual: dict[str, Any] = {"seed": 1, "days": 3, "start": START, "rate": 0.05, "pairs": 50}
    return simulate(directory, **(usual | changes))


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    _small(tmp_path / "a")
    _small(tmp_path / "b")
    assert _digest(tmp_path / "a") == _digest(tmp_path / "b")


def test_bytes_do_not_depend_on_the_order_of_hashes(tmp_path: Path) -> None:
    script = (
        "import sys; from datetime import date; from pathlib import Path; from producers.journeys import simulate;"
        "simulate(Path(sys.argv[1]), seed=1, days=3, start=date(2026, 6, 1), rate=0.05, pairs=50)"
    )
    for name in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / name)], check=True, env={"PYTHONHASHSEED": name}, timeout=120
        )
    assert _digest(tmp_path / "1") == _digest(tmp_path / "2")


def test_another_seed_gives_other_bytes_in_every_file_of_people(tmp_path: Path) -> None:
    _small(tmp_path / "a")
    _small(tmp_path / "b", seed=2)
    a, b = _digest(tmp_path / "a"), _digest(tmp_path / "b")
    # two quiet heartbeat files may well be equal
    assert {name for name in a if a[name] == b[name]} <= {"heartbeats.csv"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("crossings-kepri.csv", CROSSINGS),
        ("crossings-kalbar.csv", CROSSINGS),
        ("crossings-kaltara.csv", CROSSINGS),
        ("departures.csv", DEPARTURES),
        ("heartbeats.csv", HEARTBEATS),
        ("reports.csv", REPORTS),
    ],
)
def test_headers_are_the_documented_ones(month: Month, name: str, kind: FileKind) -> None:
    first = (month.directory / name).read_text(encoding="utf-8").splitlines()[0]
    assert first == ",".join(kind.columns)


def test_every_word_of_the_crossings_is_documented(month: Month) -> None:
    words = {
        "direction": Direction, "mode": Mode, "document_type": DocumentType, "purpose": Purpose,
        "officer_action": OfficerAction,
    }  # fmt: skip
    for column, allowed in words.items():
        assert {r[column] for r in month.all_crossings()} <= {w.value for w in allowed} - {"other"}, column
    assert {r["sex"] for r in month.all_crossings()} == {"F", "M"}
    assert {r["nationality"] for r in month.all_crossings()} >= {"IDN", "SGP", "MYS"}


def test_every_word_of_the_registry_is_documented(month: Month) -> None:
    words = {
        "event": DepartureEvent, "source": Source, "scheme": Scheme, "sector": Sector, "employer_type": EmployerType,
        "mode": Mode,
    }  # fmt: skip
    for column, allowed in words.items():
        assert {r[column] for r in month.departures} <= {w.value for w in allowed} - {"other"}, column
    assert {r["event"] for r in month.departures} == {w.value for w in DepartureEvent}
    assert {r["kind"] for r in _rows(month.directory / "reports.csv")} <= {w.value for w in ReportKind}
    assert {r["source"] for r in _rows(month.directory / "heartbeats.csv")} == {w.value for w in Source}
    assert {r["checkpoint_id"] for r in month.departures} - {""} <= set(checkpoints())


def test_places_are_of_the_reference_and_crossings_of_their_province(month: Month) -> None:
    for province, rows in month.crossings.items():
        assert {province_of(r["checkpoint_id"]) for r in rows} == {Province(province)}
        assert all(place_country(r[c]) for r in rows for c in ("from_place", "to_place"))
        for r in rows:
            here, away = (r["from_place"], r["to_place"])[:: 1 if r["direction"] == "out" else -1]
            assert here == r["checkpoint_id"]
            if r["direction"] != "domestic":
                assert away in checkpoints()[here].counterparts, (here, away)


def test_every_identity_is_impossible(month: Month) -> None:
    reports = _rows(month.directory / "reports.csv")
    pairs = [p[side] for p in _lines(month.directory / "pairs.jsonl") for side in ("departure", "crossing")]
    niks = [r["nik"] for rows in (month.all_crossings(), month.departures, reports, pairs) for r in rows if r["nik"]]
    assert len(niks) > 5000
    assert all(n[4:6] == "99" and not is_kecamatan(n[:6]) and n[:4] in regions() for n in niks)
    misshapen = sum(NIK.fullmatch(n) is None for n in niks)
    assert misshapen == sum(t["case"] == "invalid_nik" and t["kind"] == "planted" and len(month.seen(t)["nik"]) != 16
                            for t in month.truths)  # fmt: skip
    households = [r["kk"] for r in month.all_crossings() if r["kk"]]
    assert households
    assert all(k[4:6] == "99" and k[12] == "9" for k in households)
    numbers = [r["document_number"] for r in month.all_crossings() if r["document_type"] != "ktp"]
    assert all(re.fullmatch(r"X[XBS]\d{7}", n) for n in numbers)
    assert all(re.fullmatch(r"(XX\d{7})?", r["passport"]) for rows in (month.departures, reports, pairs) for r in rows)


def test_no_crossing_lies_outside_the_days(month: Month) -> None:
    last = START + timedelta(days=DAYS - 1)
    days = {datetime.fromisoformat(r["occurred_at"]).date() for r in month.all_crossings()}
    assert (min(days), max(days)) == (START, last)


def test_devices_count_without_gaps_in_the_order_of_time(month: Month) -> None:
    for rows in month.crossings.values():
        last: dict[str, tuple[int, datetime]] = {}
        for r in rows:
            at, number = datetime.fromisoformat(r["occurred_at"]), int(r["sequence"])
            before = last.get(r["device_id"])
            assert number == (before[0] + 1 if before else 1)
            assert before is None or before[1] <= at
            last[r["device_id"]] = number, at


def test_every_truth_is_about_a_crossing_and_no_crossing_has_two(month: Month) -> None:
    known = {(p, r["event_id"]) for p, rows in month.crossings.items() for r in rows}
    assert len(known) == sum(map(len, month.crossings.values()))
    told = [(t["province"], t["event_id"]) for t in month.truths]
    assert set(told) <= known
    assert len(set(told)) == len(told)


def test_truths_speak_the_words_of_assessments(month: Month) -> None:
    registered = {r["departure_id"] for r in month.departures}
    events = {t["event_id"] for t in month.truths}
    for t in month.truths:
        assert t["status"] in set(Status)
        assert t["tier"] is None or t["tier"] in set(Tier)
        assert (t["departure_id"] is None) == (t["tier"] is None)
        assert t["departure_id"] is None or t["departure_id"] in registered
        assert t["twin_of"] is None or t["twin_of"] in events
        assert all(re.fullmatch(r"R\d\d", rule) for rule in t["rules"])


def test_everybody_of_ntt_is_told_of(month: Month) -> None:
    told = {(t["province"], t["event_id"]) for t in month.truths}
    of_ntt = {(p, r["event_id"]) for p, rows in month.crossings.items() for r in rows if r["nik"].startswith("53")}
    assert len(of_ntt) > 1500
    assert of_ntt <= told


def test_every_case_is_planted_at_least_four_times_a_month_beside_a_twin(month: Month) -> None:
    assert all(month.summary.planted[c.name] >= 4 for c in CASES)
    with_twin = {t["case"] for t in month.truths if t["twin_of"]}
    # the pilgrims and teams are the innocent groups
    assert with_twin == {c.name for c in CASES} - {"split_group"}


def test_every_rule_of_the_catalogue_has_a_planted_case(month: Month) -> None:
    planted = {rule for t in month.truths if t["kind"] == "planted" for rule in t["rules"]}
    assert planted == {rule.id for rule in CATALOGUE}


def test_innocents_are_never_expected_to_be_flagged(month: Month) -> None:
    for t in month.truths:
        if t["kind"] != "planted":
            assert t["status"] in {"MATCHED", "OUT_OF_SCOPE"}
            assert set(t["rules"]) <= {"R08", "R09"}


def test_the_matched_registration_was_issued_before_the_crossing(month: Month) -> None:
    first = {}
    for r in month.departures:
        if r["revision"] == "1":
            first[r["departure_id"]] = datetime.fromisoformat(r["issued_at"])
    seen = {(p, r["event_id"]): r for p, rows in month.crossings.items() for r in rows}
    matched = [t for t in month.truths if t["departure_id"]]
    assert len(matched) > 200
    for t in matched:
        at = datetime.fromisoformat(seen[t["province"], t["event_id"]]["occurred_at"])
        assert first[t["departure_id"]] < at


def test_absent_travellers_are_in_no_registration(month: Month) -> None:
    passports = {n for r in month.departures for n in (r["passport"], *r["previous_passports"].split(";")) if n}
    niks = {r["nik"] for r in month.departures if r["nik"]}
    for t in month.planted("absent") + month.planted("absent_new_passport"):
        seen = month.seen(t)
        assert seen["document_number"] not in passports
        assert seen["nik"] not in niks
        assert seen["purpose"] == "work"


def test_new_passports_of_the_absent_are_of_offices_outside_ntt(month: Month) -> None:
    for t in month.planted("absent_new_passport"):
        seen = month.seen(t)
        age = datetime.fromisoformat(seen["occurred_at"]).date() - date.fromisoformat(seen["issued_on"])
        assert timedelta(0) <= age <= timedelta(days=30)
        assert (office_region(seen["issue_office"]) or "53")[:2] != "53"


def test_a_planted_minor_is_a_minor_years_after_the_start_too(tmp_path: Path) -> None:
    _small(tmp_path, days=900, rate=0, scale=0.02, pairs=0)
    seen = {r["event_id"]: r for p in PROVINCES for r in _rows(tmp_path / f"crossings-{p}.csv")}
    minors = [
        seen[t["event_id"]]
        for t in _lines(tmp_path / "truth.jsonl")
        if t["rules"][:3] in (["R01", "R10"], ["R01", "R10", "R23"])
    ]
    assert max(date.fromisoformat(r["occurred_at"][:10]) for r in minors) > START + timedelta(days=366)
    for r in minors:
        days = (date.fromisoformat(r["occurred_at"][:10]) - date.fromisoformat(r["birth_date"])).days
        assert 15 <= days / 365.25 < 18


def test_offices_are_where_the_simulator_thinks_they_are() -> None:
    assert set(HOME_OFFICES) == set(KAB_WEIGHTS)
    assert {(office_region(office) or "")[:2] for office in HOME_OFFICES.values()} == {"53"}
    assert all((office_region(office) or "53")[:2] != "53" for office in FAR_OFFICES)
    assert all((office_region(office) or "")[:2] == province for province, office in OTHER_OFFICES.items())


def test_a_shared_passport_is_shown_under_two_names_of_one_birthday(month: Month) -> None:
    by_number: dict[str, list[dict[str, str]]] = {}
    for t in month.planted("shared_passport"):
        seen = month.seen(t)
        by_number.setdefault(seen["document_number"], []).append(seen)
    assert len(by_number) >= 4
    for one, other in by_number.values():
        assert one["birth_date"] == other["birth_date"]
        assert one["checkpoint_id"] != other["checkpoint_id"]
        assert not set(one["name"].split()) & set(other["name"].split())


def test_an_ambiguous_traveller_is_near_two_workers_and_shows_no_number_of_theirs(month: Month) -> None:
    numbers = {n for r in month.departures for n in (r["passport"], *r["previous_passports"].split(";")) if n}
    planted = month.planted("ambiguous_identity")
    assert len(planted) >= 4
    for t in planted:
        seen = month.seen(t)
        assert (t["status"], t["rules"][0], t["departure_id"]) == ("UNREGISTERED", "R27", None)
        assert (seen["nik"], seen["purpose"], seen["direction"]) == ("", "work", "out")
        assert seen["document_number"] not in numbers
        assert (office_region(seen["issue_office"]) or "")[:2] == "53"
        born = [r for r in month.departures if (r["birth_date"], r["sex"]) == (seen["birth_date"], seen["sex"])]
        near = [r for r in born if SequenceMatcher(None, r["name"], seen["name"]).ratio() > 0.85]
        assert len(near) == len({r["name"] for r in near}) == len({r["nik"] for r in near} - {""}) == 2
        twin = next(x for x in month.truths if x["twin_of"] == t["event_id"])
        known = next(r for r in near if r["departure_id"] == twin["departure_id"])
        assert month.seen(twin)["document_number"] == known["passport"]
        assert month.seen(twin)["nik"] == ""


def test_heartbeats_confirm_absence_at_the_end_and_never_run_back(month: Month) -> None:
    last: dict[str, datetime] = {}
    for r in _rows(month.directory / "heartbeats.csv"):
        at = datetime.fromisoformat(r["complete_up_to"])
        assert r["source"] not in last or last[r["source"]] < at
        last[r["source"]] = at
    latest = max(datetime.fromisoformat(r["occurred_at"]) for r in month.all_crossings())
    assert all(at >= latest + timedelta(days=4) - timedelta(hours=18) for at in last.values())


def test_the_corpus_has_two_thousand_pairs_of_both_kinds(month: Month) -> None:
    pairs = _lines(month.directory / "pairs.jsonl")
    kinds = Counter(p["same"] for p in pairs)
    assert len(pairs) >= 2000
    assert min(kinds.values()) > 800
    for p in pairs:
        if p["same"] and not any(kind.startswith("birth_") for kind in p["noise"]):
            assert p["departure"]["birth_date"] == p["crossing"]["birth_date"]
            assert p["departure"]["sex"] == p["crossing"]["sex"]
    noise = Counter(n for p in pairs for n in p["noise"])
    assert all(noise[n] >= 20 for n in ("old_spelling", "doubled_letter", "typing_slip", "mononym", "twin"))


def test_all_kabupaten_of_ntt_send_travellers(month: Month) -> None:
    assert {r["nik"][:4] for r in month.all_crossings() if r["nik"].startswith("53")} == {
        code for code in regions() if len(code) == 4 and code.startswith("53")
    }


def test_twice_the_scale_is_about_twice_as_much(tmp_path: Path) -> None:
    one = _small(tmp_path / "a", days=7, rate=0.2)
    two = _small(tmp_path / "b", days=7, rate=0.2, scale=2)
    for a, b in ((one.truths, two.truths), (sum(one.crossings.values()), sum(two.crossings.values())),
                 (one.registrations, two.registrations)):  # fmt: skip
        assert 1.6 <= b / a <= 2.4


def test_the_rate_moves_ordinary_traffic_only(tmp_path: Path) -> None:
    none = _small(tmp_path / "a", rate=0)
    some = _small(tmp_path / "b", rate=1)
    assert none.planted == some.planted
    assert (tmp_path / "a" / "departures.csv").read_bytes() == (tmp_path / "b" / "departures.csv").read_bytes()
    ordinary = sum(some.crossings.values()) - sum(none.crossings.values())
    assert 0.7 <= ordinary / 3000 <= 1.3


@pytest.mark.parametrize("days", [1, 2])
def test_a_very_short_simulation_holds_together(tmp_path: Path, days: int) -> None:
    summary = _small(tmp_path, days=days)
    assert summary.last_day == START + timedelta(days=days - 1)
    assert all(t["case"] != "after_deportation" or days > 1 for t in _lines(tmp_path / "truth.jsonl"))


@pytest.mark.parametrize("wrong", [{"days": 0}, {"rate": -1.0}, {"scale": 0.0}, {"pairs": -1}, {"scale": float("nan")}])
def test_an_argument_out_of_range_is_refused_before_anything_is_written(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        _small(tmp_path / "new", **wrong)
    assert not (tmp_path / "new").exists()
