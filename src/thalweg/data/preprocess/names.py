"""The preprocessors by name."""

from __future__ import annotations

from copy import deepcopy

from thalweg.core.errors import InputTypeError
from thalweg.data.batches import Split
from thalweg.data.named import Choice, Named, is_choice
from thalweg.data.preprocess.center import Center
from thalweg.data.preprocess.minmax import MinMax
from thalweg.data.preprocess.pca import PCA
from thalweg.data.preprocess.pca_whitening import PCAWhitening
from thalweg.data.preprocess.preprocessor import Preprocessor
from thalweg.data.preprocess.standardize import Standardize
from thalweg.data.preprocess.zca import ZCA

preprocessors: Named[Preprocessor] = Named("preprocessor")
preprocessors.add("center", Center)
preprocessors.add("standardize", Standardize)
preprocessors.add("min-max", MinMax)
preprocessors.add("pca", PCA)
preprocessors.add("pca-whitening", PCAWhitening)
preprocessors.add("zca", ZCA)


def fitted(choice: Choice | Preprocessor, train: Split) -> Preprocessor:
    """Return a preprocessor that is fitted to the training split.

    Args:
        choice: A name in `preprocessors`; a pair of a name and options, such as ``("pca", {"components": 0.99})``;
            or a preprocessor, which is left as it is: a copy is fitted.
        train: The training split.

    Raises:
        UnknownNameError: No such preprocessor or option.
        InputError: An option out of its range.
        InputTypeError: Nothing of the kind.
        DataError: It cannot be fitted to this data.

    Example:
        >>> import torch
        >>> from thalweg.data import InMemory
        >>> fitted(("center", {"per": "global"}), InMemory(torch.eye(2), torch.arange(2))).transform([[1.5, 0.5]])
        tensor([[1., 0.]])
    """
    if isinstance(choice, Preprocessor):
        return deepcopy(choice).fit(train)
    if not is_choice(choice):
        raise InputTypeError(
            "The preprocessing is of a type that cannot be used.",
            got=repr(choice),
            expected='a name such as "zca", a pair such as ("pca", {"components": 0.99}), or a preprocessor',
        )
    return preprocessors.choose(choice)().fit(train)
