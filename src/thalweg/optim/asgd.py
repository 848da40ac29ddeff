"""Averaged SGD as a torch optimizer."""

from __future__ import annotations

from typing import Unpack, final

import torch
from torch import Tensor

from thalweg import rules
from thalweg.optim.form import Form
from thalweg.optim.optimizer import RuleOptimizer
from thalweg.optim.options import Around, Options
from thalweg.optim.params import Params

ASGD_FORM = Form(rules.asgd, torchs=torch.optim.ASGD)


@final
class ASGD(RuleOptimizer):
    """Averaged SGD: a slowly falling rate, and in the state ``ax`` the mean of the parameters from step t0 on.

    Args:
        params: Parameters, named parameters or groups.
        lr: First learning rate, >= 0.
        lambd: Decay of parameters and rate, >= 0.
        alpha: Power of the rate's fall, >= 0.
        t0: Step from which on the mean is taken, >= 0.
        weight_decay: L2 penalty, >= 0.
        foreach, maximize, differentiable, capturable: See `Options`; by position as in torch's class.
        options: What goes around the rule, such as ``l1`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.full((1,), 1.0)
        >>> ASGD([p], lr=0.1).step(); round(p.item(), 5)
        0.89999

    Reference:
        Polyak & Juditsky 1992, equation 2; Xu 2011 for the rate. The same rule as torch's class. To have the mean
        in the place of the parameters for evaluation take the option ``polyak`` of any optimizer.
    """

    forms = (ASGD_FORM,)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0.0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
        **options: Unpack[Around],
    ) -> None:
        defaults = {"lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay}
        given: Options = {
            **options,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults, given)
