from __future__ import annotations

import pytest
import torch

from thalweg.core.errors import InputError
from thalweg.schedules import bind, one_cycle


def test_it_is_torchs_in_three_straight_phases() -> None:
    """Torch counts updates: its phases end at the updates 0.3 N - 1, 0.6 N - 2 and N - 1."""
    total = 40
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=1.0,
        total_steps=total,
        pct_start=0.3,
        anneal_strategy="linear",
        cycle_momentum=False,
        div_factor=10,
        final_div_factor=100,
        three_phase=True,
    )
    factor = bind("one-cycle", {"warmup": 0.3 * total - 1, "start": 0.1, "end": 1e-3}, total=total - 1)
    for n in range(total):
        assert factor(n) == pytest.approx(theirs.get_last_lr()[0], abs=1e-12)
        optimizer.step()
        if n < total - 1:
            theirs.step()


def test_a_momentum_cycles_the_other_way() -> None:
    factor = bind("one-cycle", {"start": 1.25, "end": 1.25}, total=10)
    assert [round(factor(t), 6) for t in (0, 2.25, 4.5, 6.75, 9, 10)] == [1.25, 1.125, 1, 1.125, 1.25, 1.25]


def test_a_cycle_as_long_as_the_run() -> None:
    assert [one_cycle(t, warmup=5, total=10) for t in (0, 5, 10)] == [0.1, 1.0, 1e-4]
    with pytest.raises(InputError, match=r"too short for the schedule one-cycle[\s\S]*at most 5 epochs"):
        bind("one-cycle", {"warmup": 6}, total=10)
