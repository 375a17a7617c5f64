"""What templates say exists, in both languages; every rule and role has its words."""

from __future__ import annotations

import re
from pathlib import Path

from console.access import Role
from console.flag_texts import RULES
from console.pages.person import PURPOSES
from console.texts import TEXTS
from schemas.vocabulary import CaseState, ReviewMove
from schemas.words import VALUES
from sinks.absences import ABSENCES
from sinks.indicator_texts import INDICATORS, STEPS
from streams.policy import shipped_policy

TEMPLATES = Path(__file__).parents[2] / "console" / "templates"


def test_every_text_of_a_template_exists_and_both_languages_take_the_same_values() -> None:
    used = {name for file in TEMPLATES.iterdir() for name in re.findall(r'\bsay\("(\w+)"[),]', file.read_text())}
    assert used - set(TEXTS) == set()
    assert [name for name, pair in TEXTS.items() if pair[0].count("{}") != pair[1].count("{}") or not all(pair)] == []


def test_no_template_has_a_sentence_of_its_own() -> None:
    words = re.compile(r">\s*([A-Z][a-z]+ [a-z]+ [a-z]+)[^<{]*<")
    assert {file.name: words.findall(file.read_text()) for file in TEMPLATES.iterdir() if
            words.search(file.read_text())} == {}  # fmt: skip


def test_roles_purposes_states_and_moves_have_their_words() -> None:
    assert {f"role_{role.value}" for role in Role} | {f"purpose_{name}" for name in PURPOSES} <= set(TEXTS)
    assert {state.value for state in CaseState} == set(VALUES["state"])
    assert {move.value for move in ReviewMove} == set(VALUES["move"])


def test_every_rule_that_speaks_has_a_name() -> None:
    weighed = {name.partition(".")[0] for name in shipped_policy().weights}
    assert weighed | set(ABSENCES) <= set(RULES)


def test_every_step_has_an_indicator() -> None:
    assert {one.step for one in INDICATORS.values()} == set(STEPS) == set(range(1, 9))
