import pytest

from pulumi_ahv.prism.central.multipart import part_size

MIB = 1024 * 1024
TIB = 1024**4


@pytest.mark.parametrize("size", [0, 1, 5 * MIB, 2 * 1024 * MIB, 40 * 1024 * MIB])
def test_parts_are_small_for_every_usual_image(size: int) -> None:
    assert part_size(size) == 5 * MIB


@pytest.mark.parametrize("size", [100 * 1024 * MIB, TIB, 5 * TIB])
def test_parts_grow_so_that_their_number_stays_within_the_limit_of_s3(size: int) -> None:
    assert size / part_size(size) <= 10_000
