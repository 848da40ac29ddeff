"""Full batch: one update by the whole training split, for optimizers that evaluate it as often as they like."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor

from thalweg.core.config import Config
from thalweg.core.errors import InputError
from thalweg.data.batches import batches, order

if TYPE_CHECKING:
    from thalweg.train.learner import Learner


def is_full_batch(optimizer: torch.optim.Optimizer | Callable[..., Any]) -> bool:
    """Whether an optimizer, or what makes it, evaluates the whole training split, several times an update."""
    return getattr(optimizer, "full_batch", False)


def check_sampling(optimizer: torch.optim.Optimizer, config: Config) -> None:
    """Refuse to choose samples for an optimizer that takes all of them.

    Raises:
        InputError: A sampling for a full-batch optimizer.
    """
    if is_full_batch(optimizer) and config.sampling != "shuffled":
        raise InputError(
            f"{config.optimizer} takes all samples for one update: there is none to choose.",
            got=f"sampling={config.sampling!r}",
            remedy="leave sampling out",
        )


def update_by_all(learner: Learner, batch_size: int) -> Tensor:
    """Update the weights once, by the whole training split; returns its loss before that.

    The split comes in chunks of the batch size, so that memory stays bounded, and every evaluation sees the
    same chunks and draws the same noise: within an update the loss is a function of the weights alone.
    """
    split = learner.splits["train"]
    fixed = order(len(split), seed=learner.config.seed, epoch=0).to(learner.device)
    losses: list[Tensor] = []

    def closure() -> Tensor:
        learner.optimizer.zero_grad()
        whole = torch.zeros((), dtype=torch.float64, device=learner.device)
        for part, (x, y) in enumerate(batches(split, batch_size, fixed)):
            loss = learner.loss(x, y, part) * (len(x) / len(split))
            loss.backward()
            whole += loss.detach()
        losses.append(whole)
        return whole

    learner.scheduled.set(learner.step / learner.steps_per_epoch)
    cast(Any, learner.optimizer).step(closure)
    learner.step += 1
    return losses[0]
