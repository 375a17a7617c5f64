"""Native blocks: where a column ends is known by its type alone."""

from __future__ import annotations

import pytest

from lintas.clickhouse.blocks import Block, Column, header, read_block, skimmer, write_block
from lintas.clickhouse.errors import Code, StatementError
from lintas.clickhouse.wire import Reader, string

U64 = (0).to_bytes(8, "little")


def u64(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(8, "little") for number in numbers)


# type, two rows of it as they travel
COLUMNS = [
    ("UInt8", b"\1\2"),
    ("Enum8('a,(' = 1, 'b\\'' = 2)", b"\1\2"),
    ("DateTime64(3, 'UTC')", u64(1, 2)),
    ("DateTime('Asia/Jakarta')", b"\0" * 8),
    ("UUID", b"u" * 32),
    ("FixedString(3)", b"abcdef"),
    ("Decimal(18, 4)", u64(1, 2)),
    ("Decimal(76, 4)", b"d" * 64),
    ("IntervalSecond", u64(1, 2)),
    ("String", string("x") + string("y" * 200)),
    ("Nullable(String)", b"\0\1" + string("x") + string("")),
    ("Array(String)", u64(1, 3) + string("a") + string("b") + string("c")),
    ("Array(UInt64)", u64(0, 0)),
    ("Array(Array(UInt8))", u64(1, 2) + u64(2, 3) + b"abc"),
    ("Map(String, UInt64)", u64(1, 1) + string("k") + u64(7)),
    ("Tuple(name String, `odd )name` UInt8)", string("a") + string("b") + b"\1\2"),
    ("Nested(a UInt8, b String)", u64(1, 1) + b"\1" + string("b")),
    ("Point", u64(1, 2) + u64(3, 4)),
    ("SimpleAggregateFunction(max, UInt64)", u64(1, 2)),
    ("LowCardinality(String)", u64(1) + u64(0x600) + u64(2) + string("") + string("a") + u64(2) + b"\1\1"),
    ("LowCardinality(Nullable(String))", u64(1) + u64(0x601) + u64(1) + string("") + u64(2) + b"\0\0" * 2),
    (
        "Array(LowCardinality(String))",
        u64(1) + u64(1, 2) + u64(0x600) + u64(2) + string("") + string("a") + u64(2) + b"\1\1",
    ),
    ("Array(LowCardinality(String))", u64(1) + u64(0, 0)),
    (
        "Map(LowCardinality(String), LowCardinality(String))",
        u64(1, 1) + u64(0, 0),
    ),
]


@pytest.mark.parametrize(("type_name", "data"), COLUMNS, ids=[f"{n}-{name}" for n, (name, _) in enumerate(COLUMNS)])
@pytest.mark.parametrize("serialization_byte", [False, True])
def test_a_column_ends_where_its_type_says(type_name: str, data: bytes, *, serialization_byte: bool) -> None:
    block = Block(
        columns=(
            Column(name=b"first", type=type_name, data=data),
            Column(name=b"\xff", type="UInt8", data=b"\7\7"),
        ),
        rows=2,
    )
    sent = write_block(block, serialization_byte=serialization_byte)
    pieces = iter([sent[i : i + 1] for i in range(len(sent))])
    reader = Reader(lambda _: next(pieces, b""))  # a byte at a time: every border within a column is met
    assert read_block(reader, serialization_byte=serialization_byte) == block
    assert reader.position == len(sent)


def test_a_block_without_rows_has_no_column_bytes() -> None:
    block = header([Column(name=b"a", type="LowCardinality(String)", data=b"dropped")])
    sent = write_block(block, serialization_byte=True)
    read = read_block(Reader(buffer=memoryview(sent)), serialization_byte=True)
    assert (read.rows, [(c.name, c.type, bytes(c.data)) for c in read.columns]) == (
        0,
        [(b"a", "LowCardinality(String)", b"")],
    )


@pytest.mark.parametrize(
    "type_name",
    ["JSON", "Dynamic", "Variant(String, UInt8)", "AggregateFunction(sum, UInt64)", "Array(JSON)", "Nonsense", ""],
)
def test_a_type_whose_end_is_not_known_is_refused_by_name(type_name: str) -> None:
    with pytest.raises(StatementError, match="not supported by the local server") as refused:
        skimmer(type_name)
    assert refused.value.code == Code.UNKNOWN_TYPE


def test_a_type_nested_without_end_is_refused() -> None:
    with pytest.raises(StatementError, match="too deep"):
        skimmer("Array(" * 5000 + "UInt8" + ")" * 5000)


def test_a_custom_serialization_is_refused() -> None:
    sent = write_block(Block(columns=(Column(name=b"a", type="UInt8", data=b"\1"),), rows=1), serialization_byte=True)
    at = sent.index(b"UInt8") + len(b"UInt8")
    with pytest.raises(StatementError, match="custom serialization") as refused:
        read_block(
            Reader(buffer=memoryview(sent[:at] + b"\1" + sent[at + 1 :])),
            serialization_byte=True,
        )
    assert refused.value.code == Code.NOT_IMPLEMENTED
