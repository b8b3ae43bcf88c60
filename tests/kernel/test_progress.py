import pytest

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.kernel.progress import Meter, size_text


def test_a_meter_says_at_most_one_line_an_interval() -> None:
    clock, lines = ManualClock(), list[str]()
    meter = Meter(lines.append, "golden: uploading", 1000, clock=clock, interval=5)
    for _ in range(10):
        clock.advance(1)
        meter.add(100)
    assert lines == ["golden: uploading 50 % of 1000 B", "golden: uploading 100 % of 1000 B"]


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (2 << 30, "2.0 GiB"), (3 << 40, "3.0 TiB")]
)
def test_sizes_are_written_as_a_person_writes_them(count: int, text: str) -> None:
    assert size_text(count) == text
