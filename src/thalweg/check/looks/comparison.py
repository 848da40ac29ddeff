"""Comparison: is every target compared with the output that belongs to it?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.answer import answer, evaluating
from thalweg.check.looks.suspect import suspect
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity

MOVED = 1e-6
"""Change of a gradient in float64, relative to the largest, beyond rounding."""

SPREAD = 1e-4
"""Difference of two losses, relative to them, that are not the same comparisons."""


@look("Is every target compared with its own output?", "tensor_shape", trains=False)
def targets_apart(subject: Subject) -> Iterator[Seen]:
    """Yield losses that set every target against all outputs, and those that compare targets with other places."""
    found = answer(subject)
    if found is None or len(found.x) < 3:
        return
    loss, output, y = subject.setup.problem.loss, found.output, found.y
    single = output.numel() == y.numel() and output.shape != y.shape and y.is_floating_point()
    if single and (times := _broadcast(loss, output, y)):
        yield _against_all(tuple(output.shape), tuple(y.shape), times)
        return
    changed = _changed(loss, output, y)
    if changed is None:
        return
    strays = changed[1:].flatten().nonzero().numel()
    if strays:
        yield _strays(strays, len(output))
    elif not _by_place(changed[0], y):
        yield _scrambled(tuple(output.shape), tuple(y.shape))
    else:
        yield Passed(
            name="targets apart", evidence="a target changes the gradient by its own sample's output alone"
        )


def _broadcast(loss: Callable[..., Tensor], output: Tensor, y: Tensor) -> float:
    """Return how many comparisons a loss makes for one, if (n, 1) meets (n,); 0 if it compares one by one."""
    with evaluating(nn.Identity()):
        try:
            given, right = float(loss(output, y)), float(loss(output.reshape(y.shape), y))
            told = float(loss(y.reshape(output.shape).to(output.dtype), y))
            fits = float(loss(y.to(output.dtype), y))
        except Exception:  # of the user's own code
            return 0.0
    differ = abs(given - right) > SPREAD * abs(right) or abs(told - fits) > SPREAD * max(abs(told), 1e-12)
    return float(len(y)) if differ else 0.0


def _changed(loss: Callable[..., Tensor], output: Tensor, y: Tensor) -> Tensor | None:
    """Return which entries of the gradient by outputs change when one target of the first sample does.

    A loss may weigh samples by what is in the batch, which changes all entries by one factor: that is taken out.
    """
    other = y.clone()
    place = (0, *[size // 2 for size in y.shape[1:]])
    different = y[y != y[place]]
    if not different.numel():
        return None
    other[place] = different[len(different) // 2]
    try:
        with evaluating(nn.Identity(), gradients=True):
            pulls = list[Tensor]()
            for target in (y, other):
                given = output.detach().double().requires_grad_()
                value = loss(given, target.double() if target.is_floating_point() else target)
                pulls.append(torch.autograd.grad(value, given)[0])
    except Exception:  # of the user's own code
        return None
    before, after = pulls
    if not (before.isfinite().all() and after.isfinite().all()) or len(before) < 3:
        return None
    kept = slice(1, None)
    square = after[kept].square().sum()
    factor = (before[kept] * after[kept]).sum() / square if square > 0 else 1.0
    return (after * factor - before).abs() > MOVED * before.abs().max()


def _by_place(changed: Tensor, y: Tensor) -> bool:
    """Whether what changed in the first sample belongs to one place: a slice along the dimension of places."""
    if y.ndim != 2 or changed.ndim != 2 or y.shape[1] not in changed.shape:
        return True
    place = y.shape[1] // 2
    for axis in (0, 1):
        if changed.shape[axis] == y.shape[1]:
            elsewhere = changed.clone()
            elsewhere.select(axis, place).zero_()
            if not elsewhere.any():
                return True
    return False


def _against_all(output: tuple[int, ...], y: tuple[int, ...], times: float) -> Suspicion:
    return suspect(
        "tensor_shape",
        Severity.ERROR,
        "loss",
        f"outputs of shape {output} meet targets of shape {y}, which torch spreads to {times:.0f} comparisons a "
        "sample: every target is compared with the outputs of all samples",
        "bring both to one shape: output.squeeze(1), or y[:, None]",
        weight=1.0,
        numbers={"comparisons": times},
        change=("outputs in the shape of targets", _in_shape),
        explains=("capacity_too_small", "labels_wrong", "wrong_loss", "lr_too_low", "overfitting"),
    )


class _Shaped:
    def __init__(self, loss: Callable[[Tensor, Tensor], Tensor]) -> None:
        self.loss = loss

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        return self.loss(output.reshape(target.shape), target)


def _in_shape(setup: Setup) -> Setup:
    return setup.with_problem(loss=_Shaped(setup.problem.loss))


def _strays(strays: int, n: int) -> Suspicion:
    return suspect(
        "tensor_shape",
        Severity.WARNING,
        "loss",
        f"changing one target of one sample changes the gradient by {strays} outputs of the other {n - 1} samples",
        "look for reshape and view in the loss that do not keep outputs beside their targets, unless samples are "
        "compared on purpose",
        weight=0.7,
        numbers={"outputs": strays},
        explains=("capacity_too_small", "labels_wrong"),
    )


def _scrambled(output: tuple[int, ...], y: tuple[int, ...]) -> Suspicion:
    return suspect(
        "tensor_shape",
        Severity.ERROR,
        "loss",
        f"outputs have shape {output}, targets {y}, and the target of one place pulls at outputs of several",
        "bring classes to the last dimension before outputs are flattened: output.transpose(1, 2).reshape(-1, C)",
        weight=0.9,
        explains=("capacity_too_small", "labels_wrong"),
    )
