"""What the output of a layer meets first: a non-linearity, the end of a residual branch, a layer, or nothing."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum

from torch import nn
from torch.nn.modules import activation

from thalweg.init.flow import Node, has_gain
from thalweg.init.layers import NORMALIZATIONS

SHARES = {"softmax", "logsoftmax", "softmin", "softmax2d"}
"""Functions that end the way of a signal: their outputs are shares of one."""

NONLINEAR = {name.lower() for name in activation.__all__} - SHARES - {"glu", "multiheadattention"} | {
    "clamp",
    "clampmin",
    "sin",
}
NORMAL = {"layernorm", "rmsnorm", "groupnorm", "batchnorm", "instancenorm"}


class Kind(Enum):
    """What a layer's output can meet."""

    NONLINEARITY = "a non-linearity"
    BRANCH_END = "the end of a residual branch"
    LAYER = "another layer"
    OUTPUT = "the output"


@dataclass(frozen=True, eq=False)
class Meeting:
    """What the output of a layer meets first.

    Attributes:
        kind: What it is.
        node: Its call; None at the output.
        normalized: Whether a normalization comes before, so that the scale of the layer's weights does not matter.
    """

    kind: Kind
    node: Node | None = None
    normalized: bool = False


def first_meeting(layer: Node, branches: dict[Node, set[Node]]) -> Meeting:
    """Return the nearest non-linearity or end of a residual branch behind a layer, with no other layer before it.

    Everything else is passed through: reshaping, pooling, dropout, normalization, sums, the way along a shortcut.

    Args:
        layer: The call of the layer in a flow.
        branches: The residual blocks of that flow.
    """
    waiting = deque((user, layer, False) for user in layer.users)
    seen: set[tuple[Node, Node]] = set()
    stop = Meeting(Kind.OUTPUT)
    while waiting:
        node, before, normalized = waiting.popleft()
        if (node, before) in seen:
            continue
        seen.add((node, before))
        if is_nonlinear(node):
            return Meeting(Kind.NONLINEARITY, node, normalized)
        if before in branches.get(node, ()):
            return Meeting(Kind.BRANCH_END, node, normalized)
        if node.has_weights:
            stop = Meeting(Kind.LAYER, node, normalized) if stop.node is None else stop
        elif node.word not in SHARES:
            after = normalized or is_normalization(node)
            waiting.extend((user, node, after) for user in node.users)
    return stop


def is_nonlinear(node: Node) -> bool:
    """Whether a call is an elementwise non-linearity."""
    return node.word in NONLINEAR or (isinstance(node.call, nn.Module) and has_gain(node.call))


def is_normalization(node: Node) -> bool:
    """Whether a call brings its result to a fixed scale."""
    return isinstance(node.call, NORMALIZATIONS) or node.word in NORMAL
