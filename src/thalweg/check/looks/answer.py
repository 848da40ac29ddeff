"""Answer: what the fresh model says of a few training samples, and what goes on inside meanwhile."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from thalweg.check.once import once
from thalweg.check.subject import Subject
from thalweg.init.flow import Node, follow

EXAMPLES = 64
"""Samples that go through the fresh model: enough for every one of ten classes, few enough for a large model."""


@dataclass(frozen=True)
class Answer:
    """Outputs of the fresh model in evaluation mode.

    Attributes:
        x: Inputs, `EXAMPLES` of them evenly spread over the training split, or all.
        y: Their targets.
        output: What the model gives, detached.
    """

    x: Tensor
    y: Tensor
    output: Tensor


@once
def answer(subject: Subject) -> Answer | None:
    """Return the fresh model's outputs; None if it cannot run, or gives no tensor of numbers."""
    x, y = examples(subject)
    output = ask(subject.model, x)
    if output is None or not output.is_floating_point() or output.ndim == 0:
        return None
    return Answer(x, y, output)


@once
def examples(subject: Subject) -> tuple[Tensor, Tensor]:
    """Return a few training samples, evenly spread."""
    x, y = subject.samples["train"]
    place = torch.linspace(0, len(x) - 1, min(EXAMPLES, len(x))).long()
    return x[place], y[place]


@once
def flow(subject: Subject) -> list[Node]:
    """Return what the examples go through in the fresh model; nothing if it cannot run."""
    try:
        return follow(subject.model, examples(subject)[0])
    except Exception:  # of the user's own code, which another look tells of
        return []


def ask(model: nn.Module, x: Tensor) -> Tensor | None:
    """Return what a model gives in evaluation mode, always with the same random numbers; None if it fails."""
    try:
        with evaluating(model):
            output = model(x)
    except Exception:  # of the user's own code
        return None
    return output.detach() if isinstance(output, Tensor) else None


@once
def uses_inputs(subject: Subject) -> bool:
    """Return whether outputs depend on inputs: a model may be a point of a surface, whatever it is given."""
    found = answer(subject)
    if found is None:
        return True
    drawn = torch.randn(found.x.shape, generator=torch.Generator().manual_seed(0))
    other = drawn.to(found.x.dtype) if found.x.is_floating_point() else found.x.flip(0)
    output = ask(subject.model, other)
    return output is None or not torch.equal(output, found.output)


@contextmanager
def evaluating(model: nn.Module, *, seed: int = 0, gradients: bool = False) -> Iterator[None]:
    """Let a model run in evaluation mode with random numbers of a seed; modes and generators are as before
    afterwards.

    Args:
        model: The model.
        seed: Of what is random all the same.
        gradients: Whether autograd follows.
    """
    modes = {module: module.training for module in model.modules()}
    try:
        with torch.random.fork_rng(devices=[]), torch.set_grad_enabled(gradients), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.default_generator.manual_seed(seed)
            model.eval()
            yield
    finally:
        for module, mode in modes.items():
            module.training = mode
