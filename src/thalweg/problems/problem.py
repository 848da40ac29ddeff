"""Problem: model factory, loss, data, metrics and target. The one thing every verb takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from thalweg.core.errors import InputError, InputTypeError, UnknownNameError
from thalweg.data.accept import Accepted, as_split
from thalweg.data.augment.names import Augment, augmented
from thalweg.data.batches import Split, batches
from thalweg.data.named import Choice
from thalweg.data.preprocess import Preprocessor, fitted
from thalweg.data.splits import holdout
from thalweg.problems.labels import are_labels, labels_within
from thalweg.problems.metrics import Metric, accuracy

VALID_FRACTION = 1 / 6
HOLDOUT_SEED = 0  # of the problem, not of a run: all runs are judged on the same samples

T = TypeVar("T")
Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, kw_only=True, init=False, eq=False)
class Problem:
    """What is to be trained, complete after construction and never changed.

    =============  =====================================================================================
    left out       what then happens
    =============  =====================================================================================
    valid          1/6 of train is held out, the same samples for every run (stratified if the targets
                   are labels and each class has at least two samples)
    test           there is none: comparisons report validation, and say so
    metrics        accuracy if the targets are labels (integers, one a sample), else none
    objective      the first metric, else ``"loss"``
    target         steps to target are not reported
    batch_size     128, or the number of training samples if that is less
    epochs         10
    classes        classes have no names; labels are checked against the model's outputs alone
    preprocess     inputs are taken as they are
    augment        training inputs are taken as they are
    =============  =====================================================================================

    Args:
        name: What tables and reports call it.
        model: A factory: a function or class that is called without arguments for fresh weights, once a
            run, with torch's global generator seeded from the run's seed. Lazy layers, such as
            ``nn.LazyLinear``, then see a batch of the training inputs.
        loss: From (output, target) to the mean over the batch, a scalar tensor.
        train: The training split: a pair (x, y) of tensors or arrays, a map-style Dataset, or a Split.
        valid: The validation split; it chooses settings and epochs.
        test: The test split; only final runs touch it.
        metrics: Measures beside the loss.
        objective: The name of the metric, or ``"loss"``, that ranks runs.
        target: The value of the objective on validation that counts as solved.
        batch_size: Samples a step, >= 1.
        epochs: Passes over the training split, >= 1.
        classes: The name of each class, in the order of the labels.
        preprocess: What is done to the inputs of all splits, fitted on train alone, after validation is held out:
            a name such as ``"zca"`` (see `thalweg.data.preprocess`), a pair of a name and options such as
            ``("pca", {"components": 0.99})``, or a preprocessor, of which a copy is fitted.
        augment: What is done to the inputs of each training batch, anew each time: a name such as ``"flip"`` (see
            `thalweg.data.augment`), a pair of a name and options, a function of the batch, or a list of these.

    Raises:
        InputTypeError: A model in place of a factory, or data of a type that cannot be used.
        DataError: Empty or NaN data, lengths that differ, labels outside the classes, data that cannot be
            preprocessed so.
        UnknownNameError: An objective that is no metric, no such preprocessor or augmentation.
        InputError: Another value that cannot be used.

    Example:
        >>> x, y = torch.randn(60, 4), torch.arange(60) % 3
        >>> problem = Problem(name="mine", model=lambda: nn.Linear(4, 3), loss=nn.CrossEntropyLoss(), train=(x, y))
        >>> len(problem.train), len(problem.valid), problem.objective, problem.batch_size
        (50, 10, 'accuracy', 50)
    """

    name: str
    model: Callable[[], nn.Module]
    loss: Loss
    train: Split
    valid: Split
    test: Split | None
    metrics: tuple[Metric, ...]
    objective: str
    target: float | None
    batch_size: int
    epochs: int
    classes: tuple[str, ...] | None
    augment: Augment | None

    def __init__(
        self,
        *,
        name: str,
        model: Callable[[], nn.Module],
        loss: Loss,
        train: Accepted,
        valid: Accepted | None = None,
        test: Accepted | None = None,
        metrics: Sequence[Metric] | None = None,
        objective: str | None = None,
        target: float | None = None,
        batch_size: int | None = None,
        epochs: int | None = None,
        classes: Sequence[str] | None = None,
        preprocess: Choice | Preprocessor | None = None,
        augment: Choice | Augment | Sequence[Choice | Augment] | None = None,
    ) -> None:
        _factory(model)
        _function(loss)
        kept, held = _splits(train, valid)
        tested = None if test is None else as_split(test, name="test")
        if preprocess is not None:
            by = fitted(preprocess, kept)
            kept, held = kept.preprocessed(by), held.preprocessed(by)
            tested = None if tested is None else tested.preprocessed(by)
        measures = _metrics(metrics, kept)
        values = {
            "name": name,
            "model": model,
            "loss": loss,
            "train": kept,
            "valid": held,
            "test": tested,
            "metrics": measures,
            "objective": _objective(objective, measures),
            "target": _target(target),
            "batch_size": _count("batch_size", batch_size, default=min(128, len(kept))),
            "epochs": _count("epochs", epochs, default=10),
            "classes": None if classes is None else _sequence("classes", classes, str),
            "augment": None if augment is None else augmented(augment),
        }
        for field, value in values.items():
            object.__setattr__(self, field, value)
        if self.classes is not None:
            for part, split in self.splits.items():
                if are_labels(split.labels):
                    labels_within(split.labels, len(self.classes), f"the {part} split of {name}")

    @property
    def splits(self) -> dict[str, Split]:
        """The splits that there are, by name."""
        parts = {"train": self.train, "valid": self.valid, "test": self.test}
        return {name: split for name, split in parts.items() if split is not None}

    @property
    def preprocess(self) -> Preprocessor | None:
        """What the inputs of all splits went through last, fitted to the training split."""
        return self.train.preprocess

    @property
    def objective_metric(self) -> Metric:
        """The measure that ranks runs."""
        loss = Metric("loss", self.loss, higher_is_better=False)
        return next(metric for metric in (loss, *self.metrics) if metric.name == self.objective)

    def evaluate(self, model: nn.Module, split: Split, *, batch_size: int = 1024) -> dict[str, float]:
        """Return the loss and every metric of `model` on `split`, by name: means over its samples.

        The model is in evaluation mode meanwhile; each of its modules then gets its own mode back. The mean
        of a batch counts as many times as the batch has samples. So a measure that is no plain mean over
        samples, such as a loss with class weights, depends on how they fall into batches, and a little on
        `batch_size`.

        Args:
            model: The model, on the device of the split.
            split: The samples.
            batch_size: Samples at a time, >= 1.
        """
        measures = {"loss": self.loss} | {metric.name: metric.function for metric in self.metrics}
        modes = {module: module.training for module in model.modules()}
        totals = dict.fromkeys(measures, torch.zeros((), dtype=torch.float64))
        model.eval()
        try:
            with torch.no_grad():
                for x, y in batches(split, batch_size, torch.arange(len(split))):
                    output = model(x)
                    for name, measure in measures.items():
                        totals[name] = totals[name] + measure(output, y).double() * len(x)
        finally:
            for module, mode in modes.items():
                module.training = mode
        return {name: total.item() / len(split) for name, total in totals.items()}


def _factory(model: object) -> None:
    if isinstance(model, nn.Module) or not callable(model):
        raise InputTypeError(
            "The model of a Problem has to be a factory: each run needs fresh weights.",
            got=f"an object of type {type(model).__name__}",
            expected="a function or class that is called without arguments and returns a model",
            remedy="pass model=lambda: Net() in place of model=Net()",
        )


def _function(loss: object) -> None:
    if not callable(loss) or isinstance(loss, type):
        raise InputTypeError(
            "The loss of a Problem has to be a function of (output, target).",
            got=f"the class {loss.__name__}" if isinstance(loss, type) else type(loss).__name__,
            expected="a function, or an object such as nn.CrossEntropyLoss()",
        )


def _splits(train: Accepted, valid: Accepted | None) -> tuple[Split, Split]:
    whole = as_split(train, name="train")
    if valid is not None:
        return whole, as_split(valid, name="valid")
    labels = whole.labels
    if not are_labels(labels) or labels.unique(return_counts=True)[1].min() < 2:
        labels = None
    index = holdout(len(whole), VALID_FRACTION, HOLDOUT_SEED, labels=None if labels is None else labels.cpu())
    kept, held = map(torch.from_numpy, index)
    return whole.select(kept), whole.select(held)


def _metrics(metrics: Sequence[Metric] | None, train: Split) -> tuple[Metric, ...]:
    if metrics is None:
        return (accuracy,) if are_labels(train.take(torch.tensor([0]))[1]) else ()
    measures = _sequence("metrics", metrics, Metric)
    names = ["loss", *(metric.name for metric in measures)]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise InputError(
            "Metrics of a Problem share a name.",
            got=", ".join(sorted(twice)),
            expected="names that differ, none of them 'loss'",
        )
    return measures


def _objective(objective: str | None, metrics: tuple[Metric, ...]) -> str:
    names = [*(metric.name for metric in metrics), "loss"]
    if objective is not None and objective not in names:
        raise UnknownNameError("objective", objective, names)
    return objective or names[0]


def _target(target: float | None) -> float | None:
    if target is not None and not (isinstance(target, int | float) and math.isfinite(target)):
        raise InputError("The target of a Problem is no finite number.", got=repr(target))
    return target


def _count(name: str, value: int | None, *, default: int) -> int:
    if value is None:
        return default
    if not isinstance(value, int) or value < 1:
        raise InputError(f"The {name} of a Problem is unusable.", got=repr(value), expected="an integer >= 1")
    return value


def _sequence(name: str, value: Sequence[T], kind: type[T]) -> tuple[T, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence) or not all(isinstance(v, kind) for v in value):
        raise InputTypeError(
            f"The {name} of a Problem are of a type that cannot be used.",
            got=repr(value),
            expected=f"a list of {kind.__name__}",
        )
    return tuple(value)
