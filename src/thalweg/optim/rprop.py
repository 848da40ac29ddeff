"""Rprop as a torch optimizer."""

from __future__ import annotations

from typing import Unpack, final

import torch
from torch import Tensor

from thalweg import rules
from thalweg.optim.form import Form
from thalweg.optim.optimizer import RuleOptimizer
from thalweg.optim.options import Options
from thalweg.optim.params import Params

RPROP = Form(
    rules.rprop,
    names={"eta_minus": "etas.0", "eta_plus": "etas.1", "delta_min": "step_sizes.0", "delta_max": "step_sizes.1"},
    slots={"g_old": "prev", "delta": "step_size"},
    torchs=torch.optim.Rprop,
)


@final
class Rprop(RuleOptimizer):
    """Rprop: steps along the sign of the gradient, growing while it stays and shrinking when it turns.

    For full batches: it takes the sign of a gradient for the truth.

    Args:
        params: Parameters, named parameters or groups.
        lr: First step size, >= 0.
        etas: Factors on a step size when the sign turns, in [0, 1), and when it stays, >= 1.
        step_sizes: Least and largest step size, >= 0.
        weight_decay: L2 penalty, >= 0.
        options: What goes around the rule, such as ``l1`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.full((1,), 5.0)
        >>> Rprop([p], lr=0.1).step(); round(p.item(), 5)
        0.9

    Reference:
        Riedmiller & Braun 1993, equations 4 and 5; Igel & Huesken 2000 for the pause after a turn (iRprop-). The
        same rule as torch's class.
    """

    forms = (RPROP,)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0),
        weight_decay: float = 0.0,
        **options: Unpack[Options],
    ) -> None:
        defaults = {"lr": lr, "etas": etas, "step_sizes": step_sizes, "weight_decay": weight_decay}
        super().__init__(params, defaults, options)
