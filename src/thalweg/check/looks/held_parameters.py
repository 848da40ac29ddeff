"""Held parameters: does the optimizer hold every parameter that is to learn, once, and nothing else?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.answer import answer, evaluating
from thalweg.check.looks.suspect import suspect
from thalweg.check.once import once
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
from thalweg.core.wording import listed

SHOWN = 3
"""Names that are shown."""


@look("Does the optimizer hold every parameter, once?", "params_not_optimised", trains=False)
def held_parameters(subject: Subject) -> Iterator[Seen]:
    """Yield parameters that the optimizer lacks or has twice, and tensors of others that it holds."""
    model, optimizer = subject.model, subject.trainee.learner.optimizer
    given = [p for group in optimizer.param_groups for p in group["params"]]
    times, own = Counter(map(id, given)), dict(model.named_parameters())
    lacking = [name for name, p in own.items() if p.requires_grad and id(p) not in times]
    strange = [p for p in given if id(p) not in set(map(id, own.values())) and id(p) not in hidden_ids(subject)]
    twice = [name for name, p in own.items() if times[id(p)] > 1]
    if strange:
        yield _strange(strange, len(own), lacking)
    elif lacking:
        yield _lacking(lacking, own, all(name in remembered(subject) for name in lacking))
    if twice:
        yield _twice(twice)
    if not (strange or lacking or twice):
        count = sum(p.numel() for p in given)
        yield Passed(
            name="held parameters", evidence=f"the optimizer holds all {count:,} numbers that are to learn, once"
        )


@look("Are all tensors that the loss learns by known to the model?", "params_not_optimised", trains=False)
def known_parameters(subject: Subject) -> Iterator[Seen]:
    """Yield tensors that want gradients and are no parameters of the model: layers in a plain list."""
    if answer(subject) is None:
        return
    leaves, strange = leaves_of(subject)
    if not strange:
        yield Passed(
            name="known parameters", evidence=f"outputs depend on {leaves} tensors that learn, all of the model"
        )
        return
    shapes = listed([str(tuple(p.shape)) for p in strange[:SHOWN]])
    yield suspect(
        "params_not_optimised",
        Severity.ERROR,
        "model",
        f"outputs depend on {len(strange)} tensors that want gradients, of shape {shapes}, and model.parameters() "
        "does not give them: no optimizer moves them",
        "keep layers in nn.ModuleList or nn.ModuleDict, and tensors in nn.ParameterList",
        weight=0.95,
        numbers={"tensors": len(strange), "numbers": sum(p.numel() for p in strange)},
        change=("layers in lists given to the optimizer", _registering),
        explains=("capacity_too_small", "frozen_layer", "lr_too_low"),
    )


@once
def leaves_of(subject: Subject) -> tuple[int, list[Tensor]]:
    """Return how many tensors that want gradients the outputs depend on, and those that are no parameters."""
    found = answer(subject)
    assert found is not None
    with evaluating(subject.model, gradients=True):
        output = subject.model(found.x)
    own = set(map(id, subject.model.parameters()))
    leaves, seen, waiting = list[Tensor](), set[Any](), [output.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        leaf = getattr(node, "variable", None)
        leaves += [leaf] if isinstance(leaf, Tensor) else []
        waiting += [after for after, _ in node.next_functions]
    return len(leaves), [leaf for leaf in leaves if id(leaf) not in own]


def hidden_ids(subject: Subject) -> set[int]:
    """Return the ids of tensors that learn and are no parameters: an optimizer may hold them by intention."""
    return set() if answer(subject) is None else set(map(id, leaves_of(subject)[1]))


@once
def remembered(subject: Subject) -> set[str]:
    """Return the parameters that come with the same numbers from every call of the factory, as loaded ones do.

    Those that are one number throughout, as of normalizations and biases that start at zero, tell nothing and are
    not among them.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(subject.seed + 1)
        other = dict(subject.setup.problem.model().named_parameters())
    own = subject.model.named_parameters()
    drawn = {name: p for name, p in own if p.numel() > 1 and bool((p != p.flatten()[0]).any())}
    return {name for name, p in drawn.items() if name in other and torch.equal(p, other[name])}


def _lacking(names: Sequence[str], own: dict[str, nn.Parameter], loaded: bool) -> Suspicion:
    share = sum(own[name].numel() for name in names) / sum(p.numel() for p in own.values())
    kept = ", which come with numbers that were learned before" if loaded else ""
    return suspect(
        "params_not_optimised",
        Severity.NOTE if loaded else Severity.ERROR,
        _shown(names),
        f"the optimizer lacks {len(names)} of {len(own)} parameters, {share:.0%} of all numbers: "
        f"{_shown(names)}{kept}",
        "give it model.parameters(), or set requires_grad=False if they are to stay as they are",
        weight=0.2 if loaded else 0.9,
        numbers={"parameters": len(names), "share": share},
        change=("all parameters given to the optimizer", _giving),
        explains=() if loaded else ("capacity_too_small", "lr_too_low", "gradient_blocked"),
    )


def _strange(strange: Sequence[Tensor], own: int, lacking: Sequence[str]) -> Suspicion:
    left = f", and lacks {len(lacking)} of the model's {own}" if lacking else ""
    return suspect(
        "params_not_optimised",
        Severity.ERROR if lacking else Severity.WARNING,
        "optimizer",
        f"the optimizer holds {len(strange)} tensors that are not the model's{left}",
        "make the optimizer after the model, from the parameters of the model that is trained",
        weight=0.95 if lacking else 0.6,
        numbers={"tensors": len(strange), "lacking": len(lacking)},
        change=("all parameters given to the optimizer", _giving) if lacking else None,
        explains=("lr_too_low", "capacity_too_small", "gradient_blocked"),
    )


def _twice(names: Sequence[str]) -> Suspicion:
    return suspect(
        "params_not_optimised",
        Severity.WARNING,
        _shown(names),
        f"the optimizer holds {len(names)} parameters more than once: {_shown(names)} move several times a step",
        "give every parameter once",
        weight=0.9,
        numbers={"parameters": len(names)},
        change=("every parameter once", _once_each),
        explains=("lr_too_high",),
    )


def _shown(names: Sequence[str]) -> str:
    return listed([*names[:SHOWN], *([f"{len(names) - SHOWN} more"] if len(names) > SHOWN else [])])


def _giving(setup: Setup) -> Setup:
    return setup.replace(mended=(*setup.mended, give_all))


def give_all(model: nn.Module, optimizer: Optimizer) -> None:
    """Give an optimizer the parameters that are to learn and that it lacks."""
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    missing = [p for p in model.parameters() if p.requires_grad and id(p) not in held]
    if missing:
        first = {
            key: value for key, value in optimizer.param_groups[0].items() if key not in ("params", "param_names")
        }
        optimizer.add_param_group({**first, "params": missing})


def _once_each(setup: Setup) -> Setup:
    def mend(model: nn.Module, optimizer: Optimizer) -> None:
        seen = set[int]()
        for group in optimizer.param_groups:
            group["params"] = [p for p in group["params"] if not (id(p) in seen or seen.add(id(p)))]

    return setup.replace(mended=(*setup.mended, mend))


def _registering(setup: Setup) -> Setup:
    return setup.replace(mended=(*setup.mended, _register))


def _register(model: nn.Module, optimizer: Optimizer) -> None:
    """Give an optimizer what a model keeps in Python's lists and dictionaries."""
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    inside = [p for module in model.modules() for value in vars(module).values() for p in _inside(value)]
    missing = {id(p): p for p in inside if p.requires_grad and id(p) not in held}
    if missing:
        optimizer.add_param_group({"params": [*missing.values()]})


def _inside(value: Any) -> Iterator[Tensor]:
    if isinstance(value, nn.Module):
        yield from value.parameters()
    elif isinstance(value, Tensor) and value.is_leaf:
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _inside(part)
    elif type(value) is dict:
        yield from _inside(list(value.values()))
