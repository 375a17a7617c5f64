"""What is known of a statement before the engine sees it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lintas.clickhouse.statements import (
    blotted,
    is_kill,
    is_select,
    missing_feature,
    parameter,
    parse_insert,
    quote,
    without_comments,
    without_format,
)


@pytest.mark.parametrize(
    ("sql", "sample"),
    [
        ("INSERT INTO t VALUES", "SELECT * FROM t"),
        ("insert into lintas.t (a, b) values", "SELECT a, b FROM lintas.t"),
        ("INSERT INTO `odd ) name` (`a)`) VALUES;", "SELECT `a)` FROM `odd ) name`"),
        ("INSERT INTO TABLE t (a) FORMAT Native", "SELECT a FROM t"),
        ("INSERT INTO t (* EXCEPT(a, b)) VALUES", "SELECT * EXCEPT(a, b) FROM t"),
        ("INSERT INTO FUNCTION null('a UInt8') VALUES", "SELECT * FROM  null('a UInt8')"),
        ("INSERT INTO t (a) SETTINGS async_insert = 0 VALUES", "SELECT a FROM t"),
        (f"INSERT INTO t ({', '.join(f'column_{n}' for n in range(100))}) VALUES", None),
    ],
)
def test_an_insert_whose_rows_follow_is_recognised_with_its_columns(sql: str, sample: str | None) -> None:
    insert = parse_insert(sql)
    assert insert is not None
    assert sample is None or insert.sample == sample


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t VALUES (1)",
        "INSERT INTO t SELECT 1",
        "INSERT INTO t (a) SELECT f(x) FROM u FORMAT Null",
        "SELECT 'INSERT INTO t VALUES'",
        "SELECT 1 FORMAT Native",
    ],
)
def test_any_other_statement_is_no_insert_of_blocks(sql: str) -> None:
    assert parse_insert(sql) is None


def test_the_settings_of_an_insert_come_after_the_file() -> None:
    insert = parse_insert("INSERT INTO t (a) SETTINGS max_threads = 1 VALUES")
    assert insert is not None
    assert " ".join(insert.from_file("/it's.native").split()) == (
        r"INSERT INTO t (a) FROM INFILE '/it\'s.native' COMPRESSION 'none' SETTINGS max_threads = 1 FORMAT Native"
    )


def test_comments_go_and_quoted_ones_stay() -> None:
    sql = "SELECT '--a', \"/*b*/\", `#! c`, $x$-- d$x$ -- e\n, 1 /* f\n */ # g"
    assert without_comments(sql).split() == ["SELECT", "'--a',", '"/*b*/",', "`#!", "c`,", "$x$--", "d$x$", ",", "1"]


def test_blotting_keeps_every_place() -> None:
    sql = r"SELECT 'it\'s FORMAT x', `a``b` FORMAT Null"
    assert len(blotted(sql)) == len(sql)
    assert blotted(sql).count("FORMAT") == 1


@pytest.mark.parametrize(
    ("sql", "bare"),
    [
        ("SELECT 1 FORMAT JSON;", "SELECT 1"),
        ("SELECT 'x FORMAT JSON'", "SELECT 'x FORMAT JSON'"),
        ("SELECT format FROM t", "SELECT format FROM t"),
        ("SELECT 1 FORMAT Null SETTINGS max_threads = 1", "SELECT 1 SETTINGS max_threads = 1"),
    ],
)
def test_the_format_of_a_query_is_dropped_and_nothing_else(sql: str, bare: str) -> None:
    assert without_format(sql) == bare


@pytest.mark.parametrize(
    "sql", ["SELECT 1", "(SELECT 1) UNION ALL SELECT 2", " WITH 1 AS a SELECT a", "FROM t SELECT a"]
)
def test_a_select_is_recognised(sql: str) -> None:
    assert is_select(sql)


@pytest.mark.parametrize("sql", ["SHOW TABLES", "EXPLAIN SELECT 1", "SELECTION"])
def test_what_cannot_be_described_is_no_select(sql: str) -> None:
    assert not is_select(sql)


def test_kill_is_recognised() -> None:
    assert is_kill(" kill query WHERE 1")
    assert not is_kill("SELECT kill")


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("SELECT a, count() FROM t GROUP BY a with  totals", "WITH TOTALS"),
        ("SELECT 1 INTO OUTFILE 'x'", "INTO OUTFILE"),
        ("INSERT INTO t FROM INFILE 'x' FORMAT CSV", "FROM INFILE"),
    ],
)
def test_what_is_missing_is_named(sql: str, named: str) -> None:
    missing = missing_feature(sql)
    assert missing is not None
    assert named in missing
    assert missing_feature(f"SELECT {quote(sql)}") is None


@given(st.text())
def test_what_is_quoted_is_one_token(text: str) -> None:
    assert set(blotted(quote(text))) == {"'"}


@pytest.mark.parametrize(
    ("travelling", "taken"),
    [("'it\\'s'", "it's"), ("'a\\\\tb'", "a\\tb"), ("'a\\nb'", "a\nb"), ("plain", "plain"), ("''", "")],
)
def test_a_parameter_loses_one_layer_of_quoting(travelling: str, taken: str) -> None:
    assert parameter(travelling) == taken
