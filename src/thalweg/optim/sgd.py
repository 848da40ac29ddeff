"""Stochastic gradient descent, plain, with momentum and with Nesterov's, as torch optimizers."""

from __future__ import annotations

from typing import Unpack, final

from thalweg import rules
from thalweg.optim.optimizer import Params, RuleOptimizer
from thalweg.optim.options import Options


@final
class SGD(RuleOptimizer):
    """Stochastic gradient descent: ``p <- p - lr g``.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0.
        options: What goes around the rule, such as ``weight_decay`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.ones(1)
        >>> SGD([p], lr=0.1).step(); p.item()
        0.8999...

    Reference:
        Goodfellow, Bengio & Courville 2016, Algorithm 8.1. torch's class of this name also carries momentum,
        which the book gives a rule of its own: `Momentum`.
    """

    rule = rules.sgd

    def __init__(self, params: Params, lr: float = 1e-3, **options: Unpack[Options]) -> None:
        super().__init__(params, {"lr": lr}, options)


@final
class Momentum(RuleOptimizer):
    """SGD with momentum: ``v <- momentum v - lr g``, ``p <- p + v``.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0.
        momentum: Share of the velocity that is kept, in [0, 1).
        options: What goes around the rule, such as ``weight_decay`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.ones(1)
        >>> optimizer = Momentum([p], lr=0.1); optimizer.step(); optimizer.step(); round(p.item(), 6)
        0.71

    Reference:
        Goodfellow, Bengio & Courville 2016, Algorithm 8.2. torch's SGD keeps ``b <- momentum b + g`` and steps
        by ``lr b``: the same at a constant rate, but there a change of lr rescales the velocity already gained.
    """

    rule = rules.momentum
    names = {"alpha": "momentum"}

    def __init__(
        self, params: Params, lr: float = 1e-3, momentum: float = 0.9, **options: Unpack[Options]
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum}, options)


@final
class Nesterov(RuleOptimizer):
    """SGD with Nesterov momentum, the gradient taken at the interim point ``theta + momentum v``.

    The model's parameters ARE the interim point; ``eval()`` shows theta, ``train()`` goes back.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0.
        momentum: Share of the velocity that is kept, in [0, 1); after a change call `align` or `zero_grad`.
        options: What goes around the rule, such as ``weight_decay`` or ``clip_norm``; see `Options`.
            The penalties are part of the loss and so are taken at the interim point too.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.ones(1)
        >>> optimizer = Nesterov([p], lr=0.1); optimizer.step(); round(p.item(), 6)
        0.81
        >>> optimizer.eval(); round(p.item(), 6)
        0.9

    Reference:
        Goodfellow, Bengio & Courville 2016, Algorithm 8.3; Sutskever et al. 2013. torch's
        ``SGD(nesterov=True)`` is the same only while lr and momentum are constant.
    """

    rule = rules.nesterov
    names = {"alpha": "momentum"}

    def __init__(
        self, params: Params, lr: float = 1e-3, momentum: float = 0.9, **options: Unpack[Options]
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum}, options)
