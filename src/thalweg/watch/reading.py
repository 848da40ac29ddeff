"""Reading: what an update has measured as tensors becomes numbers, all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from thalweg.watch.update import Update


def read(update: Update, *derived: Callable[[dict[str, float]], None]) -> None:
    """Fill the numbers of an update: what was measured, what follows from it, its loss and its rate.

    Args:
        update: An update that is over.
        derived: Add to the numbers what follows from them.
    """
    results = [call.result for call in update.losses]
    losses = [one.detach() for one in results if isinstance(one, Tensor) and one.numel() == 1]
    scalars = {f"loss {k}": loss.reshape(()) for k, loss in enumerate(losses)} | update.scalars
    update.numbers = dict(zip(scalars, _numbers(list(scalars.values())), strict=True))
    for derive in derived:
        derive(update.numbers)
    parts = [update.numbers.pop(f"loss {k}") for k in range(len(losses))]
    if parts:
        # Transformers divide by the tokens of the whole update: what they give are its parts.
        shares = any(call.keywords.get("num_items_in_batch") is not None for call in update.passes)
        update.numbers = {"loss": sum(parts) / (1 if shares else len(parts)), **update.numbers}
    if update.rates:
        update.numbers["learning rate"] = update.rates[0]


def _numbers(scalars: Sequence[Tensor]) -> list[float]:
    """Return tensors of one number as numbers, with one transfer from each device and of each type."""
    found = [0.0] * len(scalars)
    kinds: dict[tuple[torch.dtype, torch.device], list[int]] = {}
    for k, one in enumerate(scalars):
        kinds.setdefault((one.dtype, one.device), []).append(k)
    for places in kinds.values():
        for k, value in zip(places, torch.stack([scalars[k] for k in places]).tolist(), strict=True):
            found[k] = value
    return found
