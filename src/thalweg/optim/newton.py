"""Newton's method with the exact Hessian, damped, for small models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

import torch
from torch import Tensor

from thalweg.core.errors import InputError, InputTypeError
from thalweg.optim.closures import Closure, penalized, require
from thalweg.optim.expansion import Expansion, evaluate, expand
from thalweg.optim.method import NON_NEGATIVE, Method, declare
from thalweg.optim.params import Params

LARGEST = 2000
"""Elements of the largest problem: the Hessian of so many takes 32 MB in float64."""

LEAST_GAIN = 0.1
"""An adaptive step is taken if the loss falls by this share of what was predicted: a trial costs less than H."""

TRIALS = 30
"""Dampings that an adaptive step tries before it stays where it is."""


@final
class Newton(Method):
    """Newton's method: ``p <- p - lr (H + alpha I)^-1 g``, H the exact Hessian of the loss, alpha the damping.

    It needs a loss that does not change between evaluations (whole training split, no fresh noise), and a
    Hessian: the closure is torch's own, and every ``backward()`` that it calls is differentiated once more.

    Far from a minimum the book's algorithm has two faults. Where ``H + alpha I`` is not positive definite, the
    step may go uphill, and a saddle point attracts it; the `safeguard` then adds to alpha, for this step, until
    the Cholesky factor exists. And a step may be far too long; the `adaptive` form undoes it and damps more, as
    Levenberg and Marquardt do. Without either it is the book's to the letter.

    Args:
        params: Real parameters, 2000 elements at most, in one group.
        lr: Length of the step in units of Newton's, >= 0.
        damping: alpha, >= 0; the first one of the adaptive form.
        weight_decay: L2 decay, >= 0: ``weight_decay / 2 |p|^2`` is added to the loss.
        safeguard: Whether an indefinite Hessian is damped until it is positive definite.
        adaptive: Whether alpha follows the ratio of the loss's decrease to the predicted one, from step to step:
            it is divided by 4 above 3/4 and multiplied by 4 below 1/4; a step that gains less than a tenth is
            undone and tried again with the larger alpha.

    Raises:
        OutOfRangeError: A hyper-parameter outside its interval.
        InputError: More than one group, or too many parameters.
        InputTypeError: Parameters that are not real.

    Example:
        >>> p = torch.nn.Parameter(torch.tensor([3.0, -2.0]))
        >>> optimizer = Newton([p], damping=0.0)
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = (torch.tensor([1.0, 10.0]) * p**2).sum()
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure).item(), p.tolist()
        (49.0, [0.0, 0.0])

    Reference:
        Goodfellow, Bengio & Courville 2016, Algorithm 8.8, equations 8.27 and 8.28; safeguard: Nocedal & Wright
        2006, Algorithm 3.3; adaptive: Marquardt 1963, with the thresholds of Nocedal & Wright's Algorithm 4.1.
    """

    hypers = declare(lr=(1.0, NON_NEGATIVE), damping=(1e-3, NON_NEGATIVE), weight_decay=(0.0, NON_NEGATIVE))
    flags = {"safeguard": True, "adaptive": True}
    search = (1e-3, 10.0)
    reference = "Goodfellow, Bengio & Courville 2016, Algorithm 8.8"
    full_batch = True

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1.0,
        damping: float = 1e-3,
        weight_decay: float = 0.0,
        *,
        safeguard: bool = True,
        adaptive: bool = True,
    ) -> None:
        given = {"lr": lr, "damping": damping, "weight_decay": weight_decay}
        super().__init__(params, {**given, "safeguard": safeguard, "adaptive": adaptive})

    def check(self, group: Mapping[str, Any]) -> None:
        """Raise an error if the group cannot be used."""
        super().check(group)
        if len(self.param_groups) > 1:
            raise InputError("Newton takes one group of parameters: the Hessian couples them all.", expected="one")
        for p in group["params"]:
            if not p.is_floating_point():
                raise InputTypeError("Only real floating-point parameters can be optimized.", got=p.dtype)
        count = sum(p.numel() for p in group["params"])
        if count > LARGEST:
            raise InputError(
                "The model is too large for the exact Hessian.",
                got=f"{count:,} parameters, a Hessian of {8 * count**2 / 1e9:.3g} GB",
                expected=f"at most {LARGEST:,}",
                remedy="take LBFGS, freeze parameters, or make the model smaller",
            )

    @torch.no_grad()
    def step(self, closure: Closure | None = None) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Update the parameters once.

        Args:
            closure: Clears the gradients, calls ``backward()`` and returns the loss; see `closures`.

        Returns:
            The loss before the update, the penalty included.

        Raises:
            InputError: There is no closure, or it never calls ``backward()``.
        """
        group = self.param_groups[0]
        params = [p for p in group["params"] if p.requires_grad]
        whole = penalized(require(closure, "Newton"), params, group["weight_decay"])
        around = expand(whole, params)
        if group["adaptive"]:
            self._try(group, params, around, whole)
        else:
            direction = around.direction(group["damping"], safeguard=group["safeguard"])
            _move(params, float(group["lr"]) * direction)
        return around.loss

    def _try(
        self, group: Mapping[str, Any], params: Sequence[Tensor], around: Expansion, closure: Closure
    ) -> None:
        """Take the first step that lowers the loss, and keep the damping that its gain asks for."""
        own = self.state[group["params"][0]]
        damping = float(own.get("damping", group["damping"]))
        start = [p.clone() for p in params]
        for _ in range(TRIALS):
            step = float(group["lr"]) * around.direction(damping, safeguard=group["safeguard"])
            predicted = around.decrease(step)
            _move(params, step)
            if abs(predicted) <= around.resolution:  # rounding would decide
                break
            gain = (around.loss - evaluate(closure, params)).item() / predicted if predicted > 0 else -1.0
            if gain > 0.75:
                damping /= 4
            elif not gain >= 0.25:  # or NaN
                damping = max(4 * damping, around.nudge)
            if gain > LEAST_GAIN or not around.isfinite:
                break
            for p, before in zip(params, start, strict=True):
                p.copy_(before)
        own["damping"] = torch.tensor(damping, dtype=params[0].dtype)  # to which loading a state would cast it


def _move(params: Sequence[Tensor], step: Tensor) -> None:
    """Add a flat step to the parameters."""
    for p, part in zip(params, torch.split(step, [p.numel() for p in params]), strict=True):
        p.add_(part.view_as(p).to(p.dtype))
