"""AdaGrad as a torch optimizer."""

from __future__ import annotations

from typing import Literal, Unpack, final

from thalweg import rules
from thalweg.optim.optimizer import Params, RuleOptimizer, require_book
from thalweg.optim.options import Options


@final
class Adagrad(RuleOptimizer):
    """AdaGrad: ``r <- r + g^2``, ``p <- p - lr / (eps + sqrt(r)) g``.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0.
        eps: Added outside the root, >= 0.
        form: ``"book"``; torch's own form (eps 1e-10, rate decay, initial sum) is not written yet, so the
            choice must be spelled out.
        options: What goes around the rule, such as ``weight_decay`` or ``clip_norm``; see `Options`.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.full((1,), 3.0)
        >>> Adagrad([p], lr=0.1, form="book").step(); round(p.item(), 5)
        0.9

    Reference:
        Goodfellow, Bengio & Courville 2016, Algorithm 8.4; Duchi et al. 2011.
    """

    rule = rules.adagrad
    names = {"delta": "eps"}
    fixed = {"form": "book"}

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        eps: float = 1e-7,
        *,
        form: Literal["book"],
        **options: Unpack[Options],
    ) -> None:
        require_book(form)
        super().__init__(params, {"lr": lr, "eps": eps}, options)
