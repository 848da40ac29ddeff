"""No decay for biases and normalizations."""

from __future__ import annotations

from torch import nn

from thalweg.init.layers import NORMALIZATIONS
from thalweg.optim.groups.multiplier import Multiplier, Multipliers


def no_decay(model: nn.Module) -> Multipliers:
    """Return a multiplier of 0 for the decay of every parameter that is no matrix: biases, gains and scales.

    They are the parameters of fewer than two dimensions, and all those of normalization layers. They are few and
    scale nothing that could overfit; a decayed gain of a normalization only fights the next layer.

    Args:
        model: The model.

    Example:
        >>> sorted(no_decay(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))))
        ['0.bias', '1.bias', '1.weight']

    Reference:
        I. Goodfellow, Y. Bengio, A. Courville, "Deep Learning", 2016, section 7.1, for biases.
    """
    normal = {id(p) for m in model.modules() if isinstance(m, NORMALIZATIONS) for p in m.parameters(recurse=False)}
    return {name: Multiplier(decay=0.0) for name, p in model.named_parameters() if p.ndim < 2 or id(p) in normal}
