"""Muon: momentum whose matrices are orthogonalized before the step, those of one shape all at once."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, final

import torch
from torch import Tensor, _foreach_lerp, _foreach_lerp_, _foreach_mul_  # pyright: ignore

from thalweg.core.errors import InputError, InputTypeError
from thalweg.optim.method import FRACTION, NON_NEGATIVE, Method, declare
from thalweg.optim.newton_schulz import COEFFICIENTS, orthogonalize
from thalweg.optim.params import Params

DTYPES = ("bfloat16", "float16", "float32", "float64")
CPU_BATCH, GPU_BATCH = 2**18, 2**24
"""Elements of a batch: what the cache holds, and enough to fill the machine; memory stays bounded too."""

Adjust = Literal["original", "match_rms_adamw"]
ADJUSTMENTS: Mapping[str, Callable[[int, int], float]] = {
    "original": lambda m, n: math.sqrt(max(1.0, m / n)),
    "match_rms_adamw": lambda m, n: 0.2 * math.sqrt(max(m, n)),
}
"""Learning-rate adjustments: from the shape of a matrix to a factor."""


@final
class Muon(Method):
    """Muon: ``B <- momentum B + (1 - momentum) g``, ``p <- (1 - lr weight_decay) p - lr f(m, n) orthogonal(B)``.

    For the 2-D weights of hidden layers; `route` finds them, and `MuonWithAdamW` trains the rest too.
    Matrices of one shape, or of its transpose, are orthogonalized in batches.

    Differs from ``torch.optim.Muon``, whose state and settings it shares: the batch, and `dtype`.

    Args:
        params: Matrices, named matrices or groups.
        lr: Learning rate, >= 0.
        weight_decay: Decoupled decay, >= 0, multiplied by `lr` but not by the adjustment.
        momentum: Share of the average that is kept, in [0, 1).
        nesterov: Whether to orthogonalize ``momentum B + (1 - momentum) g`` in place of B.
        ns_coefficients: The polynomial of the Newton-Schulz steps; see `orthogonalize`.
        eps: The least norm that a matrix is divided by, >= 0.
        ns_steps: Newton-Schulz steps, 0 to 99.
        adjust_lr_fn: The factor f for an m x n matrix: ``"original"`` is ``sqrt(max(1, m / n))``, the default;
            ``"match_rms_adamw"`` is ``0.2 sqrt(max(m, n))``, with which AdamW's learning rates serve here too.
        dtype: In which to orthogonalize; torch has no choice but bfloat16. On a CPU without instructions for
            that, float32 is faster.

    Raises:
        OutOfRangeError: A hyper-parameter outside its interval.
        InputError: A parameter that is no matrix, or a setting that is none.

    Example:
        >>> p = torch.nn.Parameter(torch.zeros(2, 2)); p.grad = torch.tensor([[0.0, 5.0], [-5.0, 0.0]])
        >>> Muon([p], lr=0.1, ns_coefficients=(2, -1.5, 0.5), ns_steps=10).step(); p.data.round(decimals=4)
        tensor([[ 0.0000, -0.1000],
                [ 0.1000,  0.0000]])

    Reference:
        Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"; for
        ``"match_rms_adamw"``: Liu et al. 2025, "Muon is scalable for LLM training", equation 4.
    """

    hypers = declare(
        lr=(1e-3, NON_NEGATIVE),
        weight_decay=(0.1, NON_NEGATIVE),
        momentum=(0.95, FRACTION),
        eps=(1e-7, NON_NEGATIVE),
    )
    flags = {"nesterov": True}
    reference = "Jordan et al. 2024"

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = COEFFICIENTS,
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: Adjust | None = None,
        *,
        dtype: torch.dtype = torch.bfloat16,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "weight_decay": weight_decay,
                "momentum": momentum,
                "nesterov": nesterov,
                "ns_coefficients": ns_coefficients,
                "eps": eps,
                "ns_steps": ns_steps,
                "adjust_lr_fn": adjust_lr_fn,
                "dtype": str(dtype).removeprefix("torch."),  # a word can be saved anywhere
            },
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("dtype", "bfloat16")  # a state of torch's own class lacks it

    def check(self, group: Mapping[str, Any]) -> None:
        """Raise an error if the group cannot be used."""
        super().check(group)
        for number, p in enumerate(group["params"]):
            name = group["param_names"][number] if "param_names" in group else f"number {number}"
            if p.ndim != 2:
                raise InputError(
                    f"Muon takes matrices only, and parameter {name} is none.",
                    got=f"shape {tuple(p.shape)}",
                    expected="shape (m, n)",
                    remedy="take MuonWithAdamW(model), or give the parameter to AdamW; see route(model)",
                )
            if not p.is_floating_point():
                raise InputTypeError("Muon takes real parameters only.", got=f"parameter {name} of {p.dtype}")
        _setting("ns_coefficients", group, len(group["ns_coefficients"]) == 3, "three numbers")
        _setting("ns_steps", group, group["ns_steps"] in range(100), "an integer from 0 to 99")
        _setting("adjust_lr_fn", group, group["adjust_lr_fn"] in (None, *ADJUSTMENTS), f"one of {[*ADJUSTMENTS]}")
        _setting("dtype", group, group["dtype"] in DTYPES, f"one of {[*DTYPES]}")

    @torch.no_grad()
    def step(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, closure: Callable[[], float] | None = None
    ) -> float | None:
        """Update every matrix that has a gradient.

        Args:
            closure: Re-evaluates the model and returns the loss.

        Returns:
            What the closure returned.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for alike in _alike(p for p in group["params"] if p.grad is not None):
                self._update(group, alike)
        return loss

    def _update(self, group: Mapping[str, Any], params: list[Tensor]) -> None:
        """Update matrices that can be orthogonalized as one batch."""
        grads, buffers = [_dense(p) for p in params], [self._buffer(p) for p in params]
        lr, momentum = float(group["lr"]), group["momentum"]
        _foreach_lerp_(buffers, grads, 1 - momentum)
        moments = _foreach_lerp(grads, buffers, momentum) if group["nesterov"] else buffers
        first = params[0]
        batch = torch.empty(len(params), *first.shape, dtype=getattr(torch, group["dtype"]), device=first.device)
        for slot, moment in zip(batch, moments, strict=True):
            slot.copy_(moment if moment.shape == first.shape else moment.mT)
        steps = orthogonalize(batch, group["ns_coefficients"], group["ns_steps"], group["eps"])
        _foreach_mul_(params, 1 - lr * group["weight_decay"])
        for p, step in zip(params, steps, strict=True):
            rate = lr * ADJUSTMENTS[group["adjust_lr_fn"] or "original"](*p.shape)
            p.add_(step if p.shape == first.shape else step.mT, alpha=-rate)

    def _buffer(self, p: Tensor) -> Tensor:
        own = self.state[p]
        if "momentum_buffer" not in own:
            own["momentum_buffer"] = torch.zeros_like(_dense(p), memory_format=torch.preserve_format)
        return own["momentum_buffer"]


def _alike(params: Iterable[Tensor]) -> Iterator[list[Tensor]]:
    """Yield the matrices in lists of one shape (up to transposition), dtype and device."""
    found: defaultdict[tuple[Any, ...], list[Tensor]] = defaultdict(list)
    for p in params:
        found[(*sorted(p.shape), p.dtype, p.device)].append(p)
    for alike in found.values():
        largest = CPU_BATCH if alike[0].device.type == "cpu" else GPU_BATCH
        count = max(1, largest // max(1, alike[0].numel()))
        yield from (alike[start : start + count] for start in range(0, len(alike), count))


def _dense(p: Tensor) -> Tensor:
    g = p.grad
    assert g is not None
    if g.is_sparse:
        raise InputError(
            "A gradient is sparse.", expected="a dense one", remedy="give the embedding to AdamW, or sparse=False"
        )
    return g


def _setting(name: str, group: Mapping[str, Any], fits: bool, expected: str) -> None:
    if not fits:
        raise InputError(f"The {name} of Muon is unusable.", got=repr(group[name]), expected=expected)
