"""AdaDelta as a torch optimizer."""

from __future__ import annotations

from typing import Unpack, final

from thalweg import rules
from thalweg.optim.optimizer import Params, RuleOptimizer
from thalweg.optim.options import Options


@final
class Adadelta(RuleOptimizer):
    """AdaDelta: the gradient scaled by RMS of past steps over RMS of gradients.

    Args:
        params: Parameters, named parameters or groups.
        lr: Factor on the step, >= 0; 1 is the paper's rule.
        rho: Share of both moving averages that is kept, in [0, 1); the paper's MNIST runs use 0.95.
        eps: Added inside both roots, >= 0.
        options: What goes around the rule, such as ``weight_decay`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.ones(1)
        >>> Adadelta([p], rho=0.0, eps=0.25).step(); round(p.item(), 4)
        0.5528

    Reference:
        Zeiler 2012, Algorithm 1. The same rule as torch's class.
    """

    rule = rules.adadelta
    names = {"delta": "eps"}

    def __init__(
        self,
        params: Params,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps}, options)
