"""torch's classes of the same rule walk the same way, in float64 to 1e-12."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from thalweg import optim

STEPS = 50
OPTIONS = [{}, {"weight_decay": 0.1}, {"maximize": True}, {"weight_decay": 0.05, "maximize": True}]


def assert_parity(ours: Any, theirs: Any, make_task: Any, scheduled: bool = True) -> None:
    task, twin = make_task(), make_task()
    mine, other = ours(task.params), theirs(twin.params)
    for step in range(1, STEPS + 1):
        for a, optimizer in ((task, mine), (twin, other)):
            if scheduled:
                optimizer.param_groups[0]["lr"] *= 0.97
            a.train(optimizer, range(step, step + 1))
        for p, q in zip(task.params, twin.params, strict=True):
            torch.testing.assert_close(p, q, rtol=1e-12, atol=1e-13)
    assert (task.weight - make_task().weight).abs().max() > 0.01


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize(
    ("name", "hyper"),
    [
        ("SGD", {"lr": 0.1}),
        ("Adam", {"lr": 0.02}),
        ("Adam", {"lr": 0.02, "betas": (0.5, 0.9), "eps": 1e-3}),
        ("Adadelta", {}),
        ("Adadelta", {"lr": 3.0, "rho": 0.95, "eps": 1e-4}),
    ],
)
def test_the_same_name_is_the_same_rule(name: str, hyper: Any, options: Any, make_task: Any) -> None:
    assert_parity(
        lambda params: getattr(optim, name)(params, **hyper, **options),
        lambda params: getattr(torch.optim, name)(params, **hyper, **options),
        make_task,
    )


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize(("kind", "nesterov"), [(optim.Momentum, False), (optim.Nesterov, True)])
def test_momentum_is_torchs_at_a_constant_rate(kind: Any, nesterov: bool, options: Any, make_task: Any) -> None:
    """Nesterov's stored point, not theta, is torch's parameter: step for step, without a shift of the index."""
    assert_parity(
        lambda params: kind(params, lr=0.05, momentum=0.9, **options),
        lambda params: torch.optim.SGD(params, lr=0.05, momentum=0.9, nesterov=nesterov, **options),
        make_task,
        scheduled=False,
    )


@pytest.mark.parametrize(("kind", "nesterov"), [(optim.Momentum, False), (optim.Nesterov, True)])
def test_under_a_schedule_torchs_momentum_is_another_rule(kind: Any, nesterov: bool, make_task: Any) -> None:
    with pytest.raises(AssertionError, match="not close"):
        assert_parity(
            lambda params: kind(params, lr=0.05, momentum=0.9),
            lambda params: torch.optim.SGD(params, lr=0.05, momentum=0.9, nesterov=nesterov),
            make_task,
        )


def test_the_defaults_are_torchs_where_the_rule_is() -> None:
    p = [torch.nn.Parameter(torch.ones(1))]
    for name in ("SGD", "Adam", "Adadelta"):
        ours, theirs = getattr(optim, name)(p).defaults, getattr(torch.optim, name)(p).defaults
        shared = ours.keys() & theirs.keys()
        assert {"lr", "weight_decay", "maximize"} <= shared
        assert {key: ours[key] for key in shared} == {key: theirs[key] for key in shared}
