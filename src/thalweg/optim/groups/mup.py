"""muP: rates that let the best learning rate of a narrow model serve a wide one."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from thalweg.core.bounds import POSITIVE
from thalweg.init.mup import BASE_WIDTH
from thalweg.init.width import Part, Role, parts
from thalweg.optim.groups.multiplier import Multiplier, Multipliers


def mup(
    model: nn.Module,
    *,
    base_width: float = BASE_WIDTH,
    adaptive: bool = True,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
) -> Multipliers:
    """Return the rates of the maximal update parametrization.

    ==================  =====================  ==============  ==============
    ..                  input, and vectors     hidden          output
    ==================  =====================  ==============  ==============
    Adam and its kin    1                      base / takes    base / takes
    SGD                 gives / base           1               base / takes
    ==================  =====================  ==============  ==============

    ``takes`` and ``gives`` are the units or channels of the parameter itself (`thalweg.init.width`), so that
    layers may differ in width. At the base width all rates are 1. Initialize by `thalweg.init.mup_` with the same
    base.

    Args:
        model: The model.
        base_width: The width at which the rate was tuned, > 0.
        adaptive: Whether an update does not depend on the gradient's scale: so it is for Adam, Adagrad, RMSprop,
            Lion and their kin, but not for SGD and momentum.
        inputs: The names of the modules that take the data; embeddings if there are any, else the first module
            that has a matrix or kernel.
        outputs: The names of the modules that give the result; the last module that has a matrix or kernel.

    Raises:
        OutOfRangeError: A base width that is not positive.
        UnknownNameError: A name that is no module's.
        ModelError: No matrix, or one that is both input and output, such as an embedding that is tied to the head.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 3))
        >>> {name: m.lr for name, m in mup(net, base_width=64).items() if "weight" in name}
        {'0.weight': 1.0, '2.weight': 0.25, '4.weight': 0.25}

    Reference:
        G. Yang, E. J. Hu et al., "Tensor Programs V: Tuning Large Neural Networks via Zero-Shot Hyperparameter
        Transfer", 2022, Table 3. Their Table 8 is the same in function (Lemma J.1), with a multiplier in the
        forward pass, which parameter groups cannot give; so tied embeddings are refused. Decay that is multiplied
        by the rate shrinks with it.
    """
    base_width = POSITIVE.check("The base width of muP", base_width)
    rate = _adaptive if adaptive else _proportional
    return {name: Multiplier(lr=rate(part, base_width)) for name, part in parts(model, inputs, outputs).items()}


def _adaptive(part: Part, base: float) -> float:
    return base / part.takes if part.role in (Role.HIDDEN, Role.OUTPUT) else 1.0


def _proportional(part: Part, base: float) -> float:
    if part.role is Role.INPUT:
        return part.gives / base
    return base / part.takes if part.role is Role.OUTPUT else 1.0
