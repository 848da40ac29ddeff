"""Scale: are inputs of the size that initial weights and rates are made for, as they reach the first layer?"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from thalweg.check.look import Seen, look
from thalweg.check.looks.answer import examples, flow, uses_inputs
from thalweg.check.looks.suspect import suspect
from thalweg.check.looks.whole import is_sparse
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
from thalweg.init.flow import Node
from thalweg.init.layers import Layer
from thalweg.init.meeting import is_normalization

LARGE = 5.0
"""Root mean square of inputs from which on they are large. Initial weights keep inputs of size 1 at that size (He
et al. 2015, section 2.2); the curvature along a weight, and with it 1 over the highest rate, grows with the
square."""

HUGE = 20.0
"""The same from which on there is no doubt: pixels from 0 to 255 have about 80."""

TINY, FAINT = 0.01, 0.2
"""Root mean square of an input and length of a whole sample below both of which inputs are tiny. Samples that are
scaled to length 1, however many numbers they have, are not."""

OFFSET = 30.0
"""Square of the mean over the variance, summed over inputs, from which on they are far from zero for what they
vary: it is the condition number that the mean alone gives a linear layer (LeCun et al. 1998, section 4.3). Light
images come to 15."""

UNITS = 100.0
"""Ratio of the largest scale of an input to the smallest from which on units are mixed: the condition number is at
least its square, and gradient descent takes as many steps (Goodfellow et al. 2016, section 4.3)."""

RARE = 0.01
"""The share of samples in which an input has to differ from its median for its scale to count."""

COUNTED = 1000
"""Samples from which scales of columns are taken."""

FEW = 30
"""Inputs up to which every one counts for the ratio; of more, the outer hundredth at either end does not."""


@dataclass(frozen=True)
class Reach:
    """What reaches the first layer.

    Attributes:
        layer: Its name.
        rows: The values, one column for each input or channel.
        raw: Whether they are the inputs as they lie in the data.
        per: How `thalweg.data.preprocess` calls the columns.
        normalized: Whether a normalization follows the layer, so that scale and mean do not matter.
    """

    layer: str
    rows: Tensor
    raw: bool
    per: str
    normalized: bool


@dataclass(frozen=True)
class Scale:
    """The size of inputs.

    Attributes:
        size: Root mean square of all.
        length: Mean Euclidean norm of a sample.
        offset: Sum of squared means over the sum of variances.
        units: Largest scale of a column over the smallest; 1 for one column.
        sparse: Whether most are zero.
    """

    size: float
    length: float
    offset: float
    units: float
    sparse: bool


@look("Are the inputs of a scale that layers are made for?", "input_scaling", trains=False)
def input_scale(subject: Subject) -> Iterator[Seen]:
    """Yield inputs that reach the first layer large, tiny, far from zero or in mixed units."""
    reached = reach(subject) if uses_inputs(subject) else None
    if reached is None or not reached.rows.isfinite().all():
        return
    found = scale(reached.rows)
    told = f"inputs reach {reached.layer} with root mean square {found.size:.3g}"
    wrong = _wrong(found, reached)
    if wrong is None:
        units = f", scales differ by a factor of {found.units:.3g}" if found.units > 1 else ""
        yield Passed(name="input scale", evidence=f"{told}{units}")
        return
    shown, weight, number, threshold, mixed = wrong
    yield suspect(
        "input_scaling",
        Severity.WARNING,
        f"inputs of {reached.layer}",
        f"{told}{shown}",
        "standardize the inputs by the training split"
        + (", each by its own mean and standard deviation" if mixed else ""),
        weight=weight,
        numbers={"root mean square": found.size, "offset": found.offset, "units": found.units}
        | {"measured": number, "threshold": threshold},
        change=_change(reached, mixed),
        explains=(
            "lr_too_high",
            "lr_too_low",
            "saturation",
            "dead_relu",
            "exploding_gradient",
            "vanishing_gradient",
            "weight_init",
            "numerical_instability",
            "optimizer_setting",
        ),
    )


def _wrong(found: Scale, reached: Reach) -> tuple[str, float, float, float, bool] | None:
    """Return what is wrong in words, how sure that is, its number with the threshold, and whether it is units."""
    sure = 0.9 if found.size > HUGE else 0.6
    if found.units > UNITS:
        shown = f", and the largest scale of one is {found.units:.3g} times the smallest"
        return shown, sure, found.units, UNITS, True
    if reached.normalized:
        return None
    if found.offset > OFFSET and not found.sparse:
        shown = f", and the squared mean is {found.offset:.3g} times the variance"
        return shown, sure, found.offset, OFFSET, False
    if found.size > LARGE:
        return f", over {LARGE:g}", 0.9 if found.size > HUGE else 0.4, found.size, LARGE, False
    if found.size < TINY and found.length < FAINT:
        return f", and a whole sample has length {found.length:.2g}", 0.8, found.size, TINY, False
    return None


def scale(rows: Tensor) -> Scale:
    """Return the size of inputs, shape ``(n, columns)``.

    A column that is mostly one number has the scale of what is not: a rare word counts as much as a frequent one,
    and a pixel at the border as much as one in the middle.

    Example:
        >>> found = scale(torch.tensor([[1.0, 100.0], [-1.0, 300.0], [1.0, -300.0], [-1.0, -100.0]]))
        >>> round(found.units), round(found.size), found.sparse
        (224, 158, False)
    """
    x = rows.double()
    variance, mean = x.var(0, correction=0), x.mean(0)
    total, scales = variance.sum().item(), _scales(x)
    return Scale(
        size=x.square().mean().sqrt().item(),
        length=x.norm(dim=1).mean().item(),
        offset=mean.square().sum().item() / total if total else 0.0,
        units=(scales[-1] / scales[0]).item() if len(scales) > 1 else 1.0,
        sparse=is_sparse(rows),
    )


def _scales(x: Tensor) -> Tensor:
    """Return the scale of every column that varies, ascending, without the outer hundredths of many."""
    x = x[torch.linspace(0, len(x) - 1, min(len(x), COUNTED)).long()]
    median = x.median(0).values
    there = (x != median).double().mean(0)
    mostly = there < 0.5
    apart, there = x - torch.where(mostly, median, x.mean(0)), torch.where(mostly, there, 1.0)
    scales = (apart.square().mean(0) / there).sqrt()[(there >= RARE) & (apart != 0).any(0)].sort().values
    outer = len(scales) // 100 if len(scales) > FEW else 0
    return scales[outer : len(scales) - outer]


def reach(subject: Subject) -> Reach | None:
    """Return what reaches the first layer; None where that is no numbers, or where a normalization comes first."""
    first = first_layer(flow(subject))
    if first is None or not isinstance(first.call, nn.Module):
        return None
    tensor = next((part for part in first.arguments if isinstance(part, Tensor)), None)
    if tensor is None or not tensor.is_floating_point():
        return None
    few = examples(subject)[0]
    raw = few.numel() == tensor.numel() and torch.equal(few.flatten().to(tensor.dtype), tensor.flatten())
    inputs = subject.samples["train"][0].to(tensor.dtype) if raw else tensor
    shaped = inputs.reshape(len(inputs), *tensor.shape[1:]) if raw and len(tensor) == len(few) else tensor
    channels = isinstance(first.call, Layer) and not isinstance(first.call, nn.Linear)
    rows = shaped.movedim(1, -1) if channels else shaped
    per = "channel" if channels and few.ndim > 2 else "feature"
    rows = rows.flatten(0, -2) if rows.ndim > 1 else rows[:, None]
    return Reach(first.name, rows, raw, per, any(map(is_normalization, first.users)))


def first_layer(nodes: list[Node]) -> Node | None:
    """Return the first layer with weights that inputs come to, unless they are looked up or normalized before."""
    waiting, seen = deque(nodes[:1]), set[Node]()
    while waiting:
        node = waiting.popleft()
        if node in seen:
            continue
        seen.add(node)
        if node.has_weights:
            return None if isinstance(node.call, nn.Embedding | nn.EmbeddingBag) else node
        if is_normalization(node) or node.word in ("embedding", "onehot"):
            return None
        waiting.extend(node.users)
    return None


def _change(reached: Reach, mixed: bool) -> tuple[str, Callable[[Setup], Setup]] | None:
    if not reached.raw:
        return None
    per = reached.per if mixed else "global"
    words = f"inputs standardized by {per}" if mixed else "inputs standardized"
    return words, lambda setup: setup.with_problem(preprocess=("standardize", {"per": per}))
