"""Preprocessing that is fitted to data, on the training split only: the caller sees to that.

::

    Preprocessor ─┬─ Elementwise ─┬─ Center, Standardize, MinMax      a feature, a channel, or in all
    fit,          │
    transform,    └─ Principal ───┬─ PCA                              decorrelates, drops dimensions
    inverse                       └─ Whitening ── PCAWhitening, ZCA   unit covariance, with a floor

``moments`` measures means and covariances of a stream in one pass; ``names`` is the registry. Constants are
float64 tensors in a state dict.
"""

from thalweg.data.preprocess.center import Center
from thalweg.data.preprocess.minmax import MinMax
from thalweg.data.preprocess.moments import Moments
from thalweg.data.preprocess.names import fitted, preprocessors
from thalweg.data.preprocess.pca import PCA
from thalweg.data.preprocess.pca_whitening import PCAWhitening
from thalweg.data.preprocess.preprocessor import Preprocessor
from thalweg.data.preprocess.standardize import Standardize
from thalweg.data.preprocess.zca import ZCA

__all__ = [
    "PCA",
    "ZCA",
    "Center",
    "MinMax",
    "Moments",
    "PCAWhitening",
    "Preprocessor",
    "Standardize",
    "fitted",
    "preprocessors",
]
