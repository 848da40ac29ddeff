"""LAMB as a torch optimizer."""

from __future__ import annotations

from typing import Unpack, final

from torch import Tensor

from thalweg import rules
from thalweg.optim.form import Form
from thalweg.optim.optimizer import RuleOptimizer
from thalweg.optim.options import Options
from thalweg.optim.params import Params

LAMB_FORM = Form(rules.lamb, names={"beta1": "betas.0", "beta2": "betas.1"})


@final
class LAMB(RuleOptimizer):
    """LAMB: Adam whose rate is adapted to the norms of each tensor and its step.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0.
        betas: Shares of the moving averages that are kept, each in [0, 1).
        eps: Added outside the root, >= 0.
        weight_decay: Decay within the rule, >= 0.
        options: What goes around the rule, such as ``l1`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.full((1,), 5.0)
        >>> LAMB([p], lr=0.1).step(); round(p.item(), 5)
        0.9

    Reference:
        You et al. 2020, Algorithm 2 with phi the identity. torch has no such class.
    """

    forms = (LAMB_FORM,)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        **options: Unpack[Options],
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, defaults, options)
