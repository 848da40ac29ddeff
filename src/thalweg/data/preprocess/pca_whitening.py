"""PCA whitening: principal components, each scaled to variance 1."""

from __future__ import annotations

from typing import final

from torch import Tensor

from thalweg.data.preprocess.whitening import Whitening


@final
class PCAWhitening(Whitening):
    """Coordinates along the principal axes, each of variance 1: ``z = diag(1/deviation) U^T (x - mean)``.

    Args:
        components: How many axes are kept: a whole number >= 1, or a share of the variance in (0, 1), which takes
            the fewest axes that hold it. ``None`` keeps all.
        floor: The least variance divided by, as a share of the largest, in [0, 1]; 0 is exact whitening.
            ``None`` is 1e-5, but refuses data of no more samples than features.

    Raises:
        InputError: Other components, or use before `fit`.
        OutOfRangeError: A floor outside [0, 1].
        DataError: In `fit`, with neither a positive floor nor few enough components: as many features as samples,
            or directions without variance.

    Example:
        >>> white = PCAWhitening(components=1).fit([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
        >>> white.transform([[3.0, 3.0]])
        tensor([[1.2247]])

    Reference:
        LeCun, Bottou, Orr & Müller 1998, Efficient BackProp, section 4.3. scikit-learn's ``PCA(whiten=True)``
        divides its variances by n - 1 and has no floor.
    """

    def _matrices(self) -> tuple[Tensor, Tensor]:
        return self.axes / self.deviation, (self.axes * self.deviation).T
