"""What is wrong with a policy file is told with its line, its key and what may stand there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from lintas.cli.app import app
from sinks.absences import ABSENCES
from streams.policy import Policy, PolicyError, load_policy, policy_schema, shipped_policy, shipped_text
from streams.policycheck import ABSENT, Level, check
from streams.policydiff import changes
from streams.yaml_lines import read_marked

TEXT = shipped_text()
WRONG = [
    ("report_dice: 0.66", "report_dice: 1.4", "matching.report_dice: 1.4 is not between 0 and 1"),
    ("grace_hours: 72", "grace_hours: on", "grace_hours: true is not a whole number between 0 and 1440"),
    (
        "review_threshold: 50",
        "review_threshold: [5]",
        "review_threshold: a list is not a whole number between 1 and 100",
    ),
    ("max_speed_kmh: 800", "max_speed_kmh: 0", "travel.max_speed_kmh: 0 is not a whole number above 0"),
    ("[domestic_work]", "[domestik]", "moratoria.0.sectors.0: domestik is not one of domestic_work, caregiver,"),
    ("[work,", "[wrk,", "scope.purposes.0: wrk is not one of work, return_to_work,"),
    ("    from: 2025-07-02", "    from: soon", "moratoria.0.from: soon is not a date such as 2026-01-31"),
    ("00:00:00+08:00", "00:00:00", "effective_from: 2025-07-02 00:00:00 is not a time with its offset"),
    ("chain_hours: 72", "chian_hours: 72", "chian_hours: is not known here; known are absences, agencies,"),
    ("chain_hours: 72", "grace_hours:  72", "grace_hours: stands twice, first in line 12"),
    ("R16: 35", "R16: 350", "weights.R16: 350 is not a whole number between 0 and 100"),
    (
        "purposes: [work, return_to_work, other, unknown]\n  exempt",
        "purposes: work\n  exempt",
        "scope.purposes: work is not a list",
    ),
]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


@pytest.mark.parametrize(("old", "new", "told"), WRONG, ids=[new for _, new, _ in WRONG])
def test_a_wrong_value_is_told_with_its_line_its_key_and_what_is_allowed(old: str, new: str, told: str) -> None:
    assert TEXT.count(old) >= 1
    text = TEXT.replace(old, new, 1)
    with pytest.raises(PolicyError) as caught:
        load_policy(text, "ntt.yaml")
    assert f"ntt.yaml:{line_of(text, new)}: {told}" in str(caught.value)


def test_every_fault_is_told_at_once_in_the_order_of_the_file() -> None:
    text = TEXT.replace("grace_hours: 72", "grace_hours: -1").replace("R16: 35", "R16: 350")
    with pytest.raises(PolicyError) as caught:
        load_policy(text, "ntt.yaml")
    first, second = str(caught.value).splitlines()
    assert "grace_hours" in first
    assert "R16" in second


def test_a_missing_key_is_told_at_the_line_of_what_it_belongs_to() -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(TEXT.replace("  slip_bits: 40", "  # slip_bits: 40"), "ntt.yaml")
    assert str(caught.value) == f"ntt.yaml:{line_of(TEXT, 'matching:')}: matching.slip_bits: is missing"


@pytest.mark.parametrize("text", ["", "- a\n- b", "a: [", "a: &x 1\nb: *x", "a: 2026-02-31", "[" * 5000])
def test_what_is_no_policy_is_refused_and_never_an_accident(text: str) -> None:
    with pytest.raises(PolicyError, match=r"^p\.yaml"):
        load_policy(text, "p.yaml")


def test_the_shipped_policy_is_valid_by_its_json_schema_and_has_nothing_to_check() -> None:
    Draft202012Validator(policy_schema()).validate(shipped_policy().model_dump(mode="json", by_alias=True))
    assert check(shipped_policy()) == []


def changed(*pairs: tuple[str, str]) -> Policy:
    text = TEXT
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return load_policy(text)


MORATORIUM = "  - {name: B, sectors: [caregiver, domestic_work], from: 2026-01-01}\n\n# R13"
NOTICES = [
    ([("  R25: 70\n", "")], Level.ERROR, "weights", "R25 is missing"),
    ([("R16: 35", "R16: 0")], Level.WARNING, "weights.R16", "weighs nothing"),
    ([("R16: 35", "R16: 35\n  R99: 5")], Level.WARNING, "weights.R99", "no rule of a verdict asks for it"),
    ([("threshold: 50", "threshold: 100")], Level.ERROR, "review_threshold", "never reached"),
    ([('["53"]', '["59"]')], Level.ERROR, "scope.origin_provinces.0", "59 is no province"),
    ([("origin_districts: []", 'origin_districts: ["5399"]')], Level.ERROR, "moratoria.0.origin_districts.0", "5399"),
    ([("countries: []", "countries: [XX]")], Level.ERROR, "moratoria.0.countries.0", "XX is no country"),
    (
        [("checkpoint_id: ID-65-NNT", "checkpoint_id: ID-65-X")],
        Level.ERROR,
        "calendar.ship_calls.0.checkpoint_id",
        "ID",
    ),
    ([("[MY-PGL]", "[MY-NIL]")], Level.ERROR, "unlikely_for_tourists.0", "MY-NIL is no place"),
    ([("lifted_by: [certificate]", "lifted_by: [diploma]")], Level.ERROR, "moratoria.0.lifted_by.0", "diploma"),
    ([("until: null", "until: 2025-01-01")], Level.ERROR, "moratoria.0.until", "lies before 2025-07-02"),
    ([("\n# R13", MORATORIUM)], Level.WARNING, "moratoria.1", "overlaps with moratoria.0"),
    ([("valid_to: 2025-12-31", "valid_to: 2025-01-31")], Level.WARNING, "agencies.SIP3MI-X901.valid_to", "over before"),
    ([("day_ends_hour: 22", "day_ends_hour: 4")], Level.ERROR, "calendar.day_ends_hour", "lies before"),
]


@pytest.mark.parametrize(("pairs", "level", "key", "text"), NOTICES, ids=[key for _, _, key, _ in NOTICES])
def test_what_can_hardly_be_meant_is_noticed(pairs: list[tuple[str, str]], level: Level, key: str, text: str) -> None:
    (notice,) = check(changed(*pairs))
    assert (notice.level, ".".join(map(str, notice.path))) == (level, key)
    assert text in notice.text


def test_moratoria_that_share_no_day_or_no_sector_do_not_overlap() -> None:
    for other in (
        "{name: B, sectors: [caregiver], from: 2026-01-01}",
        "{name: B, sectors: [domestic_work], from: 2024-01-01, until: 2025-07-01}",
    ):
        found = check(changed(("\n# R13", f"  - {other}\n\n# R13")))
        assert [n for n in found if "overlaps" in n.text] == []


def test_the_views_of_absence_are_weighed_by_the_policy_too() -> None:
    assert set(ABSENT) == set(ABSENCES)


def test_a_diff_names_keys_and_not_lines() -> None:
    text = TEXT.replace("# R23: context only", "# another comment").replace("[LTSA, BP3MI,", "[BP3MI, LTSA,")
    assert changes(shipped_policy(), load_policy(text)) == []
    after = changed(("R16: 35", "R16: 30"), ("ends: 2026-03-21", "ends: 2026-03-22"), ("valid_to: 2025-12-31", ""))
    assert [(c.key, c.before, c.after) for c in changes(shipped_policy(), after)] == [
        ("agencies.SIP3MI-X901.valid_to", "2025-12-31", None),
        ("calendar.feasts[Lebaran 2026].ends", "2026-03-21", "2026-03-22"),
        ("weights.R16", 35, 30),
    ]


def test_the_line_of_every_leaf_is_known() -> None:
    marked = read_marked(TEXT, "ntt.yaml")
    assert marked.line(("matching", "report_dice")) == line_of(TEXT, "report_dice")
    assert marked.line(("calendar", "feasts", 1)) == line_of(TEXT, "{name: Natal")


def test_check_and_diff_are_commands(tmp_path: Path) -> None:
    file = tmp_path / "next.yaml"
    file.write_text(TEXT.replace("R16: 35", "R16: 0").replace("  R25: 70\n", ""))
    run = CliRunner()
    told = run.invoke(app, ["policy", "check", str(file)])
    assert told.exit_code == 1
    assert f"error: {file}:{line_of(TEXT, 'weights:')}: weights: R25 is missing\n" in told.output
    assert f"warning: {file}:{line_of(TEXT, 'R16: 35')}: weights.R16: weighs nothing" in told.output
    told = run.invoke(app, ["policy", "check", str(file), "--format", "json"])
    assert [json.loads(line)["key"] for line in told.stdout.splitlines()] == ["weights", "weights.R16"]
    told = run.invoke(app, ["policy", "diff", "shipped", str(file), "--format", "csv"])
    assert told.stdout == "key,before,after\nweights.R16,35,0\nweights.R25,70,\n"
