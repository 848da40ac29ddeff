"""Resized: a set-up whose layers have other sizes, at fresh weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import nn

from thalweg.check.setup import Setup


def with_outputs(setup: Setup, before: int, after: int) -> Setup:
    """Return the set-up with another number of outputs of its last layer.

    Args:
        setup: What it is made of.
        before: Outputs of the last layer that there are.
        after: Those that there are to be.

    Raises:
        LookupError: No linear layer has so many; when a model is made.
    """
    return setup.with_problem(model=partial(_with_outputs, setup.problem.model, before, after))


def with_layer(setup: Setup, name: str, layer: Callable[[nn.Module], nn.Module]) -> Setup:
    """Return the set-up with another layer in the place of one.

    Args:
        setup: What it is made of.
        name: Of the layer in the model.
        layer: Makes the new one from the old.
    """
    return setup.with_problem(model=partial(_with_layer, setup.problem.model, name, layer))


def _with_outputs(factory: Callable[[], nn.Module], before: int, after: int) -> nn.Module:
    model = factory()
    layers = [
        name for name, one in model.named_modules() if isinstance(one, nn.Linear) and one.out_features == before
    ]
    if not layers:
        raise LookupError(f"no layer has {before} outputs")
    return put(model, layers[-1], lambda old: nn.Linear(old.in_features, after, old.bias is not None))


def _with_layer(factory: Callable[[], nn.Module], name: str, layer: Callable[[nn.Module], nn.Module]) -> nn.Module:
    return put(factory(), name, layer)


def put(model: nn.Module, name: str, layer: Callable[..., nn.Module]) -> nn.Module:
    """Put what is made of a layer in its place, and return the model: the new layer, if it is all of it."""
    new = layer(model.get_submodule(name))
    if not name:
        return new
    inside, _, leaf = name.rpartition(".")
    setattr(model.get_submodule(inside), leaf, new)
    return model
