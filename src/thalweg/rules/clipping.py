"""Limits on the gradient before it is used."""

import math

from thalweg.formula import Number, Positive, Tensor, clip, option, where


@option
def clip_value(p: Tensor, g: Tensor, *, clip_value: Positive = math.inf) -> Tensor:
    """Limit each element to [-clip_value, clip_value] (Goodfellow et al. 2016, section 10.11.1)."""
    return clip(g, -clip_value, clip_value)


@option
def clip_norm(p: Tensor, g: Tensor, *, clip_norm: Positive = math.inf, norm: Number) -> Tensor:
    """Scale the whole gradient down to norm `clip_norm` if it is longer (Pascanu et al. 2013, Algorithm 1)."""
    return g * where(norm > clip_norm, clip_norm / norm, 1.0)
