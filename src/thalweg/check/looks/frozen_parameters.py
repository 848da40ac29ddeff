"""Frozen parameters: is what is frozen frozen on purpose?"""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn
from torch.optim import Optimizer

from thalweg.check.look import Seen, look
from thalweg.check.looks.answer import flow
from thalweg.check.looks.held_parameters import give_all, remembered
from thalweg.check.looks.suspect import suspect
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
from thalweg.core.wording import listed

SMALL = 0.01
"""The share of a model's numbers up to which what is frozen is a detail, such as a fixed scale."""


@look("Is what is frozen frozen on purpose?", "frozen_layer", trains=False)
def frozen_parameters(subject: Subject) -> Iterator[Seen]:
    """Yield layers that are frozen at random weights; those that were learned before may stay as they are."""
    own = dict(subject.model.named_parameters())
    names = [name for name, p in own.items() if not p.requires_grad and p.numel() > 1]
    total = sum(p.numel() for p in own.values())
    if not names:
        yield Passed(name="frozen parameters", evidence=f"all {total:,} numbers of the model are to learn")
        return
    weights = [name for name in names if own[name].ndim > 1 and _varies(own[name])]
    drawn = [name for name in weights if name not in remembered(subject)]
    share = sum(own[name].numel() for name in drawn) / total
    last = _last_layer(subject)
    at_end = [name for name in drawn if id(own[name]) in last]
    told = f"{len(names)} of {len(own)} parameters are frozen"
    if share <= SMALL and not at_end:
        kept = (
            "at weights that were learned before" if not drawn else f"{share:.1%} of all numbers at random weights"
        )
        yield Passed(name="frozen parameters", evidence=f"{told}, {kept}")
        return
    yield suspect(
        "frozen_layer",
        Severity.ERROR if at_end else Severity.WARNING,
        listed((at_end or drawn)[:3]),
        f"{told}, {len(drawn)} of them ({share:.0%} of all numbers) at random weights"
        + (", the last layer among them" if at_end else ""),
        "set requires_grad of their parameters before the optimizer is made",
        weight=0.85 if at_end else 0.7,
        numbers={"parameters": len(drawn), "share": share, "threshold": SMALL},
        change=("nothing frozen", _thawed),
        explains=("capacity_too_small", "params_not_optimised", "lr_too_low", "gradient_blocked"),
    )


def _varies(p: nn.Parameter) -> bool:
    return bool((p != p.flatten()[0]).any())


def _last_layer(subject: Subject) -> set[int]:
    """Return the ids of the parameters of the layer that comes last."""
    layers = [node.call for node in flow(subject) if node.has_weights and isinstance(node.call, nn.Module)]
    return set(map(id, layers[-1].parameters())) if layers else set()


def _thawed(setup: Setup) -> Setup:
    return setup.replace(mended=(*setup.mended, _thaw))


def _thaw(model: nn.Module, optimizer: Optimizer) -> None:
    for p in model.parameters():
        if p.is_floating_point():
            p.requires_grad_()
    give_all(model, optimizer)
