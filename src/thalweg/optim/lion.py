"""Lion as a torch optimizer."""

from __future__ import annotations

from typing import Unpack, final

from torch import Tensor

from thalweg import rules
from thalweg.optim.form import Form
from thalweg.optim.optimizer import RuleOptimizer
from thalweg.optim.options import Options
from thalweg.optim.params import Params

LION = Form(
    rules.lion,
    names={"beta1": "betas.0", "beta2": "betas.1"},
    always={"decoupled_weight_decay": True},
)


@final
class Lion(RuleOptimizer):
    """Lion: every parameter moves by lr, along the sign of a mix of momentum and gradient.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0.
        betas: Shares of the moving averages that are kept, each in [0, 1).
        weight_decay: Decoupled decay, >= 0: p shrinks by ``lr * weight_decay * p``.
        options: What goes around the rule, such as ``l1`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.full((1,), 5.0)
        >>> Lion([p], lr=0.1).step(); round(p.item(), 5)
        0.9

    Reference:
        Chen et al. 2023, Algorithm 2. torch has no such class.
    """

    forms = (LION,)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        **options: Unpack[Options],
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "weight_decay": weight_decay}
        super().__init__(params, defaults, options)
