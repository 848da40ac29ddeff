"""RMSProp, plain and with Nesterov momentum, as torch optimizers."""

from __future__ import annotations

from typing import Literal, Unpack, final

from thalweg import rules
from thalweg.optim.optimizer import Params, RuleOptimizer, require_book
from thalweg.optim.options import Options


@final
class RMSprop(RuleOptimizer):
    """RMSProp: ``r <- rho r + (1 - rho) g^2``, ``p <- p - lr / sqrt(eps + r) g``.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0.
        rho: Share of the moving average that is kept, in [0, 1); torch calls it alpha.
        eps: Added inside the root, >= 0.
        form: ``"book"``; torch's own form (alpha 0.99, eps outside the root, momentum, centering) is not
            written yet, so the choice must be spelled out.
        options: What goes around the rule, such as ``weight_decay`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.ones(1)
        >>> RMSprop([p], lr=0.1, rho=0.75, eps=0.0, form="book").step(); round(p.item(), 6)
        0.8

    Reference:
        Goodfellow, Bengio & Courville 2016, Algorithm 8.5; Hinton 2012, lecture 6e.
    """

    rule = rules.rmsprop
    names = {"delta": "eps"}
    fixed = {"form": "book"}

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        rho: float = 0.9,
        eps: float = 1e-6,
        *,
        form: Literal["book"],
        **options: Unpack[Options],
    ) -> None:
        require_book(form)
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps}, options)


@final
class RMSPropNesterov(RuleOptimizer):
    """RMSProp with Nesterov momentum, the gradient taken at ``theta + momentum v``; torch has no such class.

    ``r <- rho r + (1 - rho) g^2``, ``v <- momentum v - lr / sqrt(eps + r) g``, ``theta <- theta + v``. The model's
    parameters ARE the interim point; ``eval()`` shows theta, ``train()`` goes back.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0.
        rho: Share of the moving average that is kept, in [0, 1).
        momentum: Share of the velocity that is kept, in [0, 1); after a change call `align` or `zero_grad`.
        eps: Added inside the root, >= 0. With 0 it is the algorithm to the letter, which divides by zero
            where the gradient has been zero from the start.
        options: What goes around the rule, such as ``weight_decay`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.ones(1)
        >>> optimizer = RMSPropNesterov([p], lr=0.1, rho=0.75, eps=0.0); optimizer.step(); optimizer.eval()
        >>> round(p.item(), 6)
        0.8

    Reference:
        Goodfellow, Bengio & Courville 2016, Algorithm 8.6.
    """

    rule = rules.rmsprop_nesterov
    names = {"alpha": "momentum", "delta": "eps"}

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        rho: float = 0.9,
        momentum: float = 0.9,
        eps: float = 1e-6,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(params, {"lr": lr, "rho": rho, "momentum": momentum, "eps": eps}, options)
