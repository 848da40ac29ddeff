"""Linear pairs: two linear maps with nothing between them that bends, by what a model does, not by names."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from thalweg.check.looks.answer import evaluating
from thalweg.init.flow import Node
from thalweg.init.layers import NORMALIZATIONS, Layer
from thalweg.init.meeting import is_nonlinear

EXAMPLES = 8
"""Samples that are sent through."""

AFFINE = 1e-3
"""How far the middle of two results may be from the result of the middle, relative to their size, for rounding."""

PRODUCTS = {
    *(
        "mul",
        "imul",
        "rmul",
        "matmul",
        "rmatmul",
        "imatmul",
        "bmm",
        "baddbmm",
        "einsum",
        "div",
        "truediv",
        "rtruediv",
    ),
    *("mm", "mv", "dot", "tensordot", "outer", "multiply", "scaleddotproductattention", "where", "bilinear"),
}
"""Functions that bend what they are given if several of their inputs depend on the sample: gates and attention."""

SLOPED = {"leakyrelu", "prelu", "rrelu"}
"""Non-linearities that a slope of 1 makes linear: whether they bend is tried."""

_NO_MAPS = (nn.Embedding, nn.EmbeddingBag, nn.RNNBase, nn.RNNCellBase, nn.MultiheadAttention, nn.Bilinear)


@dataclass(frozen=True)
class Pair:
    """Two linear maps in a row.

    Attributes:
        first: The call of the first.
        second: Of the second.
        factors: Whether they look like one map that was split on purpose: through a bottleneck, by channels and
            places, or by rows and columns.
    """

    first: Node
    second: Node
    factors: bool


def linear_pairs(model: nn.Module, x: Tensor, nodes: list[Node]) -> list[Pair]:
    """Return the pairs of linear maps of which the second gets nothing but an affine function of the first.

    Where the output of a map goes other ways too, along a shortcut or to several projections, it is no pair.
    Normalization, which bends a little, counts as linear.

    Args:
        model: The model.
        x: A batch of inputs.
        nodes: What it goes through.

    Example:
        >>> from thalweg.init.flow import follow
        >>> net = nn.Sequential(nn.Linear(3, 4), nn.Dropout(), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
        >>> x = torch.randn(8, 3)
        >>> [(pair.first.name, pair.second.name) for pair in linear_pairs(net, x, follow(net, x))]
        [('0', '2')]
    """
    calls, flowing = [node.call for node in nodes], after(nodes[:1])
    found = list[Pair]()
    for node in nodes:
        next_map = _only_map_after(node, flowing) if _is_map(node) else None
        if next_map is None or calls.count(node.call) > 1 or calls.count(next_map.call) > 1:
            continue
        one, two = node.call, next_map.call
        assert isinstance(one, nn.Module)
        assert isinstance(two, nn.Module)
        if _is_affine(model, x[:EXAMPLES], one, two):
            found.append(Pair(node, next_map, _are_factors(one, two)))
    return found


def _is_map(node: Node) -> bool:
    return node.has_weights and isinstance(node.call, nn.Module) and not isinstance(node.call, _NO_MAPS)


def _only_map_after(start: Node, flowing: set[Node]) -> Node | None:
    """Return the map that all ways from a call come to, with nothing on them that bends or joins another way."""
    waiting, seen, ends = deque(start.users), set[Node](), set[Node]()
    own = after([start])
    while waiting:
        node = waiting.popleft()
        if node in seen:
            continue
        seen.add(node)
        joined = any(source in flowing and source not in own for source in node.sources)
        if _is_map(node) and not joined:
            ends.add(node)
            continue
        gated = node.word in PRODUCTS and len(node.sources) > 1
        bends = is_nonlinear(node) and node.word not in SLOPED
        if joined or gated or bends or node.has_weights or not node.users:
            return None
        waiting.extend(node.users)
    return ends.pop() if len(ends) == 1 else None


def after(starts: list[Node]) -> set[Node]:
    """Return the calls that depend on some, themselves among them."""
    found, waiting = set[Node](), list(starts)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += node.users
    return found


def _is_affine(model: nn.Module, x: Tensor, first: nn.Module, second: nn.Module) -> bool:
    """Whether what comes into one module is an affine function of what comes into another before."""
    own = _passed_on(model, x, first, second, None)
    if own is None:
        return False
    drawn = torch.randn(own[0].shape, generator=torch.Generator().manual_seed(0)).to(own[0].dtype)
    other = drawn * own[0].std() + own[0].mean()
    results = [_passed_on(model, x, first, second, given) for given in (own[0], other, (own[0] + other) / 2)]
    one, two, middle = (result[1] if result else torch.full((1,), torch.nan) for result in results)
    if not one.shape == two.shape == middle.shape:
        return False
    scale = max(one.abs().max().item(), two.abs().max().item())
    return (middle - (one + two) / 2).abs().max().item() <= AFFINE * scale


class _ReachedError(Exception):
    """The rest of the model need not run. Holds what came into the first module and into the second."""


def _passed_on(
    model: nn.Module, x: Tensor, first: nn.Module, second: nn.Module, given: Tensor | None
) -> tuple[Tensor, Tensor] | None:
    """Return what comes into one module and what then comes into another, without normalization on the way.

    Args:
        model: Whose modules they are.
        x: Inputs.
        first: The one.
        second: The other; of one that is no plain layer, and may bend first, what comes out is taken.
        given: What comes into the first in place of what does by itself.
    """
    came = list[Tensor]()

    def begin(_: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        came.append(args[0] if given is None else given)
        return (came[-1], *args[1:])

    def reach(_: nn.Module, args: tuple[Any, ...], output: Any = None) -> None:
        raise _ReachedError(came[-1], args[0] if output is None else output)

    plain = isinstance(second, Layer)
    hooks = [first.register_forward_pre_hook(begin)]
    hooks += [second.register_forward_pre_hook(reach) if plain else second.register_forward_hook(reach)]
    norms = [module for module in model.modules() if isinstance(module, NORMALIZATIONS)]
    hooks += [norm.register_forward_hook(lambda _, args, __: args[0]) for norm in norms]
    try:
        with evaluating(model):
            model(x)
    except _ReachedError as reached:
        return reached.args
    except Exception:  # of the user's own code, with values that it did not expect
        return None
    finally:
        for hook in hooks:
            hook.remove()
    return None


def _are_factors(first: nn.Module, second: nn.Module) -> bool:
    """Whether two layers look like the factors of one."""
    if not (isinstance(first, Layer) and isinstance(second, Layer)):
        return False
    (into, between), (_, out) = _widths(first), _widths(second)
    if 2 * between < min(into, out):
        return True
    if isinstance(first, nn.Linear) or isinstance(second, nn.Linear):
        return False
    by_channel = any(layer.groups > 1 for layer in (first, second))
    return by_channel or (
        first.kernel_size != second.kernel_size and 1 in (*first.kernel_size, *second.kernel_size)
    )


def _widths(layer: Layer) -> tuple[int, int]:
    linear = isinstance(layer, nn.Linear)
    return (layer.in_features, layer.out_features) if linear else (layer.in_channels, layer.out_channels)
