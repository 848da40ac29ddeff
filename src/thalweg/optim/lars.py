"""LARS as a torch optimizer."""

from __future__ import annotations

from typing import Unpack, final

from torch import Tensor

from thalweg import rules
from thalweg.optim.form import Form
from thalweg.optim.optimizer import RuleOptimizer
from thalweg.optim.options import Options
from thalweg.optim.params import Params

LARS_FORM = Form(rules.lars)


@final
class LARS(RuleOptimizer):
    """LARS: SGD with momentum whose rate is adapted to the norms of each tensor and its gradient.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0.
        momentum: Share of the velocity that is kept, in [0, 1).
        eta: Trust: the step's norm over the tensor's, before lr, >= 0.
        weight_decay: L2 penalty within the rule, >= 0.
        options: What goes around the rule, such as ``l1`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.full((1,), 5.0)
        >>> LARS([p], lr=1.0, eta=0.1).step(); round(p.item(), 5)
        0.9

    Reference:
        You et al. 2017, Algorithm 1. torch has no such class.
    """

    forms = (LARS_FORM,)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1.0,
        momentum: float = 0.9,
        eta: float = 1e-3,
        weight_decay: float = 0.0,
        **options: Unpack[Options],
    ) -> None:
        defaults = {"lr": lr, "momentum": momentum, "eta": eta, "weight_decay": weight_decay}
        super().__init__(params, defaults, options)
