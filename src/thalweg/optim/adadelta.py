"""AdaDelta as a torch optimizer."""

from __future__ import annotations

from typing import Unpack, final

import torch
from torch import Tensor

from thalweg import rules
from thalweg.optim.form import Form
from thalweg.optim.optimizer import RuleOptimizer
from thalweg.optim.options import Around, Options
from thalweg.optim.params import Params

ADADELTA = Form(
    rules.adadelta,
    names={"delta": "eps"},
    slots={"r": "square_avg", "s": "acc_delta"},
    torchs=torch.optim.Adadelta,
)


@final
class Adadelta(RuleOptimizer):
    """AdaDelta: ``u = sqrt(s + eps) / sqrt(r + eps) g``, ``p <- p - lr u``, r and s averaging g^2 and u^2.

    Args:
        params: Parameters, named parameters or groups.
        lr: Factor on the step, >= 0; 1 is the paper's rule.
        rho: Share of the moving averages that is kept, in [0, 1).
        eps: Added inside the roots, >= 0.
        weight_decay: L2 penalty, >= 0.
        foreach, maximize, differentiable, capturable: See `Options`; by position as in torch's class.
        options: What goes around the rule, such as ``l1`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.ones(1)
        >>> Adadelta([p]).step(); round(p.item(), 5)
        0.99684

    Reference:
        Zeiler 2012, Algorithm 1. The same rule as torch's class.
    """

    forms = (ADADELTA,)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
        **options: Unpack[Around],
    ) -> None:
        given: Options = {
            **options,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay}, given)
