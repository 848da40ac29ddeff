"""Weighted: the calls that mix features by a weight, and along which of its dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from thalweg.grow.trace import Call, Value, Weight

_CONVOLUTIONS = {f"conv{rank}d": (0, 1, -rank - 1) for rank in (1, 2, 3)}
_TRANSPOSED = {f"conv_transpose{rank}d": (1, 0, -rank - 1) for rank in (1, 2, 3)}
_FORMS = {"linear": (0, 1, -1), "embedding": (1, 0, -1), **_CONVOLUTIONS, **_TRANSPOSED}


@dataclass(frozen=True)
class Weighted:
    """A linear layer, convolution or embedding at work.

    Attributes:
        call: The call.
        source: What it reads.
        weight: Its weight; no `Weight` if it was computed from others.
        bias: Its bias; ``None`` if it has none.
        out_dim: The dimension of the weight that numbers the features it makes.
        in_dim: That of the features it reads, of one group.
        axis: The dimension of features in values, from the last.
        groups: Groups of features that are kept apart.
    """

    call: Call
    source: Any
    weight: Any
    bias: Any
    out_dim: int
    in_dim: int
    axis: int
    groups: int

    @property
    def out_features(self) -> int:
        """How many features it makes."""
        return self.call.outputs[0].tensor.shape[self.axis]

    @property
    def in_features(self) -> int:
        """How many it reads."""
        return self.source.tensor.shape[self.axis]

    @property
    def reads_features(self) -> bool:
        """Whether what it reads are features, and not their numbers."""
        return self.call.name != "embedding" and isinstance(self.source, Value)

    @property
    def is_depthwise(self) -> bool:
        """Whether every feature is a group of its own."""
        return self.groups > 1 and self.groups == self.in_features


def weighted(call: Call) -> Weighted | None:
    """Return a call as one that mixes features; ``None`` if it is none."""
    if call.name not in _FORMS or not call.outputs:
        return None
    given = dict(zip(("input", "weight", "bias", "", "", "", "groups"), call.args, strict=False)) | call.kwargs
    bias = None if call.name == "embedding" else given.get("bias")
    groups = 1 if call.name in ("linear", "embedding") else given.get("groups", 1)
    return Weighted(call, given.get("input"), given.get("weight"), bias, *_FORMS[call.name], groups)


def is_computed(part: object) -> bool:
    """Whether a weight or bias is no parameter itself, but made of others by a parametrization."""
    return part is not None and not isinstance(part, Weight)
