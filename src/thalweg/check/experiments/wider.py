"""Wider: a set-up whose narrowest inner layers are wider, at fresh weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage]

from thalweg.check.looks.resized import put
from thalweg.check.setup import Setup

TIMES, LEAST = 8, 64
"""Times the width that there is, and the width at least, that is tried in its place."""

Widths = tuple[int, int]
"""Numbers that come into a layer, and that it gives."""


def widened(setup: Setup) -> Setup:
    """Return the set-up with wider layers in place of its narrowest inner ones.

    Raises:
        LookupError: There is no inner layer of a kind that is known; when a model is made.
    """
    return setup.with_problem(model=partial(_widened, setup.problem.model))


def _widened(factory: Callable[[], nn.Module]) -> nn.Module:
    model = factory()
    layers = [(name, one, widths) for name, one in model.named_modules() if (widths := _widths(one))]
    maps = [name for name, one, _ in layers if not isinstance(one, _BatchNorm)]
    inner = [widths[1] for name, _, widths in layers if name in maps[:-1]]
    if not inner:
        raise LookupError("there is no inner layer")
    narrow, follows = min(inner), False
    wide = max(TIMES * narrow, LEAST)
    for name, _, (given, gives) in layers:
        widens = gives == narrow and name != maps[-1]
        sizes = (wide if follows and given == narrow else given, wide if widens else gives)
        if sizes != (given, gives):
            put(model, name, partial(_of, *sizes))
        follows = widens
    return model


def _widths(module: nn.Module) -> Widths | None:
    """Return the widths of a layer; None for other modules."""
    if isinstance(module, nn.Linear):
        return module.in_features, module.out_features
    if isinstance(module, nn.Embedding):
        return 0, module.embedding_dim
    if isinstance(module, nn.RNNBase) and not module.bidirectional and not module.proj_size:
        return module.input_size, module.hidden_size
    return (module.num_features, module.num_features) if isinstance(module, _BatchNorm) else None


def _of(given: int, gives: int, old: nn.Module) -> nn.Module:
    if isinstance(old, nn.Linear):
        return nn.Linear(given, gives, old.bias is not None)
    if isinstance(old, nn.Embedding):
        return nn.Embedding(old.num_embeddings, gives, padding_idx=old.padding_idx)
    if isinstance(old, _BatchNorm):
        return type(old)(gives, old.eps, old.momentum, old.affine)
    kind: Any = type(old)
    keys = ("num_layers", "bias", "batch_first", "dropout")
    same = {key: getattr(old, key) for key in keys}
    return kind(given, gives, **same, **({"nonlinearity": old.nonlinearity} if isinstance(old, nn.RNN) else {}))
