"""Try a problem out on one small batch, and say in plain words what does not fit."""

from __future__ import annotations

import warnings
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from thalweg.core.errors import DataError, ModelError, one_line
from thalweg.data.batches import Split
from thalweg.problems.labels import labels_within
from thalweg.problems.lazy import require_shapes
from thalweg.problems.made import made
from thalweg.problems.metrics import Metric, accuracy
from thalweg.problems.problem import Problem

_BATCH = 32
_BINARY = (nn.BCELoss, nn.BCEWithLogitsLoss)


def probe(problem: Problem, *, batch_size: int | None = None) -> None:
    """Run one small training batch through a fresh model, the loss and the metrics, and leave nothing changed.

    The last batch of an epoch, if it is smaller than the others, is tried too.

    Args:
        problem: What is about to be trained.
        batch_size: Samples a step, >= 1; ``None`` takes the problem's.

    Raises:
        ModelError: The model cannot take the input or the last batch, its output does not fit the loss, a metric
            is no number of the batch, or the augmentation gives no batch.
        DataError: Labels outside the classes, or splits whose samples are of different form.
    """
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(0)
        model = _fresh(problem).train()
        size, n = batch_size or problem.batch_size, len(problem.train)
        x, y = problem.train.take(torch.arange(min(_BATCH, size, n)))
        for part, split in problem.splits.items():
            _same_form(split, x, y, f"the {part} split of {problem.name}")
        output = _forward(model, _augmented(problem, x))
        require_shapes(problem, model)
        _labels_fit(problem, output, y)
        _trainable(problem, output, _loss(problem, output, y))
        if 0 < n % size < n:
            _last_batch(problem, model, size)
        with torch.no_grad():
            judged = model.eval()(x)
            for metric in problem.metrics:
                _measures(problem, metric, judged, y)


def _fresh(problem: Problem) -> nn.Module:
    model, again = (made(problem.model, problem.name) for _ in range(2))
    if model is again:
        raise ModelError(
            f"The model factory of {problem.name} returns the same model each time.",
            expected="a new one with fresh weights, so that runs do not go on from each other",
            remedy="build the model inside the factory: model=lambda: Net()",
        )
    return model


def _same_form(split: Split, x: Tensor, y: Tensor, name: str) -> None:
    first = split.take(torch.tensor([0]))
    for word, mine, theirs in zip(("inputs", "targets"), (x, y), first, strict=True):
        if (theirs.shape[1:], theirs.dtype) != (mine.shape[1:], mine.dtype):
            raise DataError(
                f"The {word} of {name} differ in form from those of training.",
                got=f"shape {tuple(theirs.shape[1:])}, {theirs.dtype}",
                expected=f"shape {tuple(mine.shape[1:])}, {mine.dtype}",
            )


def _augmented(problem: Problem, x: Tensor) -> Tensor:
    if problem.augment is None:
        return x
    try:
        changed = problem.augment(x.clone())
    except Exception as error:
        raise ModelError(
            f"The augmentation of {problem.name} cannot take the input.",
            got=f"inputs of shape {tuple(x.shape)}, {x.dtype}: {one_line(error)}",
            expected="a function of a batch of training inputs",
            remedy=getattr(error, "remedy", None),
        ) from error
    if not isinstance(changed, Tensor) or changed.shape[:1] != x.shape[:1] or changed.dtype != x.dtype:
        form = f"{_form(changed)}, {changed.dtype}" if isinstance(changed, Tensor) else _form(changed)
        raise ModelError(
            f"The augmentation of {problem.name} does not return the batch that it was given.",
            got=form,
            expected=f"{len(x)} samples of {x.dtype}",
        )
    return changed


def _forward(model: nn.Module, x: Tensor) -> Tensor:
    inside: list[str] = []
    for name, module in model.named_modules():
        label = f"{name or 'the model'} ({type(module).__name__})"
        module.register_forward_pre_hook(partial(_enter, inside, label))
        module.register_forward_hook(partial(_leave, inside))
    try:
        return model(x)
    except Exception as error:
        raise ModelError(
            "The model cannot take the input.",
            got=f"inputs of shape {tuple(x.shape)}, {x.dtype}; in {inside[-1]}: {one_line(error)}",
            expected="a model that takes batches of the training inputs",
            remedy="match that layer to what reaches it, or the inputs to the model",
        ) from error


def _enter(inside: list[str], label: str, module: nn.Module, inputs: object) -> None:
    inside.append(label)


def _leave(inside: list[str], module: nn.Module, inputs: object, output: object) -> None:
    inside.pop()


def _labels_fit(problem: Problem, output: Tensor, y: Tensor) -> None:
    if isinstance(problem.loss, _BINARY) and not y.is_floating_point():
        raise _misfit(problem, output, y, "the loss compares probabilities, the targets are integer labels")
    reads = isinstance(problem.loss, nn.CrossEntropyLoss | nn.NLLLoss)
    reads = reads or problem.loss in (functional.cross_entropy, functional.nll_loss)
    if not (reads or accuracy in problem.metrics) or y.is_floating_point():
        return
    if getattr(output, "ndim", 0) < 2:
        raise _misfit(problem, output, y, "its outputs have no dimension of classes")
    ignored = getattr(problem.loss, "ignore_index", None)
    for part, split in problem.splits.items():
        labels = y if split.labels is None else split.labels
        labels_within(labels, output.shape[1], f"the {part} split of {problem.name}", ignored=ignored)


def _loss(problem: Problem, output: Tensor, y: Tensor) -> Tensor:
    try:
        with warnings.catch_warnings():
            # torch broadcasts (b, 1) against (b,) to (b, b) and only warns: it trains, on nonsense.
            warnings.filterwarnings("error", message="Using a target size")
            value = problem.loss(output, y)
    except Exception as error:
        raise _misfit(problem, output, y, one_line(error)) from error
    _scalar(f"loss of {problem.name}", value)
    return value


def _measures(problem: Problem, metric: Metric, output: Tensor, y: Tensor) -> None:
    name = f"metric {metric.name} of {problem.name}"
    try:
        value = metric.function(output, y)
    except Exception as error:
        raise ModelError(
            f"The {name} cannot be measured.",
            got=f"output of {_form(output)}, targets of shape {tuple(y.shape)}, {y.dtype}: {one_line(error)}",
            expected="a function of (output, target) that fits the model's output",
        ) from error
    _scalar(name, value)


def _scalar(name: str, value: object) -> None:
    if not isinstance(value, Tensor) or value.numel() != 1:
        raise ModelError(
            f"The {name} is no scalar tensor.",
            got=_form(value),
            expected="one number in a tensor: the mean over the batch",
        )


def _last_batch(problem: Problem, model: nn.Module, size: int) -> None:
    n = len(problem.train)
    x, y = problem.train.take(torch.arange(n % size))
    try:
        _loss(problem, _forward(model, _augmented(problem, x)), y)
    except ModelError as error:
        raise ModelError(
            f"The model of {problem.name} cannot be trained on the last batch of an epoch.",
            got=f"{n} samples in batches of {size} leave one of {n % size}; {error.got}",
            expected="a model and a loss that take a batch of every size that training gives them",
            remedy="choose another batch_size, or leave out some samples",
        ) from error


def _misfit(problem: Problem, output: Tensor, y: Tensor, why: str) -> ModelError:
    return ModelError(
        f"The output of the model of {problem.name} does not fit the loss.",
        got=f"output of {_form(output)}, targets of shape {tuple(y.shape)}, {y.dtype}: {why}",
        expected="an output that the loss compares with these targets",
        remedy=_match(problem, y),
    )


def _match(problem: Problem, y: Tensor) -> str:
    """What to do about an output, a loss and targets that do not fit: the two usual slips by name."""
    if isinstance(problem.loss, nn.CrossEntropyLoss | nn.NLLLoss) and y.is_floating_point() and y.ndim == 1:
        return "give class labels as integers: y.long()"
    if isinstance(problem.loss, _BINARY) and not y.is_floating_point():
        return (
            "give targets as floats of the output's shape: y.float()[:, None]; or two outputs and CrossEntropyLoss"
        )
    return "match the last layer of the model, the loss and the targets to each other"


def _trainable(problem: Problem, output: Tensor, loss: Tensor) -> None:
    if not loss.requires_grad:
        raise ModelError(
            f"The loss of {problem.name} has no gradient.",
            got="a loss that does not depend on any trainable parameter",
            expected="parameters with requires_grad, and no detach, argmax or no_grad before the loss",
        )
    for name, value in (("output of the model", output), ("loss", loss)):
        if isinstance(value, Tensor) and not value.isfinite().all():
            raise ModelError(
                f"The {name} of {problem.name} is not finite on its first batch, before any training.",
                got=f"{int((~value.isfinite()).sum())} of {value.numel()} values are NaN or infinite",
                remedy="scale the inputs, or the initial weights",
            )


def _form(value: object) -> str:
    return f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
