"""Reads the CSV tables that ship with this package."""

import csv
from collections.abc import Iterator
from importlib import resources


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of a shipped table, by header."""
    file = resources.files("schemas.reference").joinpath("data", name)
    yield from csv.DictReader(file.read_text(encoding="utf-8").splitlines())
