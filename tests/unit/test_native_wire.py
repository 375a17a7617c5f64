"""The bytes of the native protocol, in whatever pieces they arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lintas.clickhouse.errors import Code, StatementError
from lintas.clickhouse.wire import FrameReader, Reader, compress, string, varint


def in_pieces(data: bytes, size: int) -> Reader:
    """A reader whose socket gives `size` bytes at a time."""
    pieces = iter([data[start : start + size] for start in range(0, len(data), size)])
    return Reader(lambda _: next(pieces, b""))


@given(numbers=st.lists(st.integers(0, 2**64 - 1)), size=st.integers(1, 30))
def test_numbers_come_back_however_they_are_cut(numbers: list[int], size: int) -> None:
    reader = in_pieces(b"".join(map(varint, numbers)), size)
    assert [reader.varint() for _ in numbers] == numbers


@given(values=st.lists(st.one_of(st.text(), st.binary(max_size=300))), size=st.integers(1, 300))
def test_strings_come_back_and_are_skipped_to_the_same_place(values: list[str | bytes], size: int) -> None:
    data = b"".join(map(string, values))
    reader, skipper = in_pieces(data + b"!", size), in_pieces(data + b"!", size)
    expected = [value.encode() if isinstance(value, str) else value for value in values]
    assert [reader.raw() for _ in values] == expected
    skipper.skip_strings(len(values))
    assert skipper.position == reader.position
    assert skipper.take(1) == b"!"


def test_bytes_that_are_no_utf8_survive_as_text() -> None:
    assert string(in_pieces(string(b"\xff\xfea"), 2).text()) == string(b"\xff\xfea")


def test_a_connection_that_ends_within_a_number_is_the_end() -> None:
    with pytest.raises(EOFError):
        in_pieces(b"\xff", 1).varint()


def test_a_string_longer_than_the_limit_is_refused_before_it_is_held() -> None:
    reader = Reader(lambda count: b"x" * count)
    reader.limit_bytes = 1 << 20
    with pytest.raises(StatementError, match="more than 1048576 bytes") as refused:
        reader.take(1 << 40)
    assert refused.value.code == Code.TOO_LARGE_PACKET
    assert len(reader.buffer) < 2 << 20


@given(data=st.binary(max_size=5000), size=st.integers(1, 4000))
def test_compressed_frames_come_back(data: bytes, size: int) -> None:
    reader = FrameReader(in_pieces(compress(data), size))
    assert reader.take(len(data)) == data
    with pytest.raises(EOFError):
        reader.take(1)


def test_data_longer_than_a_frame_is_several_frames() -> None:
    data = bytes(range(256)) * 10_000
    assert FrameReader(in_pieces(compress(data), 1 << 16)).take(len(data)) == data


def test_a_flipped_bit_in_a_frame_is_found() -> None:
    frame = bytearray(compress(b"crossing" * 100))
    frame[-1] ^= 1
    with pytest.raises(StatementError, match="corrupted") as refused:
        FrameReader(in_pieces(bytes(frame), 64)).take(1)
    assert refused.value.code == Code.CHECKSUM_DOESNT_MATCH


def test_a_frame_of_another_method_is_refused_by_name() -> None:
    from lintas.clickhouse.wire import _checksum

    body = b"\x90" + (9 + 4).to_bytes(4, "little") + (4).to_bytes(4, "little") + b"zstd"
    with pytest.raises(StatementError, match="LZ4") as refused:
        FrameReader(in_pieces(_checksum(body) + body, 64)).take(1)
    assert refused.value.code == Code.UNKNOWN_COMPRESSION_METHOD


def test_a_frame_smaller_than_its_head_is_refused() -> None:
    with pytest.raises(StatementError, match="impossible sizes"):
        FrameReader(in_pieces(b"\0" * 16 + b"\x82" + b"\0" * 8, 64)).take(1)
