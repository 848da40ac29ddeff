"""Noise: the batch size at which noise and signal of the gradient are equally strong."""

from __future__ import annotations

import math

from thalweg.watch.update import Update

MEMORY = 0.9
"""Of the moving averages of both sums: one update says little about a signal below its noise."""


class Noise:
    """The gradient noise scale ``tr(Sigma) / |G|^2`` of one layer's weights, from the watched updates alone.

    The layer is the last linear map of single samples. The norms of the samples' own gradients there follow from
    inputs and returned gradients, so that one batch gives both the sum of their squares and the square of their
    sum. Batches far above the scale hardly improve an update.

    Reference:
        McCandlish et al. 2018, "An empirical model of large-batch training", equation 2.9 and appendix A.1.

    Example:
        >>> from thalweg.watch.update import Call
        >>> update = Update(0, {}, {}, samples=2, passes=[Call((), {}, None)])
        >>> update.numbers = {"sample gradients": 0.5**0.5, "their sum": 0.5**0.5}  # of (1, 0) / 2 and (0, 1) / 2
        >>> Noise().hear(update)
        >>> update.numbers
        {'gradient noise': inf}
    """

    def __init__(self) -> None:
        self._apart = self._together = math.nan

    def hear(self, update: Update) -> None:
        """Add the scale, in samples, to an update's numbers; infinite where no signal is seen."""
        numbers, n = update.numbers, update.samples
        apart, together = numbers.pop("sample gradients", math.nan), numbers.pop("their sum", math.nan)
        if not (0 < apart < math.inf and math.isfinite(together)) or len(update.passes) != 1 or n < 2:
            return
        self._apart, self._together = _moved(self._apart, apart**2), _moved(self._together, together**2)
        signal = self._together - self._apart
        noise = n * self._apart - self._together
        numbers["gradient noise"] = max(0.0, noise) / signal if signal > 0 else math.inf


def _moved(average: float, value: float) -> float:
    return value if math.isnan(average) else MEMORY * average + (1 - MEMORY) * value
