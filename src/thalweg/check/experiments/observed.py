"""Observed: what calls of the user's own step do to gradients and weights, beside what their batches ask for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from thalweg.check.budget import go_on
from thalweg.check.experiments.runs import dense
from thalweg.check.experiments.skill import same_buffers
from thalweg.check.once import once
from thalweg.check.subject import Subject
from thalweg.check.trainee import Trainee

CALLS = 10
"""Calls that are watched: enough for gradients that are gathered over a few batches on purpose."""

PARALLEL = 1 - 1e-6
"""Cosine of two gradients from which on nobody can say of which of them a third is made."""


@dataclass(frozen=True)
class Used:
    """A gradient that the optimizer was stepped with, against those of the batches since the step before.

    It is fitted by ``fresh * (sum of the batches' gradients) + before * (gradient of the step before)``.

    Attributes:
        fresh: The weight of the batches.
        before: The weight of the gradient before; NaN at the first step, and where it points the same way.
        error: What the fit leaves, relative to the gradient.
        cosine: Of the angle between the gradient and the batches'.
        scale: Its norm over theirs.
    """

    fresh: float
    before: float
    error: float
    cosine: float
    scale: float


@dataclass
class Observed:
    """Calls of the step, from fresh weights.

    Attributes:
        losses: What they returned.
        own: The loss of the batch, at the weights before each.
        training: Whether the model was in training mode in every forward pass.
        used: A gradient a step of the optimizer.
        used_of: The same by parameter.
        descent: By call, the cosine of the change of the weights and the negative gradient; NaN if none moved.
        reached: By parameter, the largest norm of its gradient.
        moved: By parameter, the largest norm of its change.
    """

    losses: list[float] = field(default_factory=list[float])
    own: list[float] = field(default_factory=list[float])
    training: bool = True
    used: list[Used] = field(default_factory=list[Used])
    used_of: dict[str, list[Used]] = field(default_factory=dict[str, list[Used]])
    descent: list[float] = field(default_factory=list[float])
    reached: dict[str, float] = field(default_factory=dict[str, float])
    moved: dict[str, float] = field(default_factory=dict[str, float])


@once
def observed(subject: Subject) -> Observed:
    """Return what some calls of the user's step do."""
    trainee = Trainee(subject.setup, seed=subject.seed)
    model = trainee.model
    named = {name: p for name, p in model.named_parameters() if p.requires_grad}
    parameters, found = list(named.values()), Observed()
    sizes = [p.numel() for p in parameters]
    gradients, modes = list[Tensor](), list[bool]()
    hooks = [
        trainee.learner.optimizer.register_step_pre_hook(
            lambda *_: gradients.append(_row([p.grad for p in parameters], parameters))
        ),
        model.register_forward_pre_hook(lambda module, _: modes.append(module.training)),
    ]
    pending, last = 0.0 * _row(parameters, parameters), list[Tensor]()
    for _, (x, y) in zip(range(CALLS), trainee.batches(), strict=False):
        go_on()
        own, fresh = _of_batch(trainee, parameters, x, y)
        before = [p.detach().clone() for p in parameters]
        gradients.clear()
        modes.clear()
        found.losses.append(trainee.update(x, y))
        found.own.append(own)
        found.training &= all(modes)
        pending = pending + _row(fresh, parameters)
        for used in gradients:
            found.used.append(_fitted(used, pending, last))
            for name, *parts in zip(named, *(row.split(sizes) for row in (used, pending, *last)), strict=True):
                found.used_of.setdefault(name, []).append(_fitted(parts[0], parts[1], parts[2:]))
            last, pending = [used], torch.zeros_like(pending)
        changes = [p.detach() - old for p, old in zip(parameters, before, strict=True)]
        found.descent.append(-_cosine(_row(changes, parameters), _row(fresh, parameters)))
        for name, g, change in zip(named, fresh, changes, strict=True):
            found.reached[name] = max(found.reached.get(name, 0.0), 0.0 if g is None else dense(g).norm().item())
            found.moved[name] = max(found.moved.get(name, 0.0), change.norm().item())
        if not math.isfinite(found.losses[-1]):
            break
    for hook in hooks:
        hook.remove()
    return found


def _of_batch(
    trainee: Trainee, parameters: Sequence[Tensor], x: Tensor, y: Tensor
) -> tuple[float, list[Tensor | None]]:
    """Return loss and gradient of a batch, under the noise that the next update draws."""
    learner = trainee.learner

    def own_way() -> Tensor:
        with learner.noise():
            return learner.problem.loss(trainee.model(x), y)

    loss_of: Callable[[], Tensor] = (lambda: learner.loss(x, y)) if trainee.setup.train_step is None else own_way
    with learner.own_generators(), same_buffers(trainee.model):
        loss = loss_of()
        return float(loss.detach()), list(torch.autograd.grad(loss, list(parameters), allow_unused=True))


def _fitted(used: Tensor, batches: Tensor, last: Sequence[Tensor]) -> Used:
    columns = torch.stack([batches, *last], 1).double()
    target = used.double()
    gram = columns.T @ columns
    weights = (
        torch.linalg.lstsq(gram, columns.T @ target).solution if gram.isfinite().all() else gram[0] * math.nan
    )
    size = target.norm()
    told = bool(last) and abs(_cosine(batches, last[0])) < PARALLEL
    return Used(
        fresh=float(weights[0]),
        before=float(weights[1]) if told else math.nan,
        error=float((columns @ weights - target).norm() / size) if size > 0 else 0.0,
        cosine=_cosine(used, batches),
        scale=float(size / batches.norm()) if batches.norm() > 0 else math.nan,
    )


def _cosine(one: Tensor, other: Tensor) -> float:
    size = one.double().norm() * other.double().norm()
    return float(one.double() @ other.double() / size) if size > 0 else math.nan


def _row(parts: Sequence[Tensor | None], like: Sequence[Tensor]) -> Tensor:
    """Return tensors as one row, zeros for those that are missing."""
    return torch.cat(
        [torch.zeros(p.numel()) if g is None else dense(g).flatten() for g, p in zip(parts, like, strict=True)]
    )
