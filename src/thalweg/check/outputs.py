"""Outputs: what a model gives, brought to the form that looks read: one tensor, classes along dimension 1."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.utils import _pytree

from thalweg.check.setup import Setup
from thalweg.check.trainee import Trainee
from thalweg.data.batches import Split
from thalweg.problems.metrics import Metric

Loss = Callable[[Any, Tensor], Tensor]

FEW = 8
"""Samples that show the form."""


@dataclass
class Outputs:
    """The form of what a model gives.

    Attributes:
        tree: How its parts are held together.
        parts: Those of a few samples, to stand where the loss does not look.
        place: The part that the loss compares with the targets.
        classes: Where classes lie in it: ``"second"``, ``"last"`` as in ``(n, T, C)``, or ``"flat"`` as in
            ``(n T, C)``.
        given: Whether models give what they give by themselves, as the user's own step expects it.
    """

    tree: Any
    parts: Sequence[Any]
    place: int
    classes: str
    given: bool = False

    def read(self, given: Any, samples: int) -> Any:
        """Return the tensor that is compared with the targets, classes along dimension 1."""
        output = _pytree.tree_leaves(given)[self.place]
        if self.classes == "flat":
            output = output.unflatten(0, (samples, -1))
        return output if self.classes == "second" else output.movedim(-1, 1)

    def write(self, output: Tensor) -> Any:
        """Return what the model would have given."""
        if self.classes != "second":
            output = output.movedim(1, -1)
        parts = list(self.parts)
        parts[self.place] = output.flatten(0, 1) if self.classes == "flat" else output
        return _pytree.tree_unflatten(parts, self.tree)

    @contextmanager
    def as_given(self, loss: Loss) -> Iterator[Loss]:
        """Have models give what they give by themselves, and a loss of what is read take that."""
        self.given = True
        try:
            yield lambda given, y: loss(self.read(given, len(y)), y)
        finally:
            self.given = False

    def hook(self, module: nn.Module, inputs: tuple[Any, ...], given: Any) -> Any:
        """Read what a module gives, as a forward hook."""
        return given if self.given else self.read(given, len(inputs[0]))


@dataclass(frozen=True)
class Written:
    """A loss, or a metric, of what is read, made from that of what the model gives; has its attributes too.

    Attributes:
        own: The one of what the model gives.
        outputs: The form.
    """

    own: Loss
    outputs: Outputs

    def __call__(self, output: Tensor, y: Tensor) -> Tensor:
        """Return the measure of an output that is read."""
        return self.own(self.outputs.write(output), y)

    def __getattr__(self, name: str) -> Any:
        if name in ("own", "outputs") or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.own, name)


def read(setup: Setup, seed: int = 0) -> Setup:
    """Return the set-up with models that give one tensor with classes along dimension 1, and a loss of that.

    It is the same set-up, written otherwise. What has this form already, or no part that alone goes into the loss,
    stays as it is.

    Args:
        setup: The set-up.
        seed: Of the model that shows the form.
    """
    try:
        outputs = _form(setup, seed)
    except Exception:  # of a model or a loss that cannot run: `obstacle` says why
        return setup
    if outputs is None:
        return setup
    problem, factory = setup.problem, setup.problem.model

    def hooked() -> nn.Module:
        model = factory()
        model.register_forward_hook(outputs.hook)
        return model

    metrics = [_written(metric, outputs, problem.train) for metric in problem.metrics]
    loss = Written(problem.loss, outputs)
    return setup.with_problem(model=hooked, loss=loss, metrics=metrics).replace(outputs=outputs)


def _written(metric: Metric, outputs: Outputs, train: Split) -> Metric:
    """Return a metric of what is read: the user's, if it takes what the model gives, else as it is."""
    _, y = train.take(torch.arange(max(1, min(FEW, len(train)) // 2)))
    try:
        float(metric.function(_pytree.tree_unflatten(outputs.parts, outputs.tree), y))
    except Exception:  # of a metric that everybody gets
        return metric
    return replace(metric, function=Written(metric.function, outputs))


def _form(setup: Setup, seed: int) -> Outputs | None:
    """Return the form of what the model gives, None if looks read it as it is or cannot read it."""
    trainee, loss = Trainee(setup, seed=seed), setup.problem.loss
    split = trainee.learner.splits["train"]
    x, y = split.take(torch.arange(min(FEW, len(split))))
    model = trainee.model.eval()
    with torch.no_grad(), trainee.learner.own_generators():
        given, fewer = model(x), model(x[: max(1, len(x) // 2)])
    parts, tree = _pytree.tree_flatten(given)
    alone = isinstance(given, Tensor)
    place = 0 if alone else _compared(loss, parts, tree, y)
    if place is None or not isinstance(parts[place], Tensor):
        return None
    found = Outputs(tree, _pytree.tree_leaves(fewer), place, _classes(loss, parts, tree, place, y))
    if alone and found.classes == "second":
        return None
    told = loss(found.write(found.read(given, len(x))), y)
    return found if torch.equal(told, loss(given, y)) else None  # the loss looks at no other part


def _compared(loss: Loss, parts: Sequence[Any], tree: Any, y: Tensor) -> int | None:
    """Return the only part that the loss has a gradient by; None if there are more, or none."""
    pulls = {k: _pull(loss, parts, tree, k, y) for k, part in enumerate(parts) if _is_float(part)}
    used = [k for k, pull in pulls.items() if pull is not None and bool(pull.any())]
    return used[0] if len(used) == 1 else None


def _pull(loss: Loss, parts: Sequence[Any], tree: Any, place: int, y: Tensor) -> Tensor | None:
    """Return the gradient of the loss by one part."""
    leaves = [part.detach().clone() if isinstance(part, Tensor) else part for part in parts]
    leaf = cast(Tensor, leaves[place]).requires_grad_()
    with torch.enable_grad():
        value = loss(_pytree.tree_unflatten(leaves, tree), y)
    return torch.autograd.grad(value, leaf, allow_unused=True)[0] if value.requires_grad else None


def _classes(loss: Loss, parts: Sequence[Any], tree: Any, place: int, y: Tensor) -> str:
    """Return where classes lie, which shapes tell but where there are as many classes as places."""
    output = parts[place]
    if y.is_floating_point() or y.ndim < 2:
        return "second"
    if y.ndim == 2 and output.ndim == 2 and output.shape[1] > 1 and len(output) == y.numel() != len(y):
        return "flat"
    if output.ndim != y.ndim + 1 or output.shape[:-1] != y.shape:
        return "second"
    if output.shape[2:] != y.shape[1:]:
        return "last"
    first = tuple((y >= 0).nonzero()[0])
    other = y.clone()
    other[first] = (y[first] + 1) % output.shape[-1]
    pulls = [_pull(loss, parts, tree, place, labels) for labels in (y, other)]
    if pulls[0] is None or pulls[1] is None:
        return "second"
    moved = (pulls[0] != pulls[1])[first[0]]
    return "last" if int(moved.sum()) == int(moved[first[1:]].sum()) else "second"


def _is_float(part: Any) -> bool:
    return isinstance(part, Tensor) and part.is_floating_point()
