"""RMSProp, plain and with Nesterov momentum, as torch optimizers."""

from __future__ import annotations

from typing import Literal, Unpack, final

import torch
from torch import Tensor

from thalweg import rules
from thalweg.optim.form import Form, chosen, has_momentum, refuse_in_book
from thalweg.optim.optimizer import RuleOptimizer
from thalweg.optim.options import Around, Options
from thalweg.optim.params import Params

TORCH = Form(
    rules.torch_rmsprop,
    slots={"n": "square_avg", "m": "grad_avg", "b": "momentum_buffer"},
    switches={"with_momentum": has_momentum},
    torchs=torch.optim.RMSprop,
)
BOOK = Form(rules.rmsprop, names={"delta": "eps"}, slots={"r": "square_avg"})
NESTEROV = Form(rules.rmsprop_nesterov, names={"alpha": "momentum", "delta": "eps"})


@final
class RMSprop(RuleOptimizer):
    """RMSProp: ``r <- alpha r + (1 - alpha) g^2``, ``p <- p - lr g / (sqrt(r) + eps)``.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0.
        alpha: Share of the moving average that is kept, in [0, 1).
        eps: Added outside the root, in the book's form inside, >= 0.
        weight_decay: L2 penalty, >= 0.
        momentum: Share of a buffer of scaled gradients that is kept, >= 0; torch's form only.
        centered: Divide by the deviation of the gradients from their average; torch's form only.
        form: ``"torch"`` or ``"book"``.
        rho: The book's name of alpha, and the key of the groups in its form.
        foreach, maximize, differentiable, capturable: See `Options`; by position as in torch's class.
        options: What goes around the rule, such as ``l1`` or ``clip_norm``; see `Options`.

    Raises:
        InputError: Momentum or centering in the book's form.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.ones(1)
        >>> RMSprop([p], lr=0.1, alpha=0.75, eps=0.0, form="book").step(); round(p.item(), 6)
        0.8

    Reference:
        Goodfellow, Bengio & Courville 2016, Algorithm 8.5 (alpha 0.9 and eps 1e-6 there); Hinton 2012, lecture
        6e; Graves 2013, equations 38 to 41. torch's form is the same rule as torch's class.
    """

    forms = (TORCH, BOOK)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        *,
        form: Literal["torch", "book"] = "torch",
        rho: float | None = None,
        **options: Unpack[Around],
    ) -> None:
        refuse_in_book(form, {"momentum": momentum, "centered": centered})
        kept = alpha if rho is None else rho
        torchs = {"alpha": kept, "momentum": momentum, "centered": centered}
        own = torchs if form == "torch" else {"rho": kept}
        defaults = {"lr": lr, "eps": eps, "weight_decay": weight_decay, **own}
        given: Options = {
            **options,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults, given, chosen(self.forms, form))


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
        weight_decay: L2 penalty, >= 0.
        options: What goes around the rule, such as ``l1`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.ones(1)
        >>> optimizer = RMSPropNesterov([p], lr=0.1, rho=0.75, eps=0.0); optimizer.step(); optimizer.eval()
        >>> round(p.item(), 6)
        0.8

    Reference:
        Goodfellow, Bengio & Courville 2016, Algorithm 8.6.
    """

    forms = (NESTEROV,)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        rho: float = 0.9,
        momentum: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        **options: Unpack[Options],
    ) -> None:
        defaults = {"lr": lr, "rho": rho, "momentum": momentum, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, defaults, options)
