"""AdaGrad as a torch optimizer, in torch's form and in the book's."""

from __future__ import annotations

from typing import Any, Literal, Unpack, final

import torch
from torch import Tensor

from thalweg import rules
from thalweg.optim.form import Form, chosen, refuse_in_book
from thalweg.optim.optimizer import RuleOptimizer
from thalweg.optim.options import Around, Options
from thalweg.optim.params import Params

TORCH = Form(rules.torch_adagrad, slots={"r": "sum"}, torchs=torch.optim.Adagrad)
BOOK = Form(rules.adagrad, names={"delta": "eps"}, slots={"r": "sum"})


@final
class Adagrad(RuleOptimizer):
    """AdaGrad: ``r <- r + g^2``, ``p <- p - lr / (1 + (t - 1) lr_decay) g / (sqrt(r) + eps)``.

    Args:
        params: Parameters, named parameters or groups.
        lr: Learning rate, >= 0.
        lr_decay: How fast the rate falls, >= 0; torch's form only.
        weight_decay: L2 penalty, >= 0.
        initial_accumulator_value: What r starts at, >= 0; torch's form only.
        eps: Added outside the root, >= 0.
        form: ``"torch"``, or ``"book"`` for the rule without decay that starts at 0.
        foreach, maximize, differentiable, capturable: See `Options`; by position as in torch's class.
        options: What goes around the rule, such as ``l1`` or ``clip_norm``; see `Options`.

    Raises:
        InputError: A decay or a start in the book's form.

    Example:
        >>> import torch
        >>> p = torch.nn.Parameter(torch.ones(1)); p.grad = torch.full((1,), 3.0)
        >>> Adagrad([p], lr=0.1).step(); round(p.item(), 5)
        0.9

    Reference:
        Goodfellow, Bengio & Courville 2016, Algorithm 8.4 (eps 1e-7 there); Duchi et al. 2011. torch's form is
        the same rule as torch's class.
    """

    forms = (TORCH, BOOK)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
        form: Literal["torch", "book"] = "torch",
        **options: Unpack[Around],
    ) -> None:
        own = {"lr_decay": lr_decay, "initial_accumulator_value": initial_accumulator_value}
        refuse_in_book(form, own)
        defaults = {"lr": lr, "weight_decay": weight_decay, "eps": eps, **(own if form == "torch" else {})}
        given: Options = {
            **options,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults, given, chosen(self.forms, form))

    def state_dict(self) -> dict[str, Any]:
        """Return torch's form, which has a state of every parameter, stepped or not, where the rule is torch's."""
        if self.form is TORCH:
            self.begin()
        return super().state_dict()
