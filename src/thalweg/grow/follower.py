"""Follower: the activation right behind a layer, and the place where a new layer goes between the two."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase  # pyright: ignore[reportPrivateUsage]
from torch.nn.modules.dropout import _DropoutNd  # pyright: ignore[reportPrivateUsage]

from thalweg.core.errors import ModelError
from thalweg.grow.trace import Call, Trace, Value, Visit

BY_HAND = "name by hand what follows the layer: deeper(..., activation=nn.ReLU())"
_NORMS = (_NormBase, nn.LayerNorm, nn.RMSNorm, nn.GroupNorm)


class Applied(nn.Module):
    """A function of torch as a module.

    Args:
        function: Takes the input first.
        args: What else it takes.
        kwargs: Keywords that it takes.

    Example:
        >>> import torch
        >>> Applied(torch.clamp, 0.0, max=1.0)(torch.tensor([-1.0, 2.0])).tolist()
        [0.0, 1.0]
    """

    def __init__(self, function: Callable[..., Tensor], *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.function, self.args, self.kwargs = function, args, kwargs

    def forward(self, x: Tensor) -> Tensor:
        """Return the function of `x`."""
        return self.function(x, *self.args, **self.kwargs)

    def extra_repr(self) -> str:
        """Return the name of the function."""
        return getattr(self.function, "__name__", str(self.function)).rstrip("_")


@dataclass(frozen=True)
class Follower:
    """What stands behind a layer.

    Attributes:
        place: The module behind which a new layer goes: the layer, or the last norm behind it.
        value: What comes out of it.
        activation: A copy of what turns that into features.
        name: What to call it.
    """

    place: str
    value: Value
    activation: nn.Module
    name: str


def follower(model: nn.Module, seen: Trace, layer: str) -> Follower:
    """Return what follows `layer`.

    Args:
        model: The model that was traced.
        seen: Its trace.
        layer: The name of a module.

    Raises:
        ModelError: It is not called exactly once, or no single activation reads it.
    """
    place, value = layer, _output(seen, layer, layer)
    while True:
        users, visit = seen.users(value), _reader(seen, value)
        if visit is None:
            return Follower(place, value, *_of_call(layer, seen, value, users))
        module = model.get_submodule(visit.module)
        if not isinstance(module, _NORMS):
            break
        place, value = visit.module, _output(seen, visit.module, layer)
    if isinstance(module, _DropoutNd):
        raise _refusal(layer, f"{visit.module} ({type(module).__name__})")
    return Follower(place, value, deepcopy(module), f"{visit.module} ({type(module).__name__})")


def _output(seen: Trace, name: str, layer: str) -> Value:
    visits = [visit for visit in seen.visits if visit.module == name]
    if len(visits) != 1 or len(visits[0].outputs) != 1:
        raise ModelError(
            f"Nothing can be put behind {layer}: {name} has to be called once, and give one tensor.",
            got=f"{len(visits)} calls on the example",
            remedy="choose another layer",
        )
    return visits[0].outputs[0]


def _reader(seen: Trace, value: Value) -> Visit | None:
    """The innermost module that alone reads a value."""
    readers = [visit for visit in seen.visits if value in visit.inputs]
    users = seen.users(value)
    untouched = [visit for visit in readers if value in visit.outputs and visit.module]  # an nn.Identity
    for visit in untouched or reversed(readers):
        alone = users and all(f"{call.module}.".startswith(f"{visit.module}.") for call in users)
        if untouched or alone:
            return visit if visit.module else None
    return None


def _of_call(layer: str, seen: Trace, value: Value, users: list[Call]) -> tuple[nn.Module, str]:
    if value in seen.outputs or not users:
        raise _refusal(layer, "nothing: what comes there are outputs of the model")
    (call, *more) = users
    if more:
        raise _refusal(layer, f"{' and '.join(str(user) for user in users)}, which read the same")
    if call.args[:1] != (value,) or len(call.values()) > 1 or call.weights() or "dropout" in call.name:
        raise _refusal(layer, str(call))
    if call.name == "relu":
        return nn.ReLU(), "relu"
    applied = Applied(call.function, *call.args[1:], **call.kwargs)
    if _changes_nothing(applied, value.tensor):
        raise _refusal(layer, str(call))
    return applied, str(call)


def _changes_nothing(applied: Applied, like: Tensor) -> bool:
    """Whether a function is one such as ``contiguous`` or ``detach``."""
    z = torch.randn(like.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    try:
        return torch.equal(applied(z.clone()), z)
    except Exception:  # what it cannot take is for others to say
        return False


def _refusal(layer: str, got: str) -> ModelError:
    return ModelError(
        f"The net cannot be deepened behind {layer}: no activation follows it.",
        got=f"behind it comes {got}",
        expected="an activation such as ReLU, with at most norms between: without one a new layer adds nothing",
        remedy=f"choose another layer, or {BY_HAND}",
    )
