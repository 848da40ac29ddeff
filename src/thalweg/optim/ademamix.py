"""AdEMAMix as a torch optimizer."""

from __future__ import annotations

from typing import Unpack, final

from torch import Tensor

from thalweg import rules
from thalweg.optim.form import Form
from thalweg.optim.optimizer import RuleOptimizer
from thalweg.optim.options import Options
from thalweg.optim.params import Params

ADEMAMIX = Form(
    rules.ademamix,
    names={"beta1": "betas.0", "beta2": "betas.1", "beta3": "betas.2"},
    always={"decoupled_weight_decay": True},
)


@final
class AdEMAMix(RuleOptimizer):
    """AdEMAMix: Adam with a second, much longer memory of gradients.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0.
        betas: Shares kept of the fast average, the squares and the slow average, each in [0, 1).
        eps: Added outside the root, >= 0.
        weight_decay: Decoupled decay, >= 0: p shrinks by ``lr * weight_decay * p``.
        alpha: Weight of the slow average, >= 0.
        t_alpha: Steps over which alpha grows from 0; 0 for at once.
        t_beta3: Steps over which beta3 grows from beta1; 0 for at once.
        options: What goes around the rule, such as ``l1`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.full((1,), 5.0)
        >>> AdEMAMix([p], lr=0.1, alpha=0.0).step(); round(p.item(), 5)
        0.9

    Reference:
        Pagliardini et al. 2024, Algorithm 1 and section 3. torch has no such class.
    """

    forms = (ADEMAMIX,)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float, float] = (0.9, 0.999, 0.9999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        alpha: float = 5.0,
        t_alpha: float = 0.0,
        t_beta3: float = 0.0,
        **options: Unpack[Options],
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "alpha": alpha,
            "t_alpha": t_alpha,
            "t_beta3": t_beta3,
        }
        super().__init__(params, defaults, options)
