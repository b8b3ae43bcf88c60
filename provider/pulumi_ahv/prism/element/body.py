"""The body of an upload: a stream of known size, piece by piece, with its progress told and its deadline kept."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.kernel.progress import Meter
from pulumi_ahv.prism.streams import pieces
from pulumi_ahv.prism.values import StreamSource

_PIECE = 1 << 20


class Body:
    """Bytes of a source for one try. The source is opened when the first byte is asked for, and closed at the end."""

    def __init__(self, source: StreamSource, meter: Meter, deadline: Deadline, doing: str) -> None:
        self._source = source
        self._meter = meter
        self._deadline = deadline
        self._doing = doing

    def __len__(self) -> int:
        return self._source.size

    def __iter__(self) -> Iterator[bytes]:
        count = 0
        with self._source.open() as stream:
            for piece in pieces(stream, _PIECE):
                if self._deadline.expired():
                    said = f"not through after {self._deadline.seconds:g} s"
                    raise AhvError(self._doing, said=said, advice="Raise the resource's timeout.")
                count += len(piece)
                self._meter.add(len(piece))
                yield piece
        if count != self._source.size:
            said = f"the source has {self._source.size} bytes, but gave {count}"
            raise AhvError(self._doing, said=said, advice="Run again when nothing writes to it any more.")
