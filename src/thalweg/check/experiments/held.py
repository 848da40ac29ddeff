"""Held: does the optimizer hold what the net learns by, and is what is frozen frozen on purpose?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from thalweg.check.experiments.ladder import own_good
from thalweg.check.experiments.longer import worse
from thalweg.check.experiments.runs import sound
from thalweg.check.look import Change, Seen, Suspicion, look
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.check.trainee import Trainee
from thalweg.core.finding import Finding, Passed, Severity
from thalweg.core.wording import listed
from thalweg.init.rehearsal import rehearsal


@look("Are all tensors that learn parameters of the model?", "params_not_optimised", trains=True)
def unregistered(subject: Subject) -> Iterator[Seen]:
    """Yield tensors that the loss asks gradients for and that ``model.parameters()`` does not give."""
    if not sound(subject):
        return
    x, y = subject.batch
    with rehearsal(subject.model):
        loss = subject.setup.problem.loss(subject.model(x), y)
    known = {id(p) for p in subject.model.parameters()}
    leaves = list(leaves_of(loss))
    strange = [leaf for leaf in leaves if id(leaf) not in known]
    if not strange:
        yield Passed(
            name="unregistered", evidence=f"the loss depends on {len(leaves)} parameters, all of the model"
        )
        return
    shapes = listed([str(tuple(leaf.shape)) for leaf in strange[:3]])
    yield Suspicion(
        finding=Finding(
            fault="params_not_optimised",
            severity=Severity.ERROR,
            where="model",
            evidence=f"the loss depends on {len(strange)} tensors that want gradients and are no parameters of the "
            f"model, of shape {shapes}: no optimizer of model.parameters() moves them",
            remedy="keep layers in nn.ModuleList or nn.ModuleDict, and tensors in nn.ParameterList",
            numbers={"tensors": len(strange), "numbers": sum(leaf.numel() for leaf in strange)},
        ),
        weight=0.95,
        change=Change(words="layers in lists registered", apply=_registering),
        explains=("capacity_too_small", "frozen_layer", "lr_too_low", "optimizer_setting"),
    )


def leaves_of(loss: Tensor) -> Iterator[Tensor]:
    """Yield the tensors without a history of their own that a loss asks gradients for.

    Example:
        >>> w = torch.ones(2, requires_grad=True)
        >>> [leaf is w for leaf in leaves_of((3 * w).sum())]
        [True]
    """
    seen, waiting = set[Any](), [loss.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        leaf = getattr(node, "variable", None)
        if isinstance(leaf, Tensor):
            yield leaf
        waiting += [after for after, _ in node.next_functions]


def _registering(setup: Setup) -> Setup:
    return setup.replace(mended=(*setup.mended, _register))


def _register(model: nn.Module, optimizer: Optimizer) -> None:
    """Give the optimizer what the model keeps in lists and dictionaries of Python's."""
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    found: dict[int, Tensor] = {}
    for module in list(model.modules()):
        for value in list(vars(module).values()):
            for part in _inside(value):
                found |= {id(p): p for p in (part.parameters() if isinstance(part, nn.Module) else [part])}
    missing = [p for key, p in found.items() if key not in held and p.requires_grad]
    if missing:
        optimizer.add_param_group({"params": missing})


def _inside(value: Any) -> Iterator[nn.Module | nn.Parameter]:
    if isinstance(value, nn.Module | nn.Parameter):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _inside(part)
    elif type(value) is dict:
        yield from _inside(list(value.values()))


@look("Is what is frozen frozen on purpose?", "frozen_layer", trains=True)
def frozen(subject: Subject) -> Iterator[Seen]:
    """Yield layers that are frozen at random weights, where the net learns better with them."""
    names = [name for name, p in subject.model.named_parameters() if not p.requires_grad]
    if not sound(subject) or not names:
        return
    other = Trainee(subject.setup, seed=subject.seed + 1).model
    drawn = [
        name for name in names if not torch.equal(subject.model.get_parameter(name), other.get_parameter(name))
    ]
    told = f"{listed(names[:3])}{' and more' if len(names) > 3 else ''}: {len(names)} parameters are frozen"
    thawed = subject.setup.replace(mended=(*subject.setup.mended, _thaw))
    if drawn and worse(subject, own_good(subject), thawed):
        yield Suspicion(
            finding=Finding(
                fault="frozen_layer",
                severity=Severity.WARNING,
                where=listed(drawn[:3]),
                evidence=f"{told}, {len(drawn)} of them at random weights, and with them the net learns better",
                remedy="set requires_grad of their parameters, before the optimizer is made",
                numbers={"frozen": len(names), "at random weights": len(drawn)},
            ),
            weight=0.85,
            change=Change(
                words="nothing frozen", apply=lambda setup: setup.replace(mended=(*setup.mended, _thaw))
            ),
            explains=("capacity_too_small", "params_not_optimised", "optimizer_setting", "lr_too_low"),
        )
    else:
        evidence = "at weights that were learned before" if not drawn else "and the net learns no better with them"
        yield Passed(name="frozen", evidence=f"{told}, {evidence}")


def _thaw(model: nn.Module, optimizer: Optimizer) -> None:
    frozen = [p for p in model.parameters() if not p.requires_grad and p.is_floating_point()]
    for p in frozen:
        p.requires_grad_()
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    missing = [p for p in frozen if id(p) not in held]
    if missing:
        optimizer.add_param_group({"params": missing})
