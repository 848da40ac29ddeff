"""Obstacles: why a problem, or a setting of one, cannot be trained in a cohort; and which layers draw unseen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import deepcopy
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from thalweg.core.config import Config
from thalweg.core.errors import one_line
from thalweg.data.batches import InMemory
from thalweg.execute.cohort import Cohort
from thalweg.execute.passes import in_a_pass
from thalweg.problems import Problem
from thalweg.train import Learner
from thalweg.train.noise import Noise

TOLERANCE = 1e-4
"""How far, relatively, the first loss of a member may be from what it is alone, in float32."""

SAMPLES = 32
TRAINING = "training loss"

_found: WeakKeyDictionary[Problem, str] = WeakKeyDictionary()


def of_problem(problem: Problem) -> str:
    """Say why the members of a cohort would not be what each is alone; empty if nothing speaks against it.

    Two fresh members look at a few samples, in a cohort and alone: losses and metrics are compared.

    Args:
        problem: What is to be trained.

    Example:
        >>> from thalweg.problems import load
        >>> of_problem(load("digits/logistic"))
        ''
        >>> class Moody(nn.Linear):
        ...     def forward(self, x):
        ...         return super().forward(x if x.mean() > 0 else -x)
        >>> train = (torch.randn(30, 4), torch.arange(30) % 2)
        >>> moody = Problem(name="m", model=lambda: Moody(4, 2), loss=nn.CrossEntropyLoss(), train=train)
        >>> of_problem(moody).partition(":")[0]
        'its model, loss or metrics cannot be batched'
    """
    if problem not in _found:
        _found[problem] = _look(problem)
    return _found[problem]


def _look(problem: Problem) -> str:
    try:
        x, y = problem.train.take(torch.arange(min(SAMPLES, problem.batch_size, len(problem.train))))
        stray = _stray([learner.model for learner in _two(problem)], x)
        alone = [_alone(learner, x, y) for learner in _two(problem)]
    except Exception as error:  # the runs themselves will tell
        return f"it fails at first sight: {one_line(error)}"
    if stray:
        return f"it has state that is neither parameter nor buffer: {stray}"
    try:
        together = _together(Cohort(_two(problem)), x, y)
    except Exception as error:
        return f"its model, loss or metrics cannot be batched: {in_a_pass(error)}"
    for mine, its in zip(together, alone, strict=True):
        for name, value in its.items():
            if _differ(mine[name], value) and not (name == TRAINING and unseen_draws(problem)):
                return f"its {name} in a cohort is not what it is alone: {mine[name]:.7g} against {value:.7g}"
    return ""


def _two(problem: Problem) -> list[Learner]:
    return [Learner(problem, Config(optimizer="sgd", seed=seed)) for seed in (0, 1)]


def _alone(learner: Learner, x: Tensor, y: Tensor) -> dict[str, float]:
    """Return the loss in training, then what evaluation measures."""
    with learner.own_generators():
        training = learner.loss(x, y).item()
        learner.seed(0)
        return {TRAINING: training} | learner.problem.evaluate(learner.model, InMemory(x, y))


def _together(cohort: Cohort, x: Tensor, y: Tensor) -> list[dict[str, float]]:
    """Return the same for the two members of a cohort, which each bring the samples along."""
    own = x.expand(2, *x.shape), y.expand(2, *y.shape)
    with cohort.learners[0].own_generators():
        training = cohort.gradients(*own, shared=False, step=0)[0]
        cohort.learners[0].seed(0)
        with cohort.evaluating():
            found = cohort.passes.measures(x, y, at_once=2)
    return [{TRAINING: training[k].item()} | {name: v[k].item() for name, v in found.items()} for k in range(2)]


def _differ(mine: float, its: float) -> bool:
    if math.isnan(mine) and math.isnan(its):
        return False
    return not abs(mine - its) <= TOLERANCE * max(1.0, abs(its))


def unseen_draws(problem: Problem) -> list[str]:
    """Name the modules that draw random numbers in training which a cohort cannot give each member its own of.

    Example:
        >>> from thalweg.problems import load
        >>> unseen_draws(load("digits/logistic"))
        []
    """
    learner, found = Learner(problem, Config(optimizer="sgd")), list[str]()
    open_modules: list[tuple[Tensor, list[bool]]] = []
    for name, module in learner.model.named_modules():
        label = f"{name or 'the model'} ({type(module).__name__})"
        module.register_forward_pre_hook(partial(_enter, open_modules))
        module.register_forward_hook(partial(_leave, open_modules, found, label))
    x, _ = problem.train.take(torch.arange(min(SAMPLES, problem.batch_size, len(problem.train))))
    with learner.own_generators(), Noise(torch.tensor(0)), torch.no_grad():
        learner.seed(0)
        learner.model.train()(x)
    return list(dict.fromkeys(found))


def _enter(open_modules: list[tuple[Tensor, list[bool]]], module: nn.Module, inputs: object) -> None:
    open_modules.append((torch.get_rng_state(), []))


def _leave(
    open_modules: list[tuple[Tensor, list[bool]]],
    found: list[str],
    label: str,
    module: nn.Module,
    inputs: object,
    output: object,
) -> None:
    """Enter a module that moved torch's generator, unless one inside it did."""
    before, inside = open_modules.pop()
    moved = not torch.equal(before, torch.get_rng_state())
    if moved and not any(inside):
        found.append(label)
    if open_modules:
        open_modules[-1][1].append(moved)


def _stray(models: Sequence[nn.Module], x: Tensor) -> str:
    """Name an attribute of a module that training changes, or that differs between copies; empty if none does."""
    before = _attributes(models[0])
    other = _attributes(models[1])
    with torch.no_grad():
        models[0].train()(x)
    after = _attributes(models[0])
    for name, value in after.items():
        if not _same(before.get(name), value):
            return f"{name} changes in the forward pass"
        if isinstance(value, Tensor) and not _same(other.get(name), value):
            return f"{name} is a tensor that differs from copy to copy"
    return ""


def _attributes(model: nn.Module) -> dict[str, Any]:
    """Return copies of all that modules hold of plain values and tensors, beside parameters and buffers."""
    own = set(vars(nn.Module()))
    plain = Tensor | int | float | str | list | dict | tuple | None
    return {
        f"{name}.{key}" if name else key: value.clone() if isinstance(value, Tensor) else deepcopy(value)
        for name, module in model.named_modules()
        for key, value in vars(module).items()
        if key not in own and isinstance(value, plain) and _is_plain(value)
    }


def _is_plain(value: Any) -> bool:
    """Whether a container holds nothing but numbers, texts and tensors."""
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, Tensor | int | float | str)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one.shape == other.shape and torch.equal(one, other)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) if type(one) is type(other) else False
