"""Options: said once, neutral by default, and never in the way of what a rule calls by the same name."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from thalweg import optim
from thalweg.core.errors import InputTypeError
from thalweg.formula import NonNegative, Tensor, Update, rule
from thalweg.optim import Named, RuleOptimizer, build, optimizers
from thalweg.optim.options import Options
from thalweg.rules import options


@rule(reference="a toy with a decay of its own, decoupled")
def shrinking(
    p: Tensor, g: Tensor, *, lr: NonNegative = 0.1, weight_decay: NonNegative = 0.5, bias: NonNegative = 0.25
) -> Update:
    """Shrink, then step."""
    return p - lr * (g + weight_decay * p + bias)


class Shrinking(RuleOptimizer):
    rule = shrinking
    names = {"bias": "l1"}

    def __init__(self, params: Any, **settings: Any) -> None:
        own = {"lr": 0.1, "weight_decay": 0.5, "l1": 0.25}
        given = {key: settings.pop(key) for key in own & settings.keys()}
        super().__init__(params, own | given, settings)  # pyright: ignore


def stepped(**settings: Any) -> float:
    p = torch.nn.Parameter(torch.full((1,), 2.0, dtype=torch.float64))
    p.grad = torch.ones_like(p)
    Shrinking([p], **settings).step()
    return p.item()


def test_what_a_rule_calls_like_an_option_is_its_own_and_applied_once() -> None:
    assert stepped() == pytest.approx(2 - 0.1 * (1 + 0.5 * 2 + 0.25))
    assert stepped(weight_decay=0.25, l1=0.0) == pytest.approx(2 - 0.1 * (1 + 0.25 * 2))
    assert stepped(maximize=True) == pytest.approx(2 - 0.1 * (-1 + 0.5 * 2 + 0.25))


def test_an_option_of_that_name_is_not_offered() -> None:
    assert [option.name for option in Shrinking.options()] == ["maximize", "clip_norm", "clip_value"]
    entry = Named(Shrinking)
    assert list(entry.hypers()) == ["lr", "weight_decay", "l1", "clip_norm", "clip_value"]
    assert entry.hypers()["l1"].default == 0.25
    assert entry.flags == ["maximize"]


def test_the_keywords_are_the_options() -> None:
    assert set(Options.__annotations__) == {option.name for option in options}
    for name in optimizers:
        assert optimizers[name].kind.options() == options
    with pytest.raises(InputTypeError, match="unexpected keyword argument 'decay'"):
        optim.SGD([torch.nn.Parameter(torch.ones(1))], decay=0.1)  # pyright: ignore


@pytest.mark.parametrize("name", list(optimizers))
def test_a_group_starts_with_every_option_neutral(name: str, make_task: Any) -> None:
    group = build(name, make_task().params, {}).param_groups[0]
    assert {option.name: group[option.name] for option in options} == {
        option.name: option.neutral for option in options
    }
    assert not any(option.is_active(group) for option in options)


def test_none_is_none() -> None:
    p = torch.nn.Parameter(torch.ones(1))
    p.grad = torch.full((1,), 4.0)
    optimizer = optim.SGD([p], lr=0.25, clip_norm=None, clip_value=None)
    optimizer.step()
    assert p.item() == 0.0
    optimizer.param_groups[0]["clip_value"] = 1.0
    optimizer.step()
    assert p.item() == -0.25
