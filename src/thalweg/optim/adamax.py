"""Adamax as a torch optimizer."""

from __future__ import annotations

from typing import Unpack, final

import torch
from torch import Tensor

from thalweg import rules
from thalweg.optim.form import Form
from thalweg.optim.optimizer import RuleOptimizer
from thalweg.optim.options import Around, Options
from thalweg.optim.params import Params

ADAMAX = Form(
    rules.adamax,
    names={"beta1": "betas.0", "beta2": "betas.1"},
    slots={"m": "exp_avg", "u": "exp_inf"},
    torchs=torch.optim.Adamax,
)


@final
class Adamax(RuleOptimizer):
    """Adamax: Adam over the largest gradient, slowly forgotten, in place of the root of a mean square.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0.
        betas: Shares of the moving averages that are kept, each in [0, 1).
        eps: Added to each gradient's size, >= 0.
        weight_decay: L2 penalty, >= 0.
        foreach, maximize, differentiable, capturable: See `Options`; by position as in torch's class.
        options: What goes around the rule, such as ``l1`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.full((1,), 5.0)
        >>> Adamax([p], lr=0.1).step(); round(p.item(), 5)
        0.9

    Reference:
        Kingma & Ba 2015, Algorithm 2. The same rule as torch's class.
    """

    forms = (ADAMAX,)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
        **options: Unpack[Around],
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        given: Options = {
            **options,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults, given)
