"""Lazy layers: they learn their shapes from a batch of training data before anybody asks for their weights."""

from __future__ import annotations

from itertools import chain

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from thalweg.core.errors import ModelError, one_line
from thalweg.problems.problem import Problem

SAMPLES = 32
"""How many samples a lazy layer sees at most; a shape needs but one."""


def build_model(problem: Problem) -> nn.Module:
    """Return a fresh model of a problem, whose parameters have shapes and values.

    A model with lazy layers, such as ``nn.LazyLinear``, sees one batch of training inputs, in evaluation mode.
    Then they draw their weights, from torch's generator as the others do.

    Args:
        problem: Whose model it is.

    Raises:
        ModelError: It has lazy layers, and cannot take the inputs.

    Example:
        >>> x, y = torch.randn(60, 4), torch.arange(60) % 3
        >>> problem = Problem(name="p", model=lambda: nn.LazyLinear(3), loss=nn.CrossEntropyLoss(), train=(x, y))
        >>> build_model(problem)
        Linear(in_features=4, out_features=3, bias=True)
    """
    model = problem.model()
    if not _has_lazy(model):
        return model
    x, _ = problem.train.take(torch.arange(min(SAMPLES, problem.batch_size, len(problem.train))))
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            model(x)
    except Exception as error:
        raise ModelError(
            f"The lazy layers of {problem.name} cannot learn their shapes from the training inputs.",
            got=f"inputs of shape {tuple(x.shape)}, {x.dtype}: {one_line(error)}",
            expected="a model that takes batches of the training inputs",
            remedy="match the layers to the inputs, or say their sizes: nn.Linear(4, 8) for nn.LazyLinear(8)",
        ) from error
    for module, mode in modes.items():
        module.training = mode
    require_shapes(problem, model)
    return model


def require_shapes(problem: Problem, model: nn.Module) -> None:
    """Check that a batch has gone through every lazy layer of a model.

    Raises:
        ModelError: Some take no part in the forward pass.
    """
    if _has_lazy(model):
        raise ModelError(
            f"Lazy layers of {problem.name} take no part in the forward pass, so that their shapes stay unknown.",
            got=", ".join(name for name, value in model.named_parameters() if is_lazy(value)),
            remedy="leave them out of the model, or say their sizes",
        )


def _has_lazy(model: nn.Module) -> bool:
    return any(map(is_lazy, chain(model.parameters(), model.buffers())))
