from __future__ import annotations

import math

import pytest
import torch

from thalweg.core.errors import OutOfRangeError
from thalweg.schedules import bind, in_steps


def test_torchs_scheduler_resumes_with_it() -> None:
    factor = in_steps(bind("cosine", {"warmup": 1}, total=5), 10)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.5)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    for n in range(23):
        assert scheduler.get_last_lr() == [0.5 * factor(n)]
        optimizer.step()
        scheduler.step()
    saved = scheduler.state_dict()
    assert saved["lr_lambdas"] == [None]  # plain numbers only: nothing that a safe load would refuse
    again = torch.optim.lr_scheduler.LambdaLR(torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.5), factor)
    again.load_state_dict(saved)
    assert again.get_last_lr() == scheduler.get_last_lr()


@pytest.mark.parametrize("steps", [0, -1, math.nan])
def test_updates_of_an_epoch_are_positive(steps: float) -> None:
    with pytest.raises(OutOfRangeError, match="updates in an epoch"):
        in_steps(bind("constant", {}), steps)
