"""Width: what each parameter of a model is when the model gets wider."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from torch import nn

from thalweg.core.errors import ModelError, UnknownNameError
from thalweg.init.layers import NORMALIZATIONS, Layer, Transposed

EMBEDDINGS = (nn.Embedding, nn.EmbeddingBag)


class Role(Enum):
    """Which of a parameter's dimensions grow with the width."""

    INPUT = "what it gives"
    HIDDEN = "what it takes and gives"
    OUTPUT = "what it takes"
    FIXED = "neither"


class Part(NamedTuple):
    """A parameter's part in a model.

    Attributes:
        role: Which of its dimensions grow.
        takes: The units or channels that it takes.
        gives: The units or channels that it gives.
    """

    role: Role
    takes: int
    gives: int


def parts(
    model: nn.Module, inputs: Sequence[str] | None = None, outputs: Sequence[str] | None = None
) -> dict[str, Part]:
    """Return the part of every parameter in a model that can be made wider.

    A bias, or any other vector, takes one unit, the constant 1, and gives as many as it has numbers; so it is an
    input, but that of an output layer is fixed.

    Args:
        model: The model.
        inputs: The names of the modules that take the data; embeddings if there are any, else the first module
            that has a matrix or kernel.
        outputs: The names of the modules that give the result; the last module that has a matrix or kernel.

    Raises:
        UnknownNameError: A name that is no module's.
        ModelError: No matrix, or one that is both input and output.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))
        >>> [(name, part.role.name) for name, part in parts(net).items() if "weight" in name]
        [('0.weight', 'INPUT'), ('2.weight', 'HIDDEN'), ('4.weight', 'OUTPUT')]
    """
    modules = dict(model.named_modules())
    for name in (*(inputs or ()), *(outputs or ())):
        if name not in modules:
            raise UnknownNameError("module", name, modules)
    owners = [name for name, module in modules.items() if _matrices(module)]
    if not owners:
        raise ModelError("The model has no matrix whose width could grow.", got=type(model).__name__)
    first = [name for name in owners if isinstance(modules[name], EMBEDDINGS)] or owners[:1]
    first, last = list(inputs or first), list(outputs or owners[-1:])
    _require_apart(modules, first, last)
    found: dict[str, Part] = {}
    for name, parameter in model.named_parameters():
        owner = name.rpartition(".")[0]
        module = modules[owner]
        takes, gives = _units(module, parameter)
        matrix = parameter.ndim > 1 and not isinstance(module, NORMALIZATIONS)
        if owner in last:
            role = Role.OUTPUT if matrix else Role.FIXED
        else:
            role = Role.HIDDEN if matrix and owner not in first else Role.INPUT
        found[name] = Part(role, takes, gives)
    return found


def _matrices(module: nn.Module) -> list[nn.Parameter]:
    own = [p for p in module.parameters(recurse=False) if p.ndim > 1]
    return [] if isinstance(module, NORMALIZATIONS) else own


def _units(module: nn.Module, parameter: nn.Parameter) -> tuple[int, int]:
    """Return what a parameter takes and gives; a matrix is outputs by inputs, unless its module knows better."""
    if parameter.ndim < 2 or isinstance(module, NORMALIZATIONS):
        return 1, parameter.numel()
    if isinstance(module, EMBEDDINGS):
        return parameter.shape[0], parameter.shape[1]
    if isinstance(module, Layer):
        groups = getattr(module, "groups", 1)
        pair = parameter.shape[0], parameter.shape[1]
        return (pair[0] // groups, pair[1] * groups) if isinstance(module, Transposed) else (pair[1], pair[0])
    return parameter.shape[1], parameter.shape[0]


def _require_apart(modules: dict[str, nn.Module], first: list[str], last: list[str]) -> None:
    for name in first:
        for other in last:
            ids = {id(p) for p in _matrices(modules[other])}
            if any(id(p) in ids for p in _matrices(modules[name])):
                tied = f"the layer {name or 'itself'}" if name == other else f"one matrix in {name} and {other}"
                raise ModelError(
                    "A matrix both takes the data and gives the result, so that no hidden width can grow.",
                    got=tied,
                    expected="an input and an output layer of their own",
                    remedy="untie them, or name the input and output modules",
                )
