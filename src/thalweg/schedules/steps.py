"""A schedule counted in updates, as torch's schedulers count."""

from __future__ import annotations

from collections.abc import Callable

from thalweg.core.errors import OutOfRangeError


def in_steps(schedule: Callable[[float], float], steps_per_epoch: float) -> Callable[[int], float]:
    """Return the schedule as a function of the number of updates done: ``n -> f(n / steps_per_epoch)``.

    `torch.optim.lr_scheduler.LambdaLR` takes it with any torch optimizer; step the scheduler after every update.

    Args:
        schedule: A function f of time in epochs, as `bind` gives it.
        steps_per_epoch: Updates an epoch, > 0.

    Raises:
        OutOfRangeError: No positive number of updates.

    Example:
        >>> import torch
        >>> from thalweg.schedules import bind
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], lr=0.4)
        >>> factor = in_steps(bind("cosine", {"warmup": 1}, total=3), steps_per_epoch=2)
        >>> scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        >>> rates = []
        >>> for update in range(6):
        ...     rates.append(round(scheduler.get_last_lr()[0], 3))
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [0.0, 0.2, 0.4, 0.341, 0.2, 0.059]
    """
    if not steps_per_epoch > 0:
        raise OutOfRangeError(
            "A schedule needs updates in an epoch.", got=steps_per_epoch, expected="steps_per_epoch > 0"
        )
    return lambda n: schedule(n / steps_per_epoch)
