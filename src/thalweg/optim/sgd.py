"""Stochastic gradient descent, plain, with momentum and with Nesterov's, as torch optimizers."""

from __future__ import annotations

from typing import Literal, Unpack, final

import torch
from torch import Tensor

from thalweg import rules
from thalweg.core.errors import InputError
from thalweg.optim.form import Form, chosen, has_momentum, refuse_in_book
from thalweg.optim.optimizer import RuleOptimizer
from thalweg.optim.options import Options
from thalweg.optim.params import Params

BOOK = Form(rules.sgd)
TORCH = Form(
    rules.torch_sgd,
    slots={"b": "momentum_buffer"},
    switches={"with_momentum": has_momentum},
    torchs=torch.optim.SGD,
)
MOMENTUM = Form(rules.momentum, names={"alpha": "momentum"})
NESTEROV = Form(rules.nesterov, names={"alpha": "momentum"})


@final
class SGD(RuleOptimizer):
    """Stochastic gradient descent as torch has it: ``b <- momentum b + (1 - dampening) g``, ``p <- p - lr b``.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0.
        momentum: Share of the buffer that is kept, >= 0; 0 for none.
        dampening: Share of the gradient that is left out of the buffer after the first step, in [0, 1).
        weight_decay: L2 penalty, >= 0.
        nesterov: Step by ``g + momentum b``; needs a momentum and no dampening.
        form: ``"torch"``, or ``"book"`` for the plain descent, which has no momentum.
        options: What goes around the rule, such as ``l1`` or ``clip_norm``; see `Options`.

    Raises:
        InputError: Nesterov's momentum without momentum or with dampening; momentum in the book's form.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.ones(1)
        >>> SGD([p], lr=0.1).step(); p.item()
        0.8999...

    Reference:
        Goodfellow, Bengio & Courville 2016, Algorithm 8.1; Sutskever et al. 2013 for momentum. The same rule as
        torch's class. The book's momentum is a rule of its own, `Momentum`: there lr is part of the velocity, so
        that a change of lr leaves the velocity already gained as it is.
    """

    forms = (TORCH, BOOK)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        form: Literal["torch", "book"] = "torch",
        **options: Unpack[Options],
    ) -> None:
        if nesterov and (momentum <= 0 or dampening != 0):
            raise InputError(
                "Nesterov momentum requires a momentum and zero dampening.",
                got=f"momentum={momentum}, dampening={dampening}",
            )
        own = {"momentum": momentum, "dampening": dampening, "nesterov": nesterov}
        refuse_in_book(form, own)
        defaults = {"lr": lr, "weight_decay": weight_decay, **(own if form == "torch" else {})}
        super().__init__(params, defaults, options, chosen(self.forms, form))


@final
class Momentum(RuleOptimizer):
    """SGD with momentum: ``v <- momentum v - lr g``, ``p <- p + v``.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0.
        momentum: Share of the velocity that is kept, in [0, 1).
        weight_decay: L2 penalty, >= 0.
        options: What goes around the rule, such as ``l1`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.ones(1)
        >>> optimizer = Momentum([p], lr=0.1); optimizer.step(); optimizer.step(); round(p.item(), 6)
        0.71

    Reference:
        Goodfellow, Bengio & Courville 2016, Algorithm 8.2. torch's SGD keeps ``b <- momentum b + g`` and steps
        by ``lr b``: the same at a constant rate, but there a change of lr rescales the velocity already gained.
    """

    forms = (MOMENTUM,)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}, options)


@final
class Nesterov(RuleOptimizer):
    """SGD with Nesterov momentum, the gradient taken at the interim point ``theta + momentum v``.

    The model's parameters ARE the interim point; ``eval()`` shows theta, ``train()`` goes back.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0.
        momentum: Share of the velocity that is kept, in [0, 1); after a change call `align` or `zero_grad`.
        weight_decay: L2 penalty, >= 0.
        options: What goes around the rule, such as ``l1`` or ``clip_norm``; see `Options`. Penalties are part of
            the loss and so are taken at the interim point too; decay apart from the rule acts on theta.

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

    forms = (NESTEROV,)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}, options)
