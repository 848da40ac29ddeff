"""L-BFGS: torch's own, with the line search that the method's theory asks for."""

from __future__ import annotations

from copy import deepcopy
from inspect import unwrap
from typing import Any, Literal, cast, final

import torch
from torch import Tensor

from thalweg.optim.closures import Closure, penalized, require
from thalweg.optim.method import COUNT, NON_NEGATIVE, POSITIVE, Method, declare
from thalweg.optim.params import Params, listed

LINE_SEARCH = 25
"""Evaluations that one line search may take: what torch allows a step of its default length."""


@final
class LBFGS(Method, torch.optim.LBFGS):
    """L-BFGS, a quasi-Newton method: ``p <- p - t H g``, H the inverse Hessian as the last steps show it.

    It needs the exact gradient: the closure evaluates the whole training split, without fresh noise.

    Differs from ``torch.optim.LBFGS``, whose state it shares: the strong Wolfe line search is the default; a
    trial point where the loss is not finite counts as too far, and the search turns back; ``max_eval`` is never
    less than one line search by default; there is ``weight_decay``; it can be copied and pickled.

    Args:
        params: Parameters, in one group.
        lr: The first step length that the line search tries, > 0.
        max_iter: Iterations an update, >= 1.
        max_eval: Evaluations of the closure an update; ``None`` is 1.25 `max_iter`, or 25 if that is more.
        tolerance_grad: An update ends where no element of the gradient is larger, >= 0.
        tolerance_change: An update ends where loss or parameters change by less, >= 0.
        history_size: Pairs of steps and gradient differences that are kept, >= 1; memory is twice as many
            copies of the parameters.
        line_search_fn: ``"strong_wolfe"``, or ``None`` for steps of length `lr`.
        weight_decay: L2 decay, >= 0: ``weight_decay / 2 |p|^2`` is added to the loss.

    Raises:
        OutOfRangeError: A hyper-parameter outside its interval.

    Example:
        >>> p = torch.nn.Parameter(torch.tensor([3.0, -2.0]))
        >>> optimizer = LBFGS([p])
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = (torch.tensor([1.0, 10.0]) * p**2).sum()
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure).item(), p.abs().max().item() < 1e-3
        (49.0, True)

    Reference:
        Liu & Nocedal 1989; Nocedal & Wright 2006, Algorithms 7.4, 7.5 and (line search) 3.5; Goodfellow, Bengio
        & Courville 2016, section 8.6.3.
    """

    hypers = declare(
        lr=(1.0, POSITIVE),
        weight_decay=(0.0, NON_NEGATIVE),
        max_iter=(20, COUNT),
        history_size=(100, COUNT),
        tolerance_grad=(1e-7, NON_NEGATIVE),
        tolerance_change=(1e-9, NON_NEGATIVE),
    )
    search = (1e-3, 10.0)
    reference = "Liu & Nocedal 1989; Nocedal & Wright 2006, Algorithm 7.5"
    full_batch = True

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: Literal["strong_wolfe"] | None = "strong_wolfe",
        *,
        weight_decay: float = 0.0,
    ) -> None:
        torch.optim.LBFGS.__init__(
            self,
            listed("LBFGS", params),
            lr,
            int(max_iter),
            max(int(max_iter) * 5 // 4, LINE_SEARCH) if max_eval is None else int(max_eval),
            tolerance_grad,
            tolerance_change,
            int(history_size),
            line_search_fn,
        )
        self.defaults["weight_decay"] = self.param_groups[0]["weight_decay"] = weight_decay
        self.check(self.param_groups[0])

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._params = self.param_groups[0][
            "params"
        ]  # torch's class keeps them beside its group, and forgets them
        self._numel_cache = None
        self.param_groups[0].setdefault("weight_decay", 0.0)
        for p, own in self.state.items():
            self.state[p] = deepcopy(own)  # out of a mapped file, whose alignment would change the sums' last bits

    def step(self, closure: Closure | None = None) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Update the parameters once, by up to ``max_iter`` iterations.

        Args:
            closure: Clears the gradients, calls ``backward()`` and returns the loss; see `closures`.

        Returns:
            The loss before the update, the penalty included.

        Raises:
            InputError: There is no closure.
        """
        group = self.param_groups[0]
        whole = penalized(require(closure, "LBFGS"), group["params"], group["weight_decay"])
        if group["line_search_fn"]:
            whole = self._bounded(whole)
        # Not super().step: torch may have put the hooks around that, which run around this one already.
        plain = unwrap(cast(Any, torch.optim.LBFGS).step)
        with torch.no_grad():
            return cast(Tensor, plain(self, whole))

    def _bounded(self, closure: Closure) -> Closure:
        """Return a closure whose loss is infinite where it is not finite: every line search turns back from that.

        The gradient is NaN there, so that the search does not interpolate with it, and bisects.
        """

        def bounded() -> Tensor:
            loss = torch.as_tensor(closure())
            if loss.isfinite():
                return loss
            for p in self.param_groups[0]["params"]:
                if p.grad is not None:
                    p.grad.fill_(torch.nan)
            return torch.full_like(loss, torch.inf)

        return bounded
