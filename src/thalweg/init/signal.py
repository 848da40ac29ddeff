"""Signal: the moments of every layer's output, and of the gradient that comes back to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from thalweg.core.errors import ModelError
from thalweg.init.rehearsal import Example, feed, rehearsal

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class Moments:
    """Moments over all numbers of a tensor.

    Attributes:
        mean: E x.
        second: E x^2.
        variance: E x^2 - (E x)^2.

    Example:
        >>> Moments.of(torch.tensor([1.0, 3.0]))
        Moments(mean=2.0, second=5.0, variance=1.0)
    """

    mean: float
    second: float
    variance: float

    @classmethod
    def of(cls, tensor: Tensor) -> Moments:
        """Return the moments of a tensor, summed in float64."""
        x = tensor.detach().double()
        return cls(x.mean().item(), x.square().mean().item(), x.var(correction=0).item())


@dataclass(frozen=True)
class Row:
    """One call of a layer.

    Attributes:
        layer: Its name in the model.
        kind: Its class.
        forward: The moments of its output.
        backward: Those of the gradient by its output; None where none comes back.
    """

    layer: str
    kind: str
    forward: Moments
    backward: Moments | None


@dataclass(frozen=True)
class Signal:
    """The signal through a model, forward and backward.

    Attributes:
        rows: One a call, in the order in which the example reached them.
    """

    rows: tuple[Row, ...]

    def show(self, console: Console | None = None) -> None:
        """Print it, a call a line; ``None`` takes standard output."""
        from thalweg.init.show import show_signal

        show_signal(self, console)


def signal(
    model: nn.Module,
    example: Example,
    *,
    loss: Callable[[Any], Tensor] | None = None,
    kinds: tuple[type[nn.Module], ...] = (nn.Module,),
) -> Signal:
    """Return the moments of the output of every innermost module, and of the gradient that comes back to it.

    A signal that grows or shrinks by a factor from layer to layer is lost in a deep model: where the second
    moments are steady, forward and backward, the initialization suits the model. Weights, gradients, buffers and
    modes stay as they are; dropout is off.

    Args:
        model: The model.
        example: A batch of inputs, or the tuple of the model's arguments.
        loss: From the model's output to the scalar that is differentiated. ``None`` sends independent normal
            numbers of variance 1 back from the output, which shows the way without a loss.
        kinds: Only modules of these classes.

    Raises:
        ModelError: An example that the model does not take, or an output that no gradient comes from.

    Example:
        >>> net = nn.Sequential(nn.Linear(100, 50, bias=False), nn.ReLU())
        >>> seeded = torch.Generator().manual_seed(0)
        >>> _ = nn.init.normal_(net[0].weight, std=0.1, generator=seeded)
        >>> report = signal(net, torch.randn(200, 100, generator=seeded))
        >>> [(row.layer, f"{row.forward.second:.1f}", f"{row.backward.second:.1f}") for row in report.rows]
        [('0', '1.0', '0.5'), ('1', '0.5', '1.0')]

    Reference:
        X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010,
        figures 6 and 7.
    """
    seen: list[tuple[str, str, Moments]] = []
    returned: dict[int, Moments] = {}

    def look(name: str, module: nn.Module, output: Any) -> None:
        if not (isinstance(output, Tensor) and output.is_floating_point()):
            return
        place = len(seen)
        seen.append((name or type(module).__name__, type(module).__name__, Moments.of(output)))
        if output.requires_grad:
            output.register_hook(lambda gradient: returned.__setitem__(place, Moments.of(gradient)))

    hooks = [
        module.register_forward_hook(lambda module, _, output, name=name: look(name, module, output))
        for name, module in model.named_modules()
        if isinstance(module, kinds) and not any(module.children())
    ]
    try:
        with rehearsal(model), torch.enable_grad():
            _send_back(model, feed(model, example), loss)
    finally:
        for hook in hooks:
            hook.remove()
    return Signal(tuple(Row(*row, returned.get(place)) for place, row in enumerate(seen)))


def _send_back(model: nn.Module, output: Any, loss: Callable[[Any], Tensor] | None) -> None:
    """Differentiate by every parameter that a gradient reaches, without leaving it there."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    scalar = loss(output) if loss else output
    if not (isinstance(scalar, Tensor) and scalar.requires_grad and parameters):
        raise ModelError(
            "No gradient comes from the model's output.",
            got=f"an output of type {type(output).__name__}",
            expected="a tensor that depends on trainable parameters",
            remedy=None if loss else "pass loss=, a function from the output to a scalar",
        )
    if loss is None:  # the sum has the numbers as its gradient; passed to `grad` they load sympy, seconds of work
        scalar = (scalar * torch.randn(scalar.shape, dtype=scalar.dtype, device=scalar.device)).sum()
    torch.autograd.grad(scalar, parameters, allow_unused=True)
