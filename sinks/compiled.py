"""Kafka's batches read by compiled code: kafka-python's own way, in Python, takes most of a loader's time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatch as CompiledBatch
from aiokafka.record.util import calc_crc32c
from kafka.errors import CorruptRecordError
from kafka.record import default_records, memory_records
from kafka.record.default_records import DefaultRecord, DefaultRecordBatch


def use_compiled_records() -> None:
    """Have kafka-python check and read batches with aiokafka's compiled code; no check is left out.

    kafka-python's own way to a compiled checksum is the package `crc32c`, whose licence (LGPL) asks more of who ships
    it; to compiled records it has none.
    """
    default_records.calc_crc32c = _checksum
    memory_records.DefaultRecordBatch = Records


class Records(DefaultRecordBatch):  # type: ignore[misc]  # kafka-python ships no types
    """A batch whose headers are read as ever, and whose records are read by compiled code."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        if self.is_control_batch:
            return iter(super().__iter__())
        return _records(bytes(self._buffer))


def _records(data: bytes) -> Iterator[Any]:
    try:
        for record in CompiledBatch(data):
            key, value = record.key, record.value
            size_bytes = len(key or b"") + len(value or b"")  # for metrics only, which the loader turns off
            yield DefaultRecord(
                size_bytes, record.offset, record.timestamp, record.timestamp_type, key, value, record.headers
            )
    except (CorruptRecordException, ValueError) as error:
        msg = f"a batch that cannot be read: {type(error).__name__}"
        raise CorruptRecordError(msg) from error


def _checksum(data: bytes | bytearray | memoryview) -> int:
    return int(calc_crc32c(data if isinstance(data, bytes) else bytes(data)))
