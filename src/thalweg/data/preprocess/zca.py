"""ZCA: the whitening that changes the data least."""

from __future__ import annotations

from typing import final

from torch import Tensor

from thalweg.data.preprocess.whitening import Whitening


@final
class ZCA(Whitening):
    """Zero-phase whitening: ``z = U diag(1/deviation) U^T (x - mean)``, in the shape of the samples.

    Of all maps to unit covariance it is the one whose results are nearest to the centered data in mean square: a
    whitened image still looks like one.

    Args:
        components: How many axes are kept: a whole number >= 1, or a share of the variance in (0, 1), which takes
            the fewest axes that hold it; results lie in their span. ``None`` keeps all.
        floor: The least variance divided by, as a share of the largest, in [0, 1]; 0 is exact whitening.
            ``None`` is 1e-5, but refuses data of no more samples than features.

    Raises:
        InputError: Other components, or use before `fit`.
        OutOfRangeError: A floor outside [0, 1].
        DataError: In `fit`, with neither a positive floor nor few enough components: as many features as samples,
            or directions without variance.

    Example:
        >>> ZCA().fit([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]]).transform([[2.0, 1.0]])
        tensor([[1.4142, 1.4142]])

    Reference:
        Bell & Sejnowski 1997, The "independent components" of natural scenes are edge filters;
        Kessy, Lewin & Strimmer 2018, Optimal whitening and decorrelation, for the nearest.
    """

    restores_shape = True

    def _matrices(self) -> tuple[Tensor, Tensor]:
        return (self.axes / self.deviation) @ self.axes.T, (self.axes * self.deviation) @ self.axes.T
