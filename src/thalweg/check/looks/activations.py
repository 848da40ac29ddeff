"""Activations: what the layers of a model give for some samples, as histograms."""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import Tensor, nn

from thalweg.check.looks.answer import ask
from thalweg.check.pictures import histograms
from thalweg.core.picture import Picture

MOST = 10
"""Layers of a picture; of a deeper net some, evenly spread."""


def activations(model: nn.Module, x: Tensor, *, when: str) -> tuple[Picture, ...]:
    """Return the distribution of the outputs of every innermost layer, as a picture; none if the model cannot run.

    Args:
        model: The model; its modes are as before afterwards.
        x: Inputs, shape ``(n, ...)``.
        when: The state that the model is in, such as ``"at the start"``.
    """
    found: dict[str, Tensor] = {}

    def see(module: nn.Module, _: Any, output: Any, name: str) -> None:
        if isinstance(output, Tensor) and output.is_floating_point():
            found.setdefault(name, output.detach())

    inner = [(name, module) for name, module in model.named_modules() if name and not any(module.children())]
    handles = [module.register_forward_hook(partial(see, name=name)) for name, module in inner]
    try:
        ask(model, x)
    finally:
        for handle in handles:
            handle.remove()
    if not found:
        return ()
    names = list(found)
    count = min(MOST, len(names))
    kept = [names[round(k * (len(names) - 1) / max(1, count - 1))] for k in range(count)]
    caption = f"{when[0].upper()}{when[1:]}, of {len(x)} samples."
    return (histograms("Outputs by layer", {name: found[name] for name in kept}, caption=caption),)
