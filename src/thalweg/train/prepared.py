"""Prepared: a problem with the data that a Config asks for, made once and not once a run."""

from __future__ import annotations

from dataclasses import replace
from weakref import WeakKeyDictionary

from thalweg.core.choice import read
from thalweg.core.config import Config
from thalweg.problems import Problem

_made: WeakKeyDictionary[Problem, dict[tuple[str | None, str | None], Problem]] = WeakKeyDictionary()


def prepared(problem: Problem, config: Config) -> Problem:
    """Return the problem with the preprocessing and augmentation of a Config.

    The same problem and choices give the same object, so that a preprocessor is fitted once, and runs that share
    it know that they do. Where the Config asks for neither it is the problem itself.

    Args:
        problem: What is to be trained; its own preprocessing comes first.
        config: The setting.

    Raises:
        UnknownNameError: No such preprocessor, augmentation or option.
        InputError: An option that cannot be used.
        DataError: A preprocessor that cannot be fitted to this data.

    Example:
        >>> from thalweg.problems import load
        >>> digits = load("digits/logistic")
        >>> prepared(digits, Config()) is digits
        True
        >>> white = prepared(digits, Config(preprocess="pca:components=10"))
        >>> white is prepared(digits, Config(preprocess="pca:components=10", seed=3)), white.train
        (True, InMemory(x=(1198, 10), y=(1198,)))
    """
    key = config.preprocess, config.augment
    if key == (None, None):
        return problem
    made = _made.setdefault(problem, {})
    if key not in made:
        if config.augment is not None:
            base = prepared(problem, config.replace(augment=None))
            made[key] = replace(base, augment=read(config.augment))
        else:
            assert config.preprocess
            made[key] = replace(problem, preprocess=read(config.preprocess)[0])
    return made[key]
