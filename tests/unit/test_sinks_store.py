"""What is done about errors of the store, and how the bad row is found."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import pytest
from clickhouse_driver import errors
from hypothesis import given
from hypothesis import strategies as st

from sinks.batch import Line
from sinks.failures import DATA_CODES, RETRIABLE_CODES, Failure, FatalStoreError, classify, name_of
from sinks.store import MOST_REFUSED_IN_A_ROW, Store
from sinks.tables import COLUMNS, Place
from sinks.waiting import alarm, mend


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (errors.ServerException("Memory limit", 241), Failure.BUSY),
        (errors.ServerException("Too many parts", 252), Failure.BUSY),
        (errors.ServerException("readonly", 164), Failure.BUSY),
        (errors.ServerException("filesystem error: Read-only file system", 1001), Failure.BUSY),
        (errors.ServerException("constraint", 469), Failure.DATA),
        (errors.ServerException("no column", 16), Failure.FATAL),
        (errors.ServerException("no table", 60), Failure.FATAL),
        (errors.ServerException("password", 516), Failure.FATAL),
        (errors.NetworkError("refused"), Failure.BUSY),
        (errors.SocketTimeoutError("slow"), Failure.BUSY),
        (errors.UnexpectedPacketFromServerError("cut"), Failure.BUSY),
        (ConnectionResetError(), Failure.BUSY),
        (EOFError(), Failure.BUSY),
        (errors.TypeMismatchError("too large"), Failure.DATA),
        (struct.error("too large"), Failure.DATA),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogate"), Failure.DATA),
        (MemoryError(), Failure.FATAL),
    ],
)
def test_errors_are_busy_data_or_fatal(error: Exception, failure: Failure) -> None:
    assert classify(error) is failure


def test_no_code_is_both_retried_and_searched() -> None:
    assert not RETRIABLE_CODES & DATA_CODES


def test_an_error_is_named_without_its_text() -> None:
    assert name_of(errors.ServerException("Cannot parse '5399995705989001'", 6)) == "CANNOT_PARSE_TEXT (6)"
    assert name_of(ConnectionResetError("secret")) == "ConnectionResetError"


class Picky(Store):
    """A store that takes only some rows; what it has taken is in `kept`."""

    def __init__(self, bad: set[int]) -> None:
        super().__init__(client=None)
        self.bad = bad
        self.kept: list[int] = []
        self.sent = 0

    def _check_fit(self) -> None:
        pass  # there is no table

    def _send(self, table: str, lines: Sequence[Line]) -> None:
        self.sent += 1
        numbers = [line.place.offset for line in lines]
        if self.bad.intersection(numbers):
            raise errors.ServerException("Cannot parse 'a secret'", 6)
        self.kept += numbers


def lines(count: int, table: str = "assessments") -> list[Line]:
    row: tuple[Any, ...] = ("",) * len(COLUMNS[table])
    return [
        Line(row, Place(topic="assessments", partition=0, offset=n, timestamp_ms=0), "0" * 64) for n in range(count)
    ]


@given(count=st.integers(1, 300), data=st.data())
def test_exactly_the_bad_rows_are_refused_and_all_others_stored_in_order(count: int, data: st.DataObject) -> None:
    bad = data.draw(st.sets(st.integers(0, count - 1), max_size=5))
    store = Picky(bad)
    refused = store.insert("assessments", lines(count))
    assert [line.place.offset for line in refused] == sorted(bad)
    assert store.kept == [n for n in range(count) if n not in bad]


def test_one_bad_row_of_many_costs_few_inserts() -> None:
    store = Picky({31_337})
    store.insert("assessments", lines(50_000))
    assert store.sent <= 2 * 17  # twice the logarithm


def test_a_refusal_says_where_and_which_code_and_no_value() -> None:
    (line,) = Picky({0}).insert("assessments", lines(1))
    row = dict(zip(COLUMNS["rejected"], line.row, strict=True))
    assert row["message"] == "the table assessments does not take this record: CANNOT_PARSE_TEXT (6)"
    assert (row["reason"], row["stage"], row["topic"], row["offset"]) == ("store_refused", "loader", "assessments", 0)


def test_a_table_that_takes_nothing_is_not_drained() -> None:
    count = MOST_REFUSED_IN_A_ROW + 1
    store = Picky(set(range(count)))
    with pytest.raises(FatalStoreError, match="refused 100 records in a row"):
        store.insert("assessments", lines(count))


def test_refusals_that_are_refused_stop_the_loader() -> None:
    refused = Picky({0}).insert("assessments", lines(1))
    with pytest.raises(FatalStoreError, match="does not take the refusal of assessments partition 0 offset 0"):
        Picky({0}).insert("rejected", refused)


def test_an_alarm_says_since_when_for_what_and_how_to_mend_it() -> None:
    said = alarm("ClickHouse at 127.0.0.1:9000", name_of(errors.ServerException("secret", 252)), 312.4)
    assert said == (
        "nothing is loaded since 312 s: waiting for ClickHouse at 127.0.0.1:9000: TOO_MANY_PARTS (252);"
        " merges do not keep up with the inserts: look at system.merges and at the load of its disk"
    )


@pytest.mark.parametrize("code", sorted(RETRIABLE_CODES))
def test_every_error_that_is_waited_out_has_advice(code: int) -> None:
    assert mend(name_of(errors.ServerException("secret", code)))
