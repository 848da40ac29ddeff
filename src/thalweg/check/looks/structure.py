"""Structure: is there a non-linearity between two linear layers?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.answer import examples, flow
from thalweg.check.looks.linear_pairs import Pair, linear_pairs
from thalweg.check.looks.suspect import suspect
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
from thalweg.core.wording import listed
from thalweg.init.flow import Node
from thalweg.init.meeting import is_nonlinear

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": functional.relu,
    "leakyrelu": functional.leaky_relu,
    "elu": functional.elu,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "tanh": Tensor.tanh,
}
"""What is put between layers: the one that the model has elsewhere, else the first."""


@look("Is there a non-linearity between linear layers?", "missing_nonlinearity", trains=False)
def nonlinearities(subject: Subject) -> Iterator[Seen]:
    """Yield linear layers that follow each other directly: together they are one linear layer."""
    nodes = flow(subject)
    maps = [node for node in nodes if node.has_weights]
    if not maps:
        return
    pairs = linear_pairs(subject.model, examples(subject)[0], nodes)
    meant = [pair for pair in pairs if pair.factors]
    missed = [pair for pair in pairs if not pair.factors]
    if missed:
        bends = sum(map(is_nonlinear, nodes))
        yield _missing(missed, nodes, whole=bends == 0 and len(pairs) == len(maps) - 1)
    elif meant:
        yield suspect(
            "missing_nonlinearity",
            Severity.NOTE,
            _names(meant),
            f"{_told(meant)}, as factors of one layer may",
            "nothing, if that is meant; else put a non-linearity between them",
            weight=0.1,
            numbers={"pairs": len(meant)},
        )
    else:
        bends = sum(map(is_nonlinear, nodes))
        yield Passed(
            name="nonlinearities", evidence=f"{len(maps)} layers with weights, {bends} non-linearities, no pair"
        )


def _names(pairs: list[Pair]) -> str:
    return listed([f"{pair.first.name} and {pair.second.name}" for pair in pairs[:3]])


def _told(pairs: list[Pair]) -> str:
    more = f" and {len(pairs) - 3} pairs more" if len(pairs) > 3 else ""
    return f"what comes into the second of {_names(pairs)}{more} is a linear function of what the first gives"


def _missing(pairs: list[Pair], nodes: list[Node], *, whole: bool) -> Suspicion:
    word = next((node.word for node in nodes if is_nonlinear(node) and node.word in ACTIVATIONS), "relu")
    every = "; the whole model is one linear function" if whole else ""
    return suspect(
        "missing_nonlinearity",
        Severity.ERROR if whole else Severity.WARNING,
        _names(pairs),
        f"{_told(pairs)}{every}",
        f"put a non-linearity between them, such as {word}",
        weight=0.9 if whole else 0.65,
        numbers={"pairs": len(pairs)},
        change=(f"{word} after {listed([pair.first.name for pair in pairs])}", _bent(pairs, word)),
        explains=("capacity_too_small", "exploding_gradient"),
    )


def _bent(pairs: list[Pair], word: str) -> Callable[[Setup], Setup]:
    names, bend = [pair.first.name for pair in pairs], ACTIVATIONS[word]

    def through(module: nn.Module, args: Any, output: Any) -> Tensor:
        return bend(output)

    def mend(model: nn.Module, optimizer: Optimizer) -> None:
        for name in names:
            model.get_submodule(name).register_forward_hook(through)

    return lambda setup: setup.replace(mended=(*setup.mended, mend))
