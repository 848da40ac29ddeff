"""Adam as a torch optimizer."""

from __future__ import annotations

from typing import Unpack, final

from thalweg import rules
from thalweg.optim.optimizer import Params, RuleOptimizer
from thalweg.optim.options import Options


@final
class Adam(RuleOptimizer):
    """Adam: moving averages of gradient and squared gradient, corrected for their start at zero.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0.
        betas: Shares of the two moving averages that are kept, each in [0, 1).
        eps: Added outside the root, >= 0.
        bias_correction: Divide the averages by ``1 - beta^t``.
        options: What goes around the rule, such as ``weight_decay`` or ``clip_norm``; see `Options`.
            ``weight_decay`` is L2.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.full((1,), 5.0)
        >>> Adam([p], lr=0.1).step(); round(p.item(), 6)
        0.9

    Reference:
        Goodfellow, Bengio & Courville 2016, Algorithm 8.7; Kingma & Ba 2015, Algorithm 1. The same rule as
        torch's class; ``beta^t`` is a running product, so that it stays right if a beta is scheduled.
    """

    rule = rules.adam
    names = {"beta1": "betas.0", "beta2": "betas.1", "delta": "eps"}

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        *,
        bias_correction: bool = True,
        **options: Unpack[Options],
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "bias_correction": bias_correction}
        super().__init__(params, defaults, options)
