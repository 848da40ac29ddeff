"""Schedule-Free SGD and AdamW as torch optimizers."""

from __future__ import annotations

from typing import Unpack, final

from torch import Tensor

from thalweg import rules
from thalweg.optim.form import Form
from thalweg.optim.optimizer import RuleOptimizer
from thalweg.optim.options import Options
from thalweg.optim.params import Params

SGD = Form(rules.schedule_free_sgd, names={"beta": "momentum"})
ADAMW = Form(rules.schedule_free_adamw, names={"beta1": "betas.0", "beta2": "betas.1"})


@final
class ScheduleFreeSGD(RuleOptimizer):
    """Schedule-Free SGD: an average x of the iterates z stands in for a schedule.

    The model's parameters are ``y = (1 - momentum) z + momentum x``, where the gradient belongs; ``eval()`` shows
    x, ``train()`` goes back.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0; larger than a scheduled one.
        momentum: Place of y between z and x, in [0, 1).
        weight_decay: Decay at y, >= 0.
        warmup_steps: Steps over which the rate grows from 0, >= 0.
        r: Power of the step in the weights of the average.
        options: What goes around the rule, such as ``l1`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.ones(1)
        >>> optimizer = ScheduleFreeSGD([p], lr=0.1); optimizer.step(); optimizer.eval(); round(p.item(), 5)
        0.9

    Reference:
        Defazio et al. 2024, equations 3 to 5, with the weights of Algorithm 1. torch has no such class.
    """

    forms = (SGD,)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1.0,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        warmup_steps: float = 0.0,
        r: float = 0.0,
        **options: Unpack[Options],
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "weight_decay": weight_decay,
            "warmup_steps": warmup_steps,
            "r": r,
        }
        super().__init__(params, defaults, options)


@final
class ScheduleFreeAdamW(RuleOptimizer):
    """Schedule-Free AdamW: the same over the root of a moving average of squared gradients.

    The model's parameters are ``y = (1 - beta1) z + beta1 x``, where the gradient belongs; ``eval()`` shows x,
    ``train()`` goes back.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0; larger than a scheduled one.
        betas: Place of y between z and x, and share kept of the squares, each in [0, 1).
        eps: Added outside the root, >= 0.
        weight_decay: Decoupled decay at y, >= 0.
        warmup_steps: Steps over which the rate grows from 0, >= 0.
        r: Power of the step in the weights of the average.
        options: What goes around the rule, such as ``l1`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.ones(1)
        >>> optimizer = ScheduleFreeAdamW([p], lr=0.1); optimizer.step(); optimizer.eval(); round(p.item(), 5)
        0.9

    Reference:
        Defazio et al. 2024, Algorithm 1. torch has no such class.
    """

    forms = (ADAMW,)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 2.5e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        warmup_steps: float = 0.0,
        r: float = 0.0,
        **options: Unpack[Options],
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "warmup_steps": warmup_steps,
            "r": r,
        }
        super().__init__(params, defaults, options)
