from __future__ import annotations

import hashlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.resources.sources.streams import CheckedReader

DATA = bytes(range(256)) * 16_384
SHA256 = hashlib.sha256(DATA).hexdigest()


def reader(data: bytes = DATA, *, size: int = len(DATA), sha256: str = SHA256) -> CheckedReader:
    return CheckedReader(BytesIO(data), size=size, sha256=sha256, path_property="source.path")


def drain(stream: CheckedReader, size: int = 100_000) -> bytes:
    parts = []
    while part := stream.read(size):
        parts.append(part)
    return b"".join(parts)


def test_what_passes_is_unchanged_counted_and_hashed() -> None:
    stream = reader()
    assert drain(stream) == DATA
    assert (stream.count, stream.sha256) == (len(DATA), SHA256)


@given(data=st.binary(max_size=5000), size=st.integers(1, 700))
def test_any_content_passes_in_pieces_of_any_size(data: bytes, size: int) -> None:
    stream = reader(data, size=len(data), sha256=hashlib.sha256(data).hexdigest())
    assert drain(stream, size) == data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (DATA[:-1] + b"!", "had the SHA-256"),
        (b"!" + DATA[1:], "had the SHA-256"),
        (DATA[:-1], f"and is {len(DATA) - 1} now"),
        (b"", "is 0 now"),
    ],
)
def test_other_content_is_refused_before_its_last_byte_is_handed_on(data: bytes, words: str) -> None:
    stream = reader(data)
    taken: list[bytes] = []
    with pytest.raises(InputError, match=words) as refused:
        taken.extend(iter(lambda: stream.read(65_536), b""))
    assert sum(map(len, taken)) < len(DATA)
    assert refused.value.path == "source.path"
    assert refused.value.advice


def test_a_source_that_grew_is_refused_and_nothing_of_its_growth_handed_on() -> None:
    stream = reader(DATA + b"!")
    assert stream.read(len(DATA)) == DATA
    with pytest.raises(InputError, match="is longer"):
        stream.read(1)


def test_a_reader_that_takes_exactly_the_length_never_gets_other_content() -> None:
    with pytest.raises(InputError):
        reader(DATA[:-1] + b"!").read(len(DATA))


def test_without_a_digest_the_length_is_compared() -> None:
    assert drain(reader(sha256="")) == DATA
    with pytest.raises(InputError):
        drain(reader(DATA[:-1], sha256=""))


def test_closing_closes_the_source() -> None:
    source = BytesIO(DATA)
    with CheckedReader(source, size=len(DATA), sha256=SHA256, path_property="source.path"):
        pass
    assert source.closed
