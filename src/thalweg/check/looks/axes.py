"""Axes: is every sample answered by itself?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.answer import ask, examples
from thalweg.check.looks.suspect import suspect
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity

SAMPLES = 12
"""Samples that are sent through together; no usual number of classes or features."""

MOVED = 1e-3
"""Change of what another sample gives, relative to the spread of outputs, beyond rounding."""

_BY_BATCH = (nn.modules.batchnorm._NormBase,)


@dataclass(frozen=True)
class Mixing:
    """What mixes samples.

    Attributes:
        moved: Change of other samples' outputs when one is exchanged, relative to their spread.
        name: The first module whose output for other samples changes; empty if it is the model's own code.
        module: The module.
    """

    moved: float
    name: str
    module: nn.Module


@look("Is every sample answered by itself?", "tensor_shape", trains=False)
def samples_apart(subject: Subject) -> Iterator[Seen]:
    """Yield models whose output for a sample depends on other samples of the batch, in evaluation mode."""
    x, model = examples(subject)[0][:SAMPLES], subject.model
    output = ask(model, x)
    if output is None or len(x) < 3 or _batch_statistics(model):
        return
    if output.ndim == 0 or len(output) != len(x):
        yield _other_count(tuple(output.shape), len(x))
        return
    found = mixing(model, x)
    if found is None:
        return
    if found.moved > MOVED:
        yield _mixed(found)
    else:
        yield Passed(
            name="samples apart",
            evidence=f"exchanging samples moves the others by {found.moved:.1g} of their spread",
        )


def _batch_statistics(model: nn.Module) -> bool:
    """Whether a normalization has no running statistics and takes those of the batch in evaluation mode too."""
    return any(isinstance(module, _BY_BATCH) and module.running_mean is None for module in model.modules())


def mixing(model: nn.Module, x: Tensor) -> Mixing | None:
    """Return by how much exchanging the first or the last sample moves what the model gives for others, and where.

    Args:
        model: It is put in evaluation mode meanwhile.
        x: Different samples, at least three.
    """
    n = len(x)
    first, last = torch.arange(n), torch.arange(n)
    first[0], last[-1] = n // 2, n // 2
    before, inside = _results(model, x)
    worst, place = 0.0, ("", model)
    for index, others in ((first, slice(1, None)), (last, slice(0, -1))):
        after, changed = _results(model, x[index])
        if before is None or after is None or before.shape != after.shape:
            return None
        moved = (after - before)[others].abs().max().item() / _spread(before)
        if moved > worst:
            worst, place = moved, _first_moved(model, inside, changed, others, n)
    return Mixing(worst, *place)


def _spread(output: Tensor) -> float:
    return output.std(0, correction=0).mean().item() or output.abs().mean().item() or 1.0


def _results(model: nn.Module, x: Tensor) -> tuple[Tensor | None, list[tuple[str, Tensor]]]:
    """Return the output of a model, and those of its modules in the order in which they are done."""
    inside = list[tuple[str, Tensor]]()

    def note(name: str, output: Any) -> None:
        tensor = output[0] if isinstance(output, tuple) and output else output
        if isinstance(tensor, Tensor):
            inside.append((name, tensor.detach()))

    hooks = [
        module.register_forward_hook(lambda _, __, output, name=name: note(name, output))
        for name, module in model.named_modules()
        if name
    ]
    try:
        output = ask(model, x)
    finally:
        for hook in hooks:
            hook.remove()
    return output, inside


def _first_moved(
    model: nn.Module, before: list[tuple[str, Tensor]], after: list[tuple[str, Tensor]], others: slice, n: int
) -> tuple[str, nn.Module]:
    for (name, one), (_, two) in zip(before, after, strict=False):
        same = one.shape == two.shape and one.ndim > 0 and len(one) == n and one.is_floating_point()
        if same and (two - one)[others].abs().max().item() > MOVED * _spread(one):
            return name, model.get_submodule(name)
    return "", model


def _other_count(shape: tuple[int, ...], n: int) -> Suspicion:
    return suspect(
        "tensor_shape",
        Severity.ERROR,
        "model",
        f"{n} samples give an output of shape {shape}: its first dimension is not the batch",
        "keep dimension 0 for the batch in every reshape, view, flatten and transpose",
        weight=0.9,
        explains=("train_val_mismatch", "capacity_too_small", "labels_wrong"),
    )


def _mixed(found: Mixing) -> Suspicion:
    where = f"{found.name} ({type(found.module).__name__})" if found.name else "the model's forward"
    cure = _cure(found)
    return suspect(
        "tensor_shape",
        Severity.ERROR,
        where,
        f"in evaluation mode exchanging one sample moves the outputs of others by {found.moved:.2g} of their "
        f"spread, first in {where}",
        cure[0] if cure else "look for reshape, view, transpose, softmax and mean that reach across dimension 0",
        weight=0.95,
        numbers={"moved": found.moved, "threshold": MOVED},
        change=cure[1] if cure else None,
        explains=("train_val_mismatch", "capacity_too_small", "labels_wrong", "overfitting", "output_activation"),
    )


def _cure(found: Mixing) -> tuple[str, tuple[str, Callable[[Setup], Setup]]] | None:
    """Return what to do about a module that takes dimension 0 for something else, in words and as a change."""
    attribute, value = "", None
    if isinstance(found.module, nn.RNNBase | nn.MultiheadAttention) and not found.module.batch_first:
        attribute, value = "batch_first", True
    elif isinstance(found.module, nn.Softmax | nn.LogSoftmax) and found.module.dim == 0:
        attribute, value = "dim", 1
    if not attribute:
        return None

    def mend(model: nn.Module, optimizer: Optimizer) -> None:
        setattr(model.get_submodule(found.name), attribute, value)

    words = f"{attribute}={value} in {found.name}"
    return f"set {words}: dimension 0 is the batch", (words, lambda s: s.replace(mended=(*s.mended, mend)))
