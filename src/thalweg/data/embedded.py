"""Small real data sets that come with scikit-learn and need no download."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
    return Labelled(np.asarray(x), np.asarray(y), tuple("0123456789"), "digits")


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
    return Labelled(np.asarray(x), np.asarray(y), ("malignant", "benign"), "cancer")


def wine() -> Labelled:
    """Return 178 Italian wines: 13 chemical measures, three growers.

    Returns:
        Samples of shape ``(178, 13)``, float64, features of very different scale.

    Example:
        >>> wine().classes
        ('grower 0', 'grower 1', 'grower 2')

    Reference:
        M. Forina et al., PARVUS, 1988; UCI, wine.
    """
    from sklearn.datasets import load_wine

    x, y = load_wine(return_X_y=True)
    return Labelled(np.asarray(x), np.asarray(y), ("grower 0", "grower 1", "grower 2"), "wine")


def diabetes() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return 442 patients: age, sex, body mass, blood pressure and six blood values, and the disease a year later.

    Returns:
        Inputs, shape ``(442, 10)``, in their own units, and the progression of the disease, 25 to 346.

    Example:
        >>> x, y = diabetes()
        >>> x.shape, y[:3].tolist()
        ((442, 10), [151.0, 75.0, 141.0])

    Reference:
        B. Efron, T. Hastie, I. Johnstone, R. Tibshirani, Least Angle Regression, 2004.
    """
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True, scaled=False)
    return np.asarray(x), np.asarray(y)
