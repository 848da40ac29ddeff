"""Broken: a loss is not finite. Which module made the first number that is none, and from what?"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from thalweg.core.errors import one_line
from thalweg.core.finding import Finding, Severity
from thalweg.watch.shadow import again, shadow, unheard
from thalweg.watch.update import Call, tensors

RISEN = 10.0
"""Times the loss of the start that the last finite loss was, from which on it ran away."""

HUGE = 1e6
"""Weights from which on an overflow is theirs: a net's are about one, and a few hundred at most."""


def examine(model: nn.Module, batch: Call | None, loss: Call, losses: list[float], step: int) -> Finding:
    """Return what is to be said of a loss that is not finite.

    Args:
        model: The model, with the weights that gave the loss.
        batch: The last forward pass.
        loss: The computation of the loss.
        losses: Some of before: those of the first watched updates and of the last.
        step: Updates made before it.
    """
    if batch is not None and (bad := _not_finite(batch.tensors)):
        return _of_data("inputs", bad, step)
    if bad := _not_finite([one for one in loss.tensors if not one.requires_grad]):
        return _of_data("targets", bad, step)
    place, told, own = _origin(model, batch, loss)
    largest = max(map(_largest, model.parameters()), default=0.0)
    risen = len(losses) > 1 and losses[-1] > RISEN * abs(losses[0])
    ran_away = risen or HUGE < largest < math.inf
    if risen:
        told += f"; before, the loss had gone from {losses[0]:.3g} to {losses[-1]:.3g}"
    elif ran_away:
        told += f"; weights have grown to {largest:.2g}"
    return Finding(
        fault="lr_too_high" if ran_away else "numerical_instability",
        severity=Severity.ERROR,
        where="learning rate" if ran_away else place,
        evidence=f"the loss of update {step} is {float(loss.result.detach()):g}: {told}",
        remedy="lower the learning rate, or clip the gradient"
        if ran_away or own
        else "keep logarithms, roots and quotients away from 0: take losses of logits, clamp, add a small number",
        numbers={"step": step},
    )


def _largest(p: Tensor) -> float:
    return float(p.detach().abs().max()) if p.numel() else 0.0


def _of_data(where: str, bad: list[Tensor], step: int) -> Finding:
    share = sum(int((~one.isfinite()).sum()) for one in bad)
    return Finding(
        fault="nan_in_data",
        severity=Severity.ERROR,
        where=where,
        evidence=f"{share} of the numbers in the {where} of update {step} are not finite",
        remedy="find the samples, and drop them or fill the gaps, by the mean of the training split for example",
        numbers={"not finite": share, "step": step},
    )


def _origin(model: nn.Module, batch: Call | None, loss: Call) -> tuple[str, str, bool]:
    """Return where the first number that is none came up, how, in words, and whether it is in the weights."""
    weights = [name for name, p in model.named_parameters() if not bool(p.detach().isfinite().all())]
    if weights:
        return weights[0], f"the weights {weights[0]} are not finite since an update before", True
    try:
        made = _first(model, batch) if batch is not None else None
    except Exception as error:  # of models that cannot be copied, or called by themselves
        return "loss", f"where from is not known, as the pass cannot be made again: {one_line(error)}", False
    if made is not None:
        return *made, False
    if _not_finite([one for one in loss.tensors if one.requires_grad]):
        return "model", "the outputs of the model are not finite; those of a second pass on a copy are", False
    return "loss", "it was computed from outputs that are finite", False


def _first(model: nn.Module, batch: Call) -> tuple[str, str] | None:
    """Return the first module whose outputs are not finite, in a pass through a copy, and what is to be said."""
    found: list[tuple[str, str]] = []

    def listener(name: str) -> Any:
        def listen(module: nn.Module, inputs: Any, output: Any) -> None:
            if found or not _not_finite(tensors(output)):
                return
            place = f"{name} ({type(module).__name__})" if name else type(module).__name__
            first = f"the first outputs that are not finite are those of {place}"
            before = _not_finite(tensors(inputs))
            told = (
                "; its inputs are not either: a function in front of it made them"
                if before
                else ", from finite inputs"
            )
            found.append((place, first + told))

        return listen

    copied = shadow(model)
    for name, module in copied.named_modules():
        module.register_forward_hook(listener(name))
    with unheard(), torch.no_grad():
        _ = again(copied, batch)
    return found[0] if found else None


def _not_finite(found: list[Tensor]) -> list[Tensor]:
    return [one for one in found if one.is_floating_point() and not bool(one.detach().isfinite().all())]
