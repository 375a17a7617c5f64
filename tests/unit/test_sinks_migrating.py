"""Migration files are read in order and split at their semicolons."""

from __future__ import annotations

import pytest

from sinks.migrating import MigrationError, read_migrations, shipped_migrations, statements


def test_files_are_put_in_order_of_their_numbers() -> None:
    found = read_migrations([("0010_b.sql", "SELECT 2"), ("0002_a.sql", "SELECT 1")])
    assert [migration.name for migration in found] == ["0002_a.sql", "0010_b.sql"]


@pytest.mark.parametrize("name", ["1_a.sql", "0001-a.sql", "0001_A.sql", "0001_a.txt"])
def test_a_wrong_name_is_refused(name: str) -> None:
    with pytest.raises(MigrationError, match=r"0001_title.sql"):
        read_migrations([(name, "SELECT 1")])


def test_two_files_with_one_number_are_refused() -> None:
    with pytest.raises(MigrationError, match=r"0001_b.sql and 0001_a.sql have the same number"):
        read_migrations([("0001_a.sql", ""), ("0001_b.sql", "")])


def test_the_checksum_is_of_the_whole_text() -> None:
    one, two = (read_migrations([("0001_a.sql", text)])[0].checksum for text in ("SELECT 1", "SELECT 1 -- x"))
    assert one != two


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("SELECT 1; SELECT 2;\n", ["SELECT 1", "SELECT 2"]),
        ("-- a comment; with a semicolon\nSELECT 1", ["SELECT 1"]),
        ("SELECT ';', 'it''s', 'a\\';b'; SELECT `;`", ["SELECT ';', 'it''s', 'a\\';b'", "SELECT `;`"]),
        ("SELECT '--'; SELECT 5 - 3 -- end", ["SELECT '--'", "SELECT 5 - 3"]),
        (" ;; \n", []),
    ],
)
def test_statements_end_at_semicolons_outside_quotes_and_comments(text: str, parts: list[str]) -> None:
    assert statements(text) == parts


def test_the_shipped_files_are_numbered_from_one_and_each_once() -> None:
    numbers = [migration.number for migration in shipped_migrations()]
    assert numbers[0] == 1
    assert numbers == sorted(set(numbers))
