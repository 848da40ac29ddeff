"""What can be put around a rule, and how a step is done: the keywords of every optimizer."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

import torch


class Around(TypedDict, total=False):
    """Those of `Options` that no class of torch's takes by position."""

    l1: float
    decoupled_decay: float
    independent_decay: float
    l1_prox: float
    clip_value: float | None
    clip_norm: float | None
    cautious: bool
    ema: float
    polyak: bool
    rounding: Literal["nearest", "stochastic", "kahan"]
    rounding_seed: int
    state_dtype: torch.dtype | None
    fused: bool | None


class Options(Around, total=False):
    """What can be put around every rule, besides ``weight_decay``; each becomes part of the same kernel.

    Attributes:
        l1: L1 penalty, added to the gradient as ``l1 * sign(p)``; >= 0, default 0.
        decoupled_decay: Apart from the rule, p shrinks by ``lr * decoupled_decay * p``; >= 0, default 0.
        independent_decay: Apart from the rule, p shrinks by ``independent_decay * p``; >= 0, default 0.
        l1_prox: After the rule, p moves by ``lr * l1_prox`` towards zero and stops there; >= 0, default 0.
        clip_value: Limit on each element of the gradient; > 0, infinity (the default) or None for none.
        clip_norm: Limit on the global norm over all parameters of the optimizer; > 0, infinity (the default) or
            None for none.
        cautious: Step only where the update goes down the gradient; default False.
        ema: Keep a moving average of the parameters, in [0, 1); ``eval()`` shows it. Default 0: none.
        polyak: Keep the mean of the parameters of all steps; ``eval()`` shows it, also where `ema` is kept too.
            Default False.
        maximize: Climb instead of descending; default False.
        rounding: How a parameter of 16 bits is stored: ``"nearest"`` (the default), ``"stochastic"`` (bfloat16
            only) or ``"kahan"``, which keeps what rounding takes away in a state.
        rounding_seed: Of stochastic rounding, an integer in [0, 2^53); default 0.
        state_dtype: Of the states; None (the default) is float32 for parameters of 16 bits, else the parameter's.
        differentiable: Let autograd follow the step; default False.
        capturable: Accepted for torch's sake.
        foreach: Accepted for torch's sake: every step is fused.
        fused: Accepted for torch's sake: every step is fused.
    """

    maximize: bool
    differentiable: bool
    capturable: bool
    foreach: bool | None


MANNERS: dict[str, Any] = {
    "rounding": "nearest",
    "rounding_seed": 0,
    "state_dtype": None,
    "differentiable": False,
    "capturable": False,
    "foreach": None,
    "fused": None,
}
"""Defaults of the keywords that say how a step is done, not what."""
