"""A batch through a model as in training, of which no trace is left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from thalweg.core.errors import ModelError, ThalwegError, one_line

Example = Tensor | tuple[Any, ...]
"""A batch of inputs, or the tuple of the model's arguments."""


@contextmanager
def rehearsal(model: nn.Module) -> Iterator[None]:
    """Let a model run in training mode but for dropout; modes, buffers and random state are as before afterwards.

    Normalization sees the statistics of the batch, as it will in training. What is random draws the same each
    time.

    Example:
        >>> model = nn.BatchNorm1d(2).eval()
        >>> with rehearsal(model):
        ...     _ = model(torch.randn(8, 2))
        >>> model.training, model.running_mean
        (False, tensor([0., 0.]))
    """
    modes = [(module, module.training) for module in model.modules()]
    buffers = [
        (module, name, buffer, buffer.clone())
        for module, _ in modes
        for name, buffer in module.named_buffers(recurse=False)
    ]
    gpus = sorted({p.device.index for p in model.parameters() if p.device.type == "cuda"})
    try:
        for module, _ in modes:
            module.training = not isinstance(module, _DropoutNd)
        with torch.random.fork_rng(devices=gpus):
            for generator in (torch.default_generator, *(torch.cuda.default_generators[i] for i in gpus)):
                generator.manual_seed(0)
            yield
    finally:
        for module, training in modes:
            module.training = training
        for module, name, buffer, value in buffers:
            buffer.detach().copy_(value)
            setattr(module, name, buffer)


def feed(model: nn.Module, example: Example) -> Any:
    """Return the model's output for the example.

    Raises:
        ModelError: The model does not take it.
    """
    try:
        return model(*example) if isinstance(example, tuple) else model(example)
    except ThalwegError:
        raise
    except Exception as error:
        raise ModelError(
            "The example does not go through the model.",
            got=one_line(error),
            expected="a batch that the model takes: a tensor, or the tuple of its arguments",
        ) from error
