"""Obstacle: what keeps a set-up from being trained at all: the layer that it fails in, and the shapes there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn

from thalweg.check.budget import go_on
from thalweg.check.look import Change, Suspicion
from thalweg.check.looks.resized import with_layer
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.check.trainee import Trainee
from thalweg.core.errors import DataError, ModelError, ThalwegError, one_line
from thalweg.core.finding import Finding, Severity
from thalweg.data.batches import batches

IGNORED = -100
"""The label that torch's losses leave out."""


@dataclass
class Walk:
    """What happened in a forward pass, layer by layer.

    Attributes:
        inside: The modules that were entered and not left, with what they got.
        done: The last one that was left: what it is, what it got and what it gave.
    """

    inside: list[tuple[str, nn.Module, Any]] = field(default_factory=list[tuple[str, nn.Module, Any]])
    done: str = ""

    def enter(self, name: str, module: nn.Module, inputs: Any) -> None:
        """Take note of a module that is called."""
        self.inside.append((name, module, inputs))

    def leave(self, name: str, module: nn.Module, inputs: Any, output: Any) -> None:
        """Take note of a module that returns."""
        self.inside.pop()
        self.done = f"{name} ({type(module).__name__}) made {form(output)} of {form(inputs)}"


def obstacle(subject: Subject) -> Suspicion | None:
    """Make one update, one by the smaller last batch of an epoch, judge on validation, train; tell what fails.

    Args:
        subject: What is examined; its trace is made here, if all else works.

    Raises:
        ThalwegError: What is no fault in the set-up but a use of it that cannot be: an optimizer that cannot be
            made, data that cannot be read, a model that needs a GPU, a step that fails by itself.
        OutOfTime: The time is up.
    """
    setup, seed = subject.setup, subject.seed
    frozen = _frozen(setup)
    if frozen:
        return frozen
    x, y = _batch(_made(setup, seed), 0)
    n, size = len(subject.splits["train"]), len(x)
    for rows in filter(None, (size, n % size)):
        trainee = _made(setup, seed)
        try:
            trainee.update(x[:rows], y[:rows])
        except ThalwegError:
            raise
        except Exception as error:
            part = "" if rows == size else f"; it is the last batch of an epoch, {n} samples in batches of {size}"
            return _located(_made(setup, seed), x[:rows], y[:rows], error, part)
    unlike = _unlike(setup, seed)
    if unlike or not subject.trace.error:
        return unlike
    done = len(subject.trace.losses)
    x, y = _batch(_made(setup, seed), done)
    trained = _made(setup, seed)
    trained.train(done, judge=False)
    return _located(trained, x, y, RuntimeError(subject.trace.error), f", in update {done + 1}")


def _frozen(setup: Setup) -> Suspicion | None:
    parameters = list(setup.problem.model().parameters())
    if not parameters:
        raise ModelError("The model has no parameters.", expected="something to train")
    if any(p.requires_grad for p in parameters):
        return None
    told = f"none of the {len(parameters)} parameters has requires_grad: there is nothing to train"
    thawed = partial(_thawed, setup.problem.model)
    change = Change(words="nothing frozen", apply=lambda setup: setup.with_problem(model=thawed))
    return _suspicion("frozen_layer", "model", told, "leave requires_grad of what is to learn True", change)


def _thawed(factory: Callable[[], nn.Module]) -> nn.Module:
    return factory().requires_grad_()


def _made(setup: Setup, seed: int) -> Trainee:
    try:
        return Trainee(setup, seed=seed)
    except ThalwegError:
        raise
    except Exception as error:
        raise ModelError(
            f"The optimizer of {setup.problem.name} cannot be made.",
            got=one_line(error),
            expected="a function that takes the list of parameters and returns an optimizer",
        ) from error


def _batch(trainee: Trainee, number: int) -> tuple[Tensor, Tensor]:
    try:
        return next(islice(trainee.batches(), number, None))
    except Exception as error:
        name = trainee.setup.problem.name
        raise DataError(f"A batch of {name} cannot be read.", got=one_line(error)) from error


def _located(trainee: Trainee, x: Tensor, y: Tensor, error: Exception, part: str) -> Suspicion:
    """Go through the update once more, stage by stage, and say where it fails."""
    problem, learner = trainee.setup.problem, trainee.learner
    with learner.own_generators(), learner.noise():
        walk = Walk()
        try:
            output = _watched(walk, trainee.model)(x if problem.augment is None else problem.augment(x))
        except Exception as fault:
            return _in_model(walk, x, fault, part)
        try:
            value = problem.loss(output, y)
        except Exception as fault:
            return _in_loss(output, y, fault, part)
    if trainee.setup.train_step is None:
        if not isinstance(value, Tensor) or value.numel() != 1:
            return _no_scalar(value)
        if not value.requires_grad:
            return _no_gradient(output)
    raise ModelError(
        f"The training step of {problem.name} fails, though model and loss work.",
        got=one_line(error),
        expected="a step that clears gradients, calls backward() on the loss and steps the optimizer",
    ) from error


def _watched(walk: Walk, model: nn.Module) -> nn.Module:
    for name, module in model.named_modules():
        module.register_forward_pre_hook(partial(walk.enter, name or "the model"))
        module.register_forward_hook(partial(walk.leave, name or "the model"))
    return model


def _in_model(walk: Walk, x: Tensor, error: Exception, part: str) -> Suspicion:
    said = one_line(error)
    if "NVIDIA" in said or "CUDA enabled" in said or "CUDA-capable" in said:
        raise ModelError("The model needs a GPU, and there is none here.", got=said) from error
    name, module, inputs = walk.inside[-1] if walk.inside else ("the model", nn.Identity(), x)
    layer = str(module) if not any(module.children()) else type(module).__name__
    before = f"; before it, {walk.done}" if walk.done else ""
    told = f"the model stops in {name}, {layer}, which gets {form(inputs)}{before}: {said}{part}"
    if isinstance(module, nn.Embedding | nn.EmbeddingBag):
        remedy = f"give ids, int64, from 0 to {module.num_embeddings - 1}, or make the embedding larger"
        return _suspicion("token_encoding", name, told, remedy)
    if "more than 1 value per channel" in said:
        return _alone(name, told)
    remedy = "match this layer to what reaches it"
    if isinstance(module, nn.Linear) and (width := _width(inputs)) not in (0, module.in_features):
        layer = partial(_of_width, width)
        change = Change(words=f"in_features={width} in {name}", apply=partial(with_layer, name=name, layer=layer))
        return _suspicion("tensor_shape", name, told, f"give it in_features={width}, or {remedy}", change)
    if not x.is_floating_point() and "dtype" in said:
        remedy = "give the inputs as numbers of the weights' type: x.float()"
    return _suspicion("tensor_shape", name, told, remedy)


def _width(inputs: Any) -> int:
    """Return the numbers of a sample that come into a layer; 0 if they are none."""
    x = inputs[0] if isinstance(inputs, tuple) and inputs else None
    return x.shape[-1] if isinstance(x, Tensor) and x.ndim else 0


def _of_width(width: int, old: nn.Module) -> nn.Module:
    assert isinstance(old, nn.Linear)
    return nn.Linear(width, old.out_features, old.bias is not None)


def _alone(name: str, told: str) -> Suspicion:
    def apply(setup: Setup) -> Setup:
        n, size = len(setup.problem.train), setup.config.batch_size or setup.problem.batch_size
        fits = next((s for s in range(max(size, 2), n + 1) if n % s != 1), n)
        return setup.replace(config=setup.config.replace(batch_size=fits))

    change = Change(words="a batch size that leaves no sample alone", apply=apply)
    remedy = "choose a batch size that leaves no batch of one sample, or drop the last batch"
    return _suspicion("batchnorm_small_batch", name, told, remedy, change)


def _in_loss(output: Any, y: Tensor, error: Exception, part: str) -> Suspicion:
    said = one_line(error)
    told = f"the loss cannot take outputs of {form(output)} and targets of {form(y)}: {said}{part}"
    classes = output.shape[1] if isinstance(output, Tensor) and output.ndim > 1 else 0
    if y.dtype == torch.int64 and classes and "out of bounds" in said:
        return _out_of_bounds(y[y != IGNORED], classes, said, told)
    if "between 0 and 1" in said:
        return _suspicion("output_activation", "outputs", told, "end in a sigmoid, or take BCEWithLogitsLoss")
    if "dtype" in said or "scalar type" in said or "Long" in said:
        kind = "floats: y.float()" if not y.is_floating_point() else "whole numbers: y.long()"
        return _suspicion("wrong_loss", "loss", told, f"take a loss for such targets, or give them as {kind}")
    return _suspicion("tensor_shape", "loss", told, "match the outputs, the loss and the targets to each other")


def _out_of_bounds(labels: Tensor, classes: int, said: str, told: str) -> Suspicion:
    low, high = int(labels.min()), int(labels.max())
    if low >= 0 and high < classes:
        return _suspicion("wrong_loss", "loss", told, "hand outputs and labels on as they come: they fit")
    seen = f"labels go from {low} to {high}, outputs are for classes 0 to {classes - 1}: {said}"
    if low < 0:
        return _suspicion("target_range", "outputs", seen, "count labels from 0")
    return _suspicion("output_size", "outputs", seen, f"give the last layer {high + 1} outputs")


def _no_scalar(value: Any) -> Suspicion:
    def apply(setup: Setup) -> Setup:
        loss = setup.problem.loss
        return setup.with_problem(loss=lambda output, y: loss(output, y).mean())

    change = Change(words="the mean of the loss", apply=apply) if isinstance(value, Tensor) else None
    told = f"the loss is {form(value)} and not one number, so there is no gradient of it"
    return _suspicion("wrong_loss", "loss", told, "return the mean over the batch, a scalar tensor", change)


def _no_gradient(output: Any) -> Suspicion:
    cut = isinstance(output, Tensor) and output.requires_grad
    where = "loss" if cut else "model"
    told = f"the loss has no grad_fn: the {where} cuts the graph, and no parameter gets a gradient"
    remedy = "leave out detach(), no_grad(), argmax, .item() and NumPy on the way from parameters to loss"
    return _suspicion("gradient_blocked", where, told, remedy)


def _unlike(setup: Setup, seed: int) -> Suspicion | None:
    """Say what keeps the splits from being judged, though training works."""
    trainee, problem = _made(setup, seed), setup.problem
    try:
        trainee.judge()
    except Exception as error:
        forms = [form(split.take(torch.arange(1))) for split in (problem.train, problem.valid)]
        if forms[0] == forms[1]:
            return _in_judging(trainee, error)
        told = f"a sample of training is {forms[0]}, one of validation {forms[1]}: {one_line(error)}"
        return _suspicion("train_val_mismatch", "validation split", told, "prepare both splits alike")
    return None


def _in_judging(trainee: Trainee, error: Exception) -> Suspicion:
    """Go through the splits batch by batch, and say where the first fails that does."""
    size = trainee.learner.config.batch_size
    assert size
    trainee.model.eval()
    for name, key in (("training", "train"), ("validation", "valid")):
        split = trainee.learner.splits[key]
        for x, y in batches(split, size, torch.arange(len(split))):
            go_on()
            try:
                with torch.no_grad(), trainee.learner.own_generators():
                    float(trainee.setup.problem.loss(trainee.model(x), y))
            except Exception as fault:
                found = _located(trainee, x, y, fault, f", in a batch of {name}")
                if trainee.setup.train_step is None or found.finding.where != "loss":
                    return found
                raise ModelError(
                    f"The loss of {trainee.setup.problem.name} cannot take what its model gives; your step can.",
                    got=one_line(fault),
                    expected="a loss of what the model gives, such as lambda output, y: loss(output[0], y)",
                ) from fault
    raise ModelError(
        f"{trainee.setup.problem.name} can be trained, but not be judged on validation.", got=one_line(error)
    ) from error


def _suspicion(fault: str, where: str, evidence: str, remedy: str, change: Change | None = None) -> Suspicion:
    finding = Finding(fault=fault, severity=Severity.ERROR, where=where, evidence=evidence, remedy=remedy)
    return Suspicion(finding=finding, weight=1.0, change=change)


def form(value: Any) -> str:
    """Return shape and type of what goes into a layer or comes out of it.

    Example:
        >>> form(torch.ones(2, 3)), form((torch.ones(1), [torch.arange(2)])), form(None)
        ('(2, 3)', '((1,), ((2,) int64))', 'NoneType')
    """
    if isinstance(value, Tensor):
        kind = str(value.dtype).removeprefix("torch.")
        return f"{tuple(value.shape)}" + ("" if kind == "float32" else f" {kind}")
    if isinstance(value, tuple | list):
        parts = [form(part) for part in value]
        return parts[0] if len(parts) == 1 and isinstance(value, tuple) else f"({', '.join(parts)})"
    return type(value).__name__
