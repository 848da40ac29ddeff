"""RAdam as a torch optimizer."""

from __future__ import annotations

from typing import Unpack, final

import torch
from torch import Tensor

from thalweg import rules
from thalweg.optim.form import Form
from thalweg.optim.optimizer import RuleOptimizer
from thalweg.optim.options import Options
from thalweg.optim.params import Params

RADAM = Form(
    rules.radam,
    names={"beta1": "betas.0", "beta2": "betas.1"},
    slots={"m": "exp_avg", "v": "exp_avg_sq"},
    torchs=torch.optim.RAdam,
)


@final
class RAdam(RuleOptimizer):
    """RAdam: Adam that waits with dividing until the variance of its divisor is finite.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0.
        betas: Shares of the moving averages that are kept, each in [0, 1).
        eps: Added outside the root, >= 0.
        weight_decay: L2 penalty, >= 0.
        decoupled_weight_decay: Let p shrink by ``lr * weight_decay * p`` instead, apart from the rule.
        options: What goes around the rule, such as ``l1`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.full((1,), 5.0)
        >>> RAdam([p], lr=0.1).step(); round(p.item(), 5)
        0.5

    Reference:
        Liu et al. 2020, Algorithm 2. The same rule as torch's class.
    """

    forms = (RADAM,)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        **options: Unpack[Options],
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults, options)
