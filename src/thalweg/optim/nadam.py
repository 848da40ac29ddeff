"""NAdam as a torch optimizer."""

from __future__ import annotations

from typing import Unpack, final

import torch
from torch import Tensor

from thalweg import rules
from thalweg.optim.form import Form
from thalweg.optim.optimizer import RuleOptimizer
from thalweg.optim.options import Options
from thalweg.optim.params import Params

NADAM = Form(
    rules.nadam,
    names={"beta1": "betas.0", "beta2": "betas.1"},
    slots={"m": "exp_avg", "v": "exp_avg_sq"},
    torchs=torch.optim.NAdam,
)


@final
class NAdam(RuleOptimizer):
    """NAdam: Adam with Nesterov's momentum, the step taken with the momentum of the next one.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0.
        betas: Shares of the moving averages that are kept, each in [0, 1).
        eps: Added outside the root, >= 0.
        weight_decay: L2 penalty, >= 0.
        momentum_decay: How fast the momentum rises to beta1, >= 0.
        decoupled_weight_decay: Let p shrink by ``lr * weight_decay * p`` instead, apart from the rule.
        options: What goes around the rule, such as ``l1`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.full((1,), 5.0)
        >>> NAdam([p], lr=0.1).step(); round(p.item(), 5)
        0.89435

    Reference:
        Dozat 2016, Algorithm 2 with the momentum schedule of section 3. The same rule as torch's class; with
        `decoupled_weight_decay` it is called NAdamW.
    """

    forms = (NADAM,)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        **options: Unpack[Options],
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults, options)
