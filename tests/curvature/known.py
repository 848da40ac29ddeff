"""Losses whose Hessian is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional


@dataclass(frozen=True)
class Known:
    """A loss, its parameters, and the Hessian by them, flat."""

    params: list[Tensor]
    loss: Callable[[], Tensor]
    hessian: Tensor

    def drawn(self, seed: int = 0) -> list[Tensor]:
        """Normal numbers in the shape of the parameters."""
        generator = torch.Generator().manual_seed(seed)
        return [torch.randn(p.shape, dtype=p.dtype, generator=generator) for p in self.params]


def net() -> Known:
    """A small net with cross entropy in float64; its Hessian by torch's own way to make one."""
    generator = torch.Generator().manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)).double()
    for p in model.parameters():
        nn.init.normal_(p, generator=generator)
    x, y = torch.randn(7, 4, dtype=torch.float64, generator=generator), torch.arange(7) % 3
    shapes = {name: p.shape for name, p in model.named_parameters()}

    def of_flat(flat: Tensor) -> Tensor:
        parts = torch.split(flat, [shape.numel() for shape in shapes.values()])
        weights = {name: part.view(shape) for part, (name, shape) in zip(parts, shapes.items(), strict=True)}
        return functional.cross_entropy(functional_call(model, weights, x), y)

    start = nn.utils.parameters_to_vector(model.parameters()).detach()
    hessian = torch.autograd.functional.hessian(of_flat, start)
    return Known(list(model.parameters()), lambda: functional.cross_entropy(model(x), y), hessian)


def bowl() -> Known:
    """``p.A p / 2`` with the eigenvalues 1 to 6, in float64."""
    generator = torch.Generator().manual_seed(0)
    q, _ = torch.linalg.qr(torch.randn(6, 6, dtype=torch.float64, generator=generator))
    a = q @ torch.diag(torch.arange(1.0, 7.0, dtype=torch.float64)) @ q.mT
    p = nn.Parameter(torch.randn(6, dtype=torch.float64, generator=generator))
    return Known([p], lambda: p @ a @ p / 2, a)
