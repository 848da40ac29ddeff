"""Products: the Hessian of a loss times a direction, at the cost of two gradients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from thalweg.core.errors import InputError, InputTypeError, one_line


def hessian_vector(value: Tensor, parameters: Iterable[Tensor], direction: Iterable[Tensor]) -> list[Tensor]:
    """Return ``H v``, H the Hessian of `value` by the parameters, v the direction.

    It is the gradient of the directional derivative, ``H v = d/dp (g . v)`` with v held constant: two backward
    passes, and H is never made. Every ``.grad`` stays as it is, and so does the graph of `value`, for further
    products. A custom function that is marked `once_differentiable` counts as linear: torch does not tell.

    Args:
        value: A single real number with its graph, such as the loss of a batch.
        parameters: Real tensors that require a gradient; zeros come back for one that `value` does not depend on.
        direction: v, a tensor a parameter, of its shape.

    Returns:
        A tensor a parameter, of its shape and dtype.

    Raises:
        InputError: A value that is no single number, has no graph or cannot be differentiated twice, parameters
            that require no gradient, or a direction that does not fit them.
        InputTypeError: Numbers that are not real.

    Example:
        >>> p = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> hessian_vector(p.prod() ** 2, [p], [torch.tensor([1.0, 0.0])])
        [tensor([8., 8.])]

    Reference:
        Pearlmutter 1994, "Fast exact multiplication by the Hessian"; Goodfellow, Bengio & Courville 2016, "Deep
        Learning", section 6.5.10.
    """
    params = list(parameters)
    return product(gradient(value, params), params, direction)


@torch.inference_mode(False)  # a graph is made in any mode of the caller's: without, H would seem to be zero
def gradient(value: Tensor, params: Sequence[Tensor]) -> list[Tensor]:
    """Return g with its graph, so that `product` can differentiate it again, any number of times.

    Args:
        value: As in `hessian_vector`.
        params: What to differentiate by.

    Raises:
        InputError: As in `hessian_vector`.
        InputTypeError: As in `hessian_vector`.
    """
    _check(value, params)
    return _derivative([value], params, create_graph=True)


@torch.inference_mode(False)
def product(gradient: Sequence[Tensor], params: Sequence[Tensor], direction: Iterable[Tensor]) -> list[Tensor]:
    """Return ``H v`` from a gradient that has its graph, which is kept.

    Args:
        gradient: What `gradient` returned for these parameters.
        params: What to differentiate by.
        direction: v, a tensor a parameter, of its shape.

    Raises:
        InputError: As in `hessian_vector`.
        InputTypeError: As in `hessian_vector`.
    """
    v = _fitting(direction, params)
    slopes = [(part * held).sum() for part, held in zip(gradient, v, strict=True)]
    curved = [slope for slope in slopes if slope.requires_grad]  # none of a loss that is linear
    parts = _derivative(curved, params) if curved else [torch.zeros_like(p) for p in params]
    return [part.to_dense() for part in parts]  # an embedding's may be sparse


def _derivative(of: Sequence[Tensor], params: Sequence[Tensor], *, create_graph: bool = False) -> list[Tensor]:
    """The gradient of the sum of some numbers, zeros where they do not depend on a parameter."""
    try:
        return list(
            torch.autograd.grad(of, params, retain_graph=True, create_graph=create_graph, materialize_grads=True)
        )
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        raise InputError(
            "The value cannot be differentiated twice.",
            got=one_line(error),
            expected="a graph that is still there, of operations that have a second derivative",
            remedy="look before backward(), and run attention within sdpa_kernel(SDPBackend.MATH)",
        ) from error


def _check(value: Tensor, params: Sequence[Tensor]) -> None:
    """Raise an error where there is nothing to differentiate."""
    if value.numel() != 1:
        raise InputError(
            "Only a single number has a Hessian.",
            got=f"a value of shape {tuple(value.shape)}",
            expected="one number, such as the mean loss of a batch",
            remedy="take value.mean() or value.sum()",
        )
    for tensor in (value, *params):
        if not tensor.is_floating_point():
            raise InputTypeError("Curvature is that of real numbers.", got=tensor.dtype, expected="floating point")
    if not value.requires_grad:
        raise InputError(
            "The value has no graph to differentiate.",
            expected="a value that was computed from the parameters, with gradients enabled",
            remedy="leave out detach() and no_grad()",
        )
    if not params:
        raise InputError("There are no parameters to differentiate by.", expected="one or more")
    if fixed := sum(not p.requires_grad for p in params):
        raise InputError(
            "A parameter that is frozen has no derivative.",
            got=f"{fixed} of {len(params)} that require no gradient",
            remedy="leave them out, here and in the direction",
        )


def _fitting(direction: Iterable[Tensor], params: Sequence[Tensor]) -> list[Tensor]:
    """The direction without its graph: it is held constant, though it may well come from the parameters."""
    v = [part.detach() for part in direction]
    found, expected = [part.shape for part in v], [p.shape for p in params]
    if found != expected:
        wrong = [pair for pair in zip(found, expected, strict=False) if pair[0] != pair[1]]
        raise InputError(
            "The direction does not fit the parameters.",
            got=f"shape {tuple(wrong[0][0])}" if wrong else f"{len(found)} tensors",
            expected=f"{tuple(wrong[0][1])}, the parameter's" if wrong else f"{len(expected)}, one a parameter",
            remedy="pass a tensor a parameter, in their order",
        )
    if any(part.is_complex() for part in v):
        raise InputTypeError(
            "Curvature is that of real numbers.", got="a complex direction", expected="a real one"
        )
    return v
