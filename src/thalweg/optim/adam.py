"""Adam and AdamW as torch optimizers."""

from __future__ import annotations

from dataclasses import replace
from typing import Unpack, final

import torch
from torch import Tensor

from thalweg import rules
from thalweg.optim.form import Form, Group
from thalweg.optim.optimizer import RuleOptimizer
from thalweg.optim.options import Options
from thalweg.optim.params import Params

ADAM = Form(
    rules.adam,
    names={"beta1": "betas.0", "beta2": "betas.1", "delta": "eps"},
    slots={"m": "exp_avg", "v": "exp_avg_sq", "v_max": "max_exp_avg_sq"},
    torchs=torch.optim.Adam,
)


def _always(group: Group) -> bool:
    return True


ADAMW = replace(
    ADAM,
    switches={"bias_correction": _always},
    always={"decoupled_weight_decay": True},
    torchs=torch.optim.AdamW,
)


@final
class Adam(RuleOptimizer):
    """Adam: moving averages of gradient and squared gradient, corrected for their start at zero.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0.
        betas: Shares of the two moving averages that are kept, each in [0, 1).
        eps: Added outside the root, >= 0.
        weight_decay: L2 penalty, >= 0; see `decoupled_weight_decay`.
        amsgrad: Divide by the root of the largest average so far.
        bias_correction: Divide the averages by ``1 - beta^t``.
        decoupled_weight_decay: Let p shrink by ``lr * weight_decay * p`` instead, apart from the rule.
        options: What goes around the rule, such as ``l1`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.full((1,), 5.0)
        >>> Adam([p], lr=0.1).step(); round(p.item(), 6)
        0.9

    Reference:
        Goodfellow, Bengio & Courville 2016, Algorithm 8.7; Kingma & Ba 2015, Algorithm 1; Reddi et al. 2018,
        Algorithm 2 for `amsgrad`. The same rule as torch's class; ``beta^t`` is a running product, so that it
        stays right if a beta is scheduled.
    """

    forms = (ADAM,)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        bias_correction: bool = True,
        decoupled_weight_decay: bool = False,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
                "bias_correction": bias_correction,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
            options,
        )


@final
class AdamW(RuleOptimizer):
    """AdamW: Adam with weight decay apart from the rule: p shrinks by ``lr * weight_decay * p``.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0.
        betas: Shares of the two moving averages that are kept, each in [0, 1).
        eps: Added outside the root, >= 0.
        weight_decay: Decoupled decay, >= 0.
        amsgrad: Divide by the root of the largest average so far.
        options: What goes around the rule, such as ``independent_decay`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.full((1,), 5.0)
        >>> AdamW([p], lr=0.1, weight_decay=0.5).step(); round(p.item(), 6)
        0.85

    Reference:
        Loshchilov & Hutter 2019, Algorithm 2, whose schedule multiplier and lr are one here, as in torch's class.
        The same rule as that; ``independent_decay`` is the decay that lr does not multiply.
    """

    forms = (ADAMW,)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        **options: Unpack[Options],
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad}
        super().__init__(params, defaults, options)
