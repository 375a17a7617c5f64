"""Native blocks: skimmed for the borders of their columns by type, never decoded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from lintas.clickhouse.errors import Code, StatementError
from lintas.clickhouse.wire import Bytes, Reader, string, varint

Skim = Callable[[Reader, int], object]

_SIZES_BYTES = {
    name: size
    for size, names in {
        1: "Bool Nothing Int8 UInt8 Enum8",
        2: "Int16 UInt16 Enum16 Date BFloat16",
        4: "Int32 UInt32 Float32 Date32 DateTime IPv4 Time",
        8: "Int64 UInt64 Float64 DateTime64 Time64",
        16: "Int128 UInt128 UUID IPv6",
        32: "Int256 UInt256",
    }.items()
    for name in names.split()
}
_DECIMAL_SIZES_BYTES = ((9, 4), (18, 8), (38, 16), (76, 32))  # most digits, size
_GEOMETRY = {
    "Point": "Tuple(Float64, Float64)",
    "Ring": "Array(Point)",
    "LineString": "Array(Point)",
    "Polygon": "Array(Ring)",
    "MultiLineString": "Array(LineString)",
    "MultiPolygon": "Array(Polygon)",
}
_DEEPEST_TYPE = 200
_ARGUMENT_BORDER = re.compile(r"'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|[(),]", re.DOTALL)
_ELEMENT_NAME = re.compile(r"^(?:`(?:\\.|[^`\\])*`|\w+)\s+(?=\w)")
_IN_NULLABLE = re.compile(r"^Nullable\((.*)\)$", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a block: its name, its type and its bytes, with the state prefix."""

    name: bytes
    type: str
    data: Bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Columns of equal length; without columns, the end of the data."""

    columns: tuple[Column, ...] = ()
    rows: int = 0


def _arguments(text: str) -> list[str]:
    arguments, depth, start = [], 0, 0
    for border in _ARGUMENT_BORDER.finditer(text):
        depth += {"(": 1, ")": -1}.get(border[0], 0)
        if border[0] == "," and not depth:
            arguments.append(text[start : border.start()].strip())
            start = border.end()
    return [*arguments, text[start:].strip()]


@lru_cache(4096)
def skimmer(type_name: str) -> tuple[int, Skim]:
    """Look up how to move over a column of this type.

    Returns the bytes of its state prefix, and what skips a number of rows.

    Raises:
        StatementError: if this server does not know the type.
    """
    if type_name.count("(") > _DEEPEST_TYPE:
        raise StatementError(Code.UNKNOWN_TYPE, "the type of a column is too deep")
    name, _, rest = type_name.partition("(")
    arguments = _arguments(rest[:-1])
    if name in _GEOMETRY:
        return skimmer(_GEOMETRY[name])
    if name == "SimpleAggregateFunction":
        return skimmer(arguments[-1])
    if name == "String":
        return 0, Reader.skip_strings
    if name == "Nullable":
        prefix, inner = skimmer(arguments[0])
        return prefix, lambda reader, rows: (reader.skip(rows), inner(reader, rows))
    if name == "Tuple":
        return _tuple(arguments)
    if name in ("Array", "Map", "Nested"):
        return _array(arguments[0] if name == "Array" else f"Tuple({', '.join(arguments)})")
    if name == "LowCardinality":
        return _low_cardinality(arguments[0])
    size = _size_bytes(name, arguments)
    if size <= 0:
        message = f"type {type_name} is not supported by the local server (UNKNOWN_TYPE)"
        raise StatementError(Code.UNKNOWN_TYPE, message)
    return 0, lambda reader, rows: reader.skip(size * rows)


def _size_bytes(name: str, arguments: list[str]) -> int:
    if name == "FixedString":
        return int(arguments[0])
    if name == "Decimal":
        return next(size for digits, size in _DECIMAL_SIZES_BYTES if int(arguments[0]) <= digits)
    return 8 if name.startswith("Interval") else _SIZES_BYTES.get(name, 0)


def _tuple(arguments: list[str]) -> tuple[int, Skim]:
    parts = [skimmer(_ELEMENT_NAME.sub("", argument)) for argument in arguments if argument]
    if not parts:  # Tuple(): one byte a row
        return 0, lambda reader, rows: reader.skip(rows)
    return sum(prefix for prefix, _ in parts), lambda reader, rows: [skim(reader, rows) for _, skim in parts]


def _array(element: str) -> tuple[int, Skim]:
    prefix, inner = skimmer(element)

    def skim(reader: Reader, rows: int) -> None:
        if rows:
            end = reader.skip(8 * rows) + 8 * rows
            inner(reader, int.from_bytes(reader.buffer[end - 8 : end], "little"))  # the last offset is the length

    return prefix, skim


def _low_cardinality(element: str) -> tuple[int, Skim]:
    _, keys = skimmer(_IN_NULLABLE.sub(r"\1", element))

    def skim(reader: Reader, rows: int) -> None:
        if rows:
            index_type = reader.uint64() & 3
            keys(reader, reader.uint64())
            reader.skip(reader.uint64() << index_type)

    return 8, skim


def read_block(reader: Reader, *, serialization_byte: bool) -> Block:
    """Read one block; later revisions send a byte a column that says how it is serialized.

    Raises:
        StatementError: if a type or a serialization is not known: where the block ends is then not known either.
    """
    count, rows = reader.varint(), reader.varint()
    borders = []
    for _ in range(count):
        name, type_name = reader.raw(), reader.text()
        if serialization_byte and reader.take(1) != b"\0":
            raise StatementError(
                Code.NOT_IMPLEMENTED, "custom serialization of a column is not supported by the local server"
            )
        prefix, skim = skimmer(type_name)
        start = reader.position
        if rows:
            reader.skip(prefix)
            skim(reader, rows)
        borders.append((name, type_name, start, reader.position))
    columns = (Column(name=name, type=kind, data=reader.buffer[a:b]) for name, kind, a, b in borders)
    return Block(columns=tuple(columns), rows=rows)


def write_block(block: Block, *, serialization_byte: bool) -> bytes:
    """Write a block the way `read_block` reads it."""
    parts: list[Bytes] = [varint(len(block.columns)), varint(block.rows)]
    for column in block.columns:
        parts += [string(column.name), string(column.type), b"\0" if serialization_byte else b"", column.data]
    return b"".join(parts)


def header(columns: Iterable[Column]) -> Block:
    """Make the block without rows that tells names and types."""
    return Block(columns=tuple(Column(name=column.name, type=column.type) for column in columns))
