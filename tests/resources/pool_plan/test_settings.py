from __future__ import annotations

import pytest

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.resources.pool_plan.settings import Rollout


@pytest.mark.parametrize(
    ("change", "path"),
    [({"max_unavailable": 0, "max_surge": 0}, "rollout.maxUnavailable"), ({"batch_size": 0}, "rollout.batchSize")],
)
def test_a_rollout_that_could_never_move_is_refused(change: dict[str, int], path: str) -> None:
    with pytest.raises(InputError) as refused:
        Rollout(**change)  # type: ignore[arg-type] # numbers only
    assert refused.value.path == path
    assert refused.value.advice
