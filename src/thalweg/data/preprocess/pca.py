"""Principal component analysis: decorrelated coordinates, and fewer of them."""

from __future__ import annotations

from typing import final

from torch import Tensor

from thalweg.data.preprocess.principal import Principal


@final
class PCA(Principal):
    """Coordinates along the principal axes, without correlation on the training data: ``z = U^T (x - mean)``.

    Args:
        components: How many axes are kept: a whole number >= 1, or a share of the variance in (0, 1), which takes
            the fewest axes that hold it. ``None`` keeps all: a rotation.

    Raises:
        InputError: Another number, more components than features, or use before `fit`.

    Example:
        >>> pca = PCA(components=1).fit([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
        >>> pca.transform([[3.0, 3.0]]), pca.inverse([[0.0]])
        (tensor([[1.4142]]), tensor([[2., 2.]]))

    Reference:
        Hotelling 1933; Goodfellow, Bengio & Courville 2016, section 5.8.1. scikit-learn's ``PCA`` gives the same
        coordinates up to their signs; its ``explained_variance_`` is divided by n - 1.
    """

    def _matrices(self) -> tuple[Tensor, Tensor]:
        return self.axes, self.axes.T
