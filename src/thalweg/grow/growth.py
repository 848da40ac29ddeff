"""Growth: a grown model, and how each of its weights came from one of the old model's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

Role = Literal["out", "in"]


@dataclass(frozen=True, eq=False)
class Expansion:
    """One dimension of a weight in which units were copied.

    Unit ``j`` of the new weight is unit ``index[j]`` of the old. Of ``c`` copies each reads what the one read
    (role ``"out"``: weights that make the unit, and its own, such as a scale), or each has ``1/c`` of its say
    (role ``"in"``: weights that read it). For the gradient it is the other way round: by the chain rule, each of
    ``c`` copies gets ``1/c`` of the gradient of weights that make the unit, and the whole of those that read it.

    Attributes:
        dim: The dimension.
        index: From new unit to old, integers.
        role: What the weight does with the units.
    """

    dim: int
    index: Tensor
    role: Role

    @property
    def copies(self) -> Tensor:
        """How many copies there are of what each new unit is a copy of."""
        return self.index.bincount()[self.index]

    def same(self, other: Expansion) -> bool:
        """Whether both do the same."""
        return (self.dim, self.role) == (other.dim, other.role) and torch.equal(self.index, other.index)

    def spread(self, tensor: Tensor, power: float) -> Tensor:
        """Return `tensor` with the units copied, each times ``copies ** -power``."""
        copied = tensor.index_select(self.dim, self.index.to(tensor.device))
        if not power:
            return copied
        shape = [-1 if place == self.dim else 1 for place in range(tensor.ndim)]
        return copied * self.copies.to(tensor.device).view(shape).to(tensor.dtype) ** -power


@dataclass(frozen=True, eq=False)
class Origin:
    """Where a weight of the grown model came from.

    Attributes:
        name: The old model's weight.
        expansions: What was done to it.
    """

    name: str
    expansions: tuple[Expansion, ...] = ()

    def value(self, tensor: Tensor) -> Tensor:
        """Return the new weight for an old one, or of anything that is linear in it, such as its average."""
        for step in self.expansions:
            tensor = step.spread(tensor, 1.0 if step.role == "in" else 0.0)
        return tensor

    def gradient(self, tensor: Tensor, degree: float = 1.0) -> Tensor:
        """Return the new gradient for an old one, or for anything that grows with its power `degree`."""
        for step in self.expansions:
            tensor = step.spread(tensor, degree if step.role == "out" else 0.0)
        return tensor


@dataclass(frozen=True, eq=False)
class Growth:
    """What `widen` or `deepen` did.

    Attributes:
        model: The grown model.
        source: The old one, as it was.
        origins: By the name of each parameter and buffer of the new model that has one, where it came from;
            those of a new layer have none.
        said: What grew, in words.
        layers: The layers that are wider now, the first of them the one that was named; or the new layer.
    """

    model: nn.Module
    source: nn.Module
    origins: Mapping[str, Origin]
    said: str
    layers: tuple[str, ...]

    def after(self, earlier: Growth) -> Growth:
        """Return both as one, where `earlier` made what this one grew from."""
        origins = {
            name: Origin(first.name, first.expansions + origin.expansions)
            for name, origin in self.origins.items()
            if (first := earlier.origins.get(origin.name))
        }
        said = f"{earlier.said}\n{self.said}"
        return Growth(self.model, earlier.source, origins, said, earlier.layers + self.layers)
