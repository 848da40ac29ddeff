"""Hooked: torch's hooks and its name for a profiler around a step, where anybody listens."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from torch.autograd import _profiler_enabled  # pyright: ignore[reportPrivateUsage, reportPrivateImportUsage]
from torch.optim import Optimizer
from torch.optim.optimizer import (
    _global_optimizer_post_hooks,  # pyright: ignore[reportPrivateUsage]
    _global_optimizer_pre_hooks,  # pyright: ignore[reportPrivateUsage]
)

Step = TypeVar("Step", bound=Callable[..., Any])


def hooked(step: Step) -> Step:
    """Return the step with torch's wrapper around it only while there is a hook or a profiler.

    torch wraps every step, which takes 9 us, mostly to tell a profiler its name: a third of a small model's step.
    """
    heard = Optimizer.profile_hook_step(step)

    @wraps(step)
    def call(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        own = vars(self)
        hooks = own["_optimizer_step_pre_hooks"] or own["_optimizer_step_post_hooks"]
        if hooks or _global_optimizer_pre_hooks or _global_optimizer_post_hooks or _profiler_enabled():
            return heard(self, *args, **kwargs)
        return step(self, *args, **kwargs)

    vars(call)["hooked"] = True  # what torch looks for before it wraps a step
    return call  # pyright: ignore[reportReturnType]
