"""Small real data sets that come with scikit-learn and need no download."""

from __future__ import annotations

from thalweg.data.labelled import Labelled


def digits() -> Labelled:
    """Return 1797 handwritten digits: 64 pixels (8 x 8) of 0 to 16, ten classes.

    Returns:
        Samples of shape ``(1797, 64)``, float64.

    Example:
        >>> digits().x.shape
        (1797, 64)

    Reference:
        E. Alpaydin, C. Kaynak, Optical recognition of handwritten digits, UCI (its test part).
    """
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return Labelled(x, y, tuple("0123456789"), "digits")


def cancer() -> Labelled:
    """Return 569 breast tumours: 30 measures of cell nuclei, malignant (0) or benign (1).

    Returns:
        Samples of shape ``(569, 30)``, float64, features of very different scale.

    Example:
        >>> cancer().classes
        ('malignant', 'benign')

    Reference:
        W. N. Street, W. H. Wolberg, O. L. Mangasarian, Nuclear feature extraction for breast tumor
        diagnosis, 1993.
    """
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    return Labelled(x, y, ("malignant", "benign"), "cancer")
