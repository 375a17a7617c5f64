"""Names that stand in more than one place are the same everywhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from schemas.reference import checkpoints
from schemas.vocabulary import PROVINCE_CODES, Province

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
NAME = re.compile(r"LINTAS_[A-Z]+(?:_[A-Z]+)*\b(?!_)")


def test_the_readme_lists_every_setting_and_no_other() -> None:
    """A setting that the code reads is in the table, and nothing else is."""
    rooms = ("schemas", "producers", "streams", "sinks", "console", "lintas")
    read = {name for room in rooms for path in (ROOT / room).rglob("*.py") for name in NAME.findall(path.read_text())}
    listed = set(re.findall(r"^\| `(LINTAS_[A-Z_]+)`", README, re.MULTILINE))
    assert listed == read


def test_the_version_is_the_top_of_the_changelog() -> None:
    """A release is written down."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    heads = re.findall(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert heads[0] == version


def test_the_first_screen_of_the_readme_has_exactly_two_set_up_commands() -> None:
    """`make demo` and `make test`, before anything else is asked of a newcomer."""
    first = re.search(r"```sh\n(.*?)```", README, re.DOTALL)
    assert first is not None
    assert README.count("\n", 0, first.end()) < 40
    assert [line.split("#")[0].strip() for line in first[1].strip().splitlines()] == ["make demo", "make test"]


def test_every_checkpoint_belongs_to_a_transit_province() -> None:
    """The reference list and the provinces' codes agree."""
    assert {PROVINCE_CODES[c.province_code] for c in checkpoints().values()} == set(Province)
