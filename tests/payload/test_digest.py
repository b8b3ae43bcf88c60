"""The digest changes with every input that reaches the guest, and with nothing else."""

from __future__ import annotations

from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.payload.digest import Sealer, digest


def test_the_digest_is_pinned_so_that_no_release_rolls_pools_by_accident() -> None:
    assert (
        digest("cidata", {"a": b"1", "b": b"2"}) == "8bc5fc097773989fb705c2136f13b8f66861af95fca0edf1b31db88e7ec0e934"
    )


def test_names_contents_and_label_cannot_pose_as_each_other() -> None:
    seen = {
        digest("l", {"a": b"bc"}),
        digest("l", {"ab": b"c"}),
        digest("la", {"": b"bc"}),
        digest("l", {}),
        digest("l", {"a": b"bc", "": b""}),
    }
    assert len(seen) == 5


def test_the_order_of_files_does_not_matter() -> None:
    assert digest("l", {"a": b"1", "b": b"2"}) == digest("l", {"b": b"2", "a": b"1"})


def test_a_sealed_secret_depends_on_secret_and_salt_and_shows_neither() -> None:
    one = Sealer("mark")
    assert one.seal(Secret("hunter2")) == Sealer("mark").seal(Secret("hunter2"))
    assert one.seal(Secret("hunter2")) != one.seal(Secret("hunter3"))
    assert one.seal(Secret("hunter2")) != Sealer("other").seal(Secret("hunter2"))
    assert "hunter2" not in one.seal(Secret("hunter2"))
