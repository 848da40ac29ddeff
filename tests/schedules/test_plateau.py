from __future__ import annotations

import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from thalweg.schedules import plateau
from thalweg.schedules.plateau import Plateau

losses = st.lists(st.sampled_from([0.0, 0.5, 0.9, 0.99, 1.0, 1.01, 2.0, math.nan, math.inf]), max_size=40)


@given(
    losses, st.integers(0, 3), st.integers(0, 3), st.sampled_from([0.0, 1e-4, 0.05]), st.sampled_from([0.0, 0.03])
)
def test_it_is_torchs(observed: list[float], patience: int, cooldown: int, threshold: float, least: float) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer,
        factor=0.25,
        patience=patience,
        cooldown=cooldown,
        threshold=threshold,
        min_lr=least,
        eps=0,
    )
    state = None
    for loss in observed:
        theirs.step(loss)
        state, factor = plateau(
            state, loss, divide=4, patience=patience, cooldown=cooldown, threshold=threshold, least=least
        )
        assert factor == optimizer.param_groups[0]["lr"]


def test_a_negative_loss_improves_when_it_falls() -> None:
    state, _ = plateau(None, -1.0, threshold=0.1)
    assert plateau(state, -1.05, threshold=0.1)[0].best == -1.0
    assert plateau(state, -1.2, threshold=0.1)[0].best == -1.2


def test_it_is_pure_and_its_state_is_plain_numbers() -> None:
    state = Plateau(best=1.0, waited=3)
    assert plateau(state, 2.0, patience=3) == plateau(state, 2.0, patience=3)
    assert Plateau(*list(state)) == state
    assert all(isinstance(value, int | float) for value in plateau(state, 2.0)[0])
