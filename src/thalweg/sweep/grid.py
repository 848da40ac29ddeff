"""Grid: every combination of evenly spaced values, the ends among them."""

from __future__ import annotations

from itertools import product

from thalweg.core.errors import InputError
from thalweg.sweep.space import MIDDLE, Point, Space


def grid(space: Space, trials: int) -> list[Point]:
    """Return the points of the largest grid of at most `trials` points.

    Everything that can be chosen is a level of its own; all ranges of numbers get the same count of levels. One
    level is the middle.

    Args:
        space: What is searched.
        trials: How many points at most, >= 1.

    Raises:
        InputError: The choices alone are more.

    Example:
        >>> from thalweg.sweep.dimensions import choice, log
        >>> space = Space.of(["adam"], {"lr": log(1e-3, 1), "schedule": choice("constant", "linear")})
        >>> grid(space, 7)
        [(0.0, 0.25), (0.0, 0.75), (0.5, 0.25), (0.5, 0.75), (1.0, 0.25), (1.0, 0.75)]
    """
    choices = {name: _choices(space, name) for name in space.names}
    ordered = [name for name, found in choices.items() if not found]
    combinations = 1
    for found in choices.values():
        combinations *= len(found) or 1
    if combinations > trials:
        raise InputError(
            "The grid does not fit into the trials.",
            got=f"{combinations} combinations of choices, {trials} trials",
            remedy=f"allow {combinations} trials or more, or take another sampler",
        )
    levels = 1
    while ordered and combinations * (levels + 1) ** len(ordered) <= trials:
        levels += 1
    spaced = [i / (levels - 1) for i in range(levels)] if levels > 1 else [MIDDLE]
    return list(product(*(choices[name] or spaced for name in space.names)))


def _choices(space: Space, name: str) -> list[float]:
    """The coordinates of what can be chosen; none for a range of numbers."""
    found = [d for optimizer in space.optimizers if (d := space.dimension(name, optimizer))]
    if any(dimension.is_ordered for dimension in found):
        return []
    return sorted({dimension.coordinate(value) for dimension in found for value in dimension.extremes})
