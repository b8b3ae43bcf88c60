import io

import pytest

from pulumi_ahv.prism.streams import pieces


class Drip(io.RawIOBase):
    """Gives two bytes at a time, however many are asked for."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self._inner = io.BytesIO(content)

    def read(self, size: int = -1, /) -> bytes:
        return self._inner.read(min(size, 2))


@pytest.mark.parametrize("length", [0, 1, 4, 5, 8, 11])
def test_pieces_are_full_but_for_the_last(length: int) -> None:
    content = bytes(range(length))
    for stream in (io.BytesIO(content), Drip(content)):
        cut = list(pieces(stream, 4))  # type: ignore[arg-type]  # a raw reader is all that is needed
        assert b"".join(cut) == content
        assert all(len(piece) == 4 for piece in cut[:-1])
