"""Initial weights: do layers keep the signal at its size, and are units different from each other?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.activations import activations
from thalweg.check.looks.answer import examples, flow
from thalweg.check.looks.suspect import suspect
from thalweg.check.once import once
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
from thalweg.core.wording import listed
from thalweg.init.flow import Node
from thalweg.init.layers import Layer
from thalweg.init.meeting import Kind, first_meeting
from thalweg.init.rehearsal import rehearsal
from thalweg.init.residual import branches

GAINS = (0.1, 5.0)
"""Spread of a layer's outputs over samples, over that of its inputs, within which its initialization is usual:
torch's own gives 0.58, Glorot & Bengio 2010 1, He et al. 2015 1.41, normal weights of 0.05 after 3136 inputs
2.8."""

FADED, GROWN = 1e-3, 1e3
"""Spread of the last hidden outputs over that of the inputs, within which the signal comes through. torch's own
initialization divides it by 2.4 at each layer with ReLU: seven such layers come to 2e-3."""

LOST = 1e-4
"""Root mean square of the gradient by the outputs of the first layer over that of the last hidden one, below which
the first layer does not learn beside the others; above its inverse it is the last one that does not."""

EQUAL = 0.1
"""Spread of the rows of a gradient, relative to its size, below which units stay the same: their biases may
differ."""

NONE = 1e-6
"""Size of a gradient, relative to the largest of all parameters, that is rounding."""


@dataclass
class Passage:
    """A layer with the signal through it.

    Attributes:
        name: Of the layer.
        given: Standard deviation over samples of what comes into it.
        spread: The same of what it gives.
        gradient: Root mean square of the gradient by its outputs; 0 if none came.
        free: Whether its scale matters: no normalization follows, it ends no residual branch, and is not the last.
    """

    name: str
    given: float
    spread: float
    gradient: float = 0.0
    free: bool = True

    @property
    def gain(self) -> float:
        """How many times as large outputs are as inputs."""
        return self.spread / self.given


@look("Does the signal come through the fresh net, both ways?", "weight_init", "vanishing_gradient", trains=False)
def signal_size(subject: Subject) -> Iterator[Seen]:
    """Yield initial weights under which outputs or gradients grow or fade from layer to layer."""
    every = passages(subject)
    found = [passage for passage in every if passage.free]
    if not found:
        return
    last, back = found[-1].spread / every[0].given, _back(found)
    odd = [passage for passage in found if not GAINS[0] <= passage.gain <= GAINS[1]]
    told = f"from inputs to {found[-1].name} the spread over samples changes by a factor of {last:.2g}"
    through = FADED <= last <= GROWN and LOST <= back <= 1 / LOST
    if odd and (len(odd) > 1 or not through or _is_far(odd[0].gain)):
        yield _scaled(subject, odd, told)
    elif not through:
        yield _lost(subject, found, told, back)
    else:
        gains = [passage.gain for passage in found]
        evidence = f"{told}; gains of layers are {min(gains):.2g} to {max(gains):.2g}"
        yield Passed(name="signal size", evidence=evidence)


def _is_far(gain: float) -> bool:
    """Whether a gain is so far from usual ones that a single layer of it is enough."""
    return not GAINS[0] / 5 <= gain <= 2 * GAINS[1]


def _back(found: list[Passage]) -> float:
    """Return the gradient at the first layer over that at the last, closed branches left out."""
    reached = [passage.gradient for passage in found if passage.gradient > 0]
    return reached[0] / reached[-1] if reached else 1.0


@once
def passages(subject: Subject) -> list[Passage]:
    """Return the signal through every linear and convolution layer, in the order in which it comes to them."""
    nodes = flow(subject)
    ends = branches(nodes)
    calls: dict[Any, Node] = {node.call: node for node in reversed(nodes) if isinstance(node.call, Layer)}
    found: dict[nn.Module, Passage] = {}

    def note(module: nn.Module, args: Any, output: Any) -> None:
        node = calls[module]
        passage = Passage(node.name, _over_samples(args[0]), _over_samples(output), free=_is_free(node, ends))
        if module in found or not passage.given > 0:
            return
        found[module] = passage
        if output.requires_grad:
            output.register_hook(lambda g: setattr(passage, "gradient", g.double().square().mean().sqrt().item()))

    hooks = [module.register_forward_hook(note) for module in calls]
    try:
        _gradients(subject)
    finally:
        for hook in hooks:
            hook.remove()
    return list(found.values())


def _over_samples(x: Tensor) -> float:
    return x.detach().double().var(0, correction=0).mean().sqrt().item()


def _is_free(node: Node, ends: dict[Node, set[Node]]) -> bool:
    meeting = first_meeting(node, ends)
    return not meeting.normalized and meeting.kind in (Kind.NONLINEARITY, Kind.LAYER)


@once
def gradients_at_start(subject: Subject) -> dict[str, Tensor]:
    """Return the gradient of the first loss by each parameter that it reaches; nothing if it cannot be had."""
    return _gradients(subject)


def _gradients(subject: Subject) -> dict[str, Tensor]:
    named = {name: p for name, p in subject.model.named_parameters() if p.requires_grad}
    x, y = examples(subject)
    try:
        with rehearsal(subject.model), torch.enable_grad():
            loss = subject.setup.problem.loss(subject.model(x), y)
            found = torch.autograd.grad(loss, list(named.values()), allow_unused=True)
    except Exception:  # of the user's own code
        return {}
    return {
        name: (g.to_dense() if g.is_sparse else g) for name, g in zip(named, found, strict=True) if g is not None
    }


def _scaled(subject: Subject, odd: list[Passage], told: str) -> Suspicion:
    worst = max(odd, key=lambda one: max(one.gain, 1 / max(one.gain, 1e-30)))
    return suspect(
        "weight_init",
        Severity.WARNING,
        listed([one.name for one in odd[:3]]),
        f"{worst.name} gives outputs {worst.gain:.2g} times as large as its inputs, where {GAINS[0]:g} to "
        f"{GAINS[1]:g} is usual; {told}",
        'draw weights with variance 2 / inputs (He) or 1 / inputs (Glorot): init="auto"',
        weight=0.85 if _is_far(worst.gain) else 0.55,
        numbers={"gain": worst.gain, "threshold": GAINS[1] if worst.gain > 1 else GAINS[0]},
        change=_anew(subject),
        pictures=activations(subject.model, examples(subject)[0], when="at the start"),
        explains=(
            "exploding_gradient",
            "vanishing_gradient",
            "saturation",
            "dead_relu",
            "lr_too_high",
            "lr_too_low",
            "numerical_instability",
            "capacity_too_small",
        ),
    )


def _lost(subject: Subject, found: list[Passage], told: str, back: float) -> Suspicion:
    fades = back < LOST
    return suspect(
        "vanishing_gradient" if fades else "weight_init",
        Severity.WARNING,
        found[0].name,
        f"{told}, and the gradient from {found[-1].name} back to {found[0].name} by one of {back:.2g}",
        'choose initial weights by the non-linearities, init="auto", or put normalization between the layers',
        weight=0.6,
        numbers={"back": back, "threshold": LOST},
        change=_anew(subject),
        pictures=activations(subject.model, examples(subject)[0], when="at the start"),
        explains=("saturation", "lr_too_low", "capacity_too_small")
        + (("weight_init",) if fades else ("vanishing_gradient", "exploding_gradient")),
    )


def _anew(subject: Subject) -> tuple[str, Callable[[Setup], Setup]] | None:
    if subject.setup.config.init is not None:
        return None
    return 'init="auto"', lambda setup: setup.replace(config=setup.config.replace(init="auto"))


@look("Are the units of a layer different from each other?", "weight_init", trains=False)
def different_units(subject: Subject) -> Iterator[Seen]:
    """Yield layers whose units are the same and get the same gradient: they never become different."""
    gradients = gradients_at_start(subject)
    layers = [
        (name, p)
        for name, p in subject.model.named_parameters()
        if p.ndim > 1 and len(p) > 1 and name in gradients and not _is_embedding(subject.model, name)
    ]
    same = [name for name, p in layers if _rows_are_equal(p.detach())]
    largest = max((gradient.norm().item() for gradient in gradients.values()), default=0.0)
    stuck = [name for name in same if _stay_equal(gradients[name], largest)]
    if stuck:
        yield _symmetric(stuck, bool(subject.model.get_parameter(stuck[0]).any()))
    elif layers:
        rest = f", and {len(same)} whose rows are, but not their gradients" if same else ""
        yield Passed(name="different units", evidence=f"{len(layers)} weights, none with equal rows{rest}")


def _is_embedding(model: nn.Module, name: str) -> bool:
    owner = model.get_submodule(name.rpartition(".")[0])
    return isinstance(owner, nn.Embedding | nn.EmbeddingBag)


def _rows_are_equal(weight: Tensor) -> bool:
    return bool((weight == weight[0]).all())


def _stay_equal(gradient: Tensor, largest: float) -> bool:
    """Whether units that are the same stay so: their gradients are the same, or there is none."""
    rows = gradient.flatten(1).double()
    size = rows.norm().item()
    return size <= NONE * largest or (rows - rows.mean(0)).norm().item() <= EQUAL * size


def _symmetric(names: list[str], constant: bool) -> Suspicion:
    what = "the same weights" if constant else "weights of zero"
    return suspect(
        "weight_init",
        Severity.ERROR,
        listed(names[:3]),
        f"all units of {listed(names[:3])} have {what}, and the same gradient: they stay the same for ever",
        "draw weights at random",
        weight=1.0,
        numbers={"layers": len(names)},
        change=("weights drawn by each layer's default", _Redrawn(names)),
        explains=(
            "capacity_too_small",
            "vanishing_gradient",
            "dead_relu",
            "lr_too_low",
            "gradient_blocked",
            "class_imbalance",
        ),
    )


class _Redrawn:
    """Have the layers of some weights draw them again, each by its own default."""

    def __init__(self, names: list[str]) -> None:
        self.owners = [*dict.fromkeys(name.rpartition(".")[0] for name in names)]

    def __call__(self, setup: Setup) -> Setup:
        return setup.replace(mended=(*setup.mended, self.draw))

    def draw(self, model: nn.Module, optimizer: Optimizer) -> None:
        """Draw the weights, always with the same random numbers."""
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            for owner in self.owners:
                reset: Any = getattr(model.get_submodule(owner), "reset_parameters", None)
                if reset is not None:
                    reset()
