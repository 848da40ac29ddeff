"""Step: does an update move what it is to move, where it is to move, in the right mode?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from statistics import fmean

import torch
from torch import nn
from torch.optim import Optimizer

from thalweg.check.experiments.observed import Observed, observed
from thalweg.check.experiments.runs import sound
from thalweg.check.experiments.skill import in_mode
from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.answer import answer
from thalweg.check.looks.loss_sign import right_and_wrong
from thalweg.check.looks.suspect import suspect
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
from thalweg.core.wording import listed

UPHILL = -0.05
"""Cosine of an update and the negative gradient below which it climbs; that of Adam's first is above 0.1."""

FIRST = 3
"""Updates of which that is taken: later ones may well go on against a gradient, by momentum."""

SAME = 1e-3
"""Relative difference of losses that are the same but for rounding."""

OF_STEP = (
    "lr_too_high",
    "lr_too_low",
    "capacity_too_small",
    "exploding_gradient",
    "optimizer_setting",
    "labels_wrong",
)
"""What a wrong step looks like."""

Change = tuple[str, Callable[[Setup], Setup]]


@look("Do updates move all parameters, downhill?", "params_not_optimised", "loss_sign", trains=True)
def updates_made(subject: Subject) -> Iterator[Seen]:
    """Yield parameters that are not moved, and updates that climb."""
    found = observed(subject) if sound(subject) else None
    downhill = [cosine for cosine in found.descent if math.isfinite(cosine)][:FIRST] if found else []
    if not found:
        return
    still = [name for name in found.moved if found.reached[name] > 0 and _never_moved(subject, found, name)]
    emptied = found.used and not any(used.scale for used in found.used)
    if still and not emptied and not _frozen_by_rate(subject, still):
        yield _unmoved(subject, found, still)
    elif downhill and fmean(downhill) < UPHILL and not _is_meant(subject):
        yield _climbs(subject, fmean(downhill))
    elif downhill and not still:
        evidence = f"all {len(found.moved)} parameters move, at a cosine of {fmean(downhill):.2f} to downhill"
        yield Passed(name="updates made", evidence=evidence)


def _never_moved(subject: Subject, found: Observed, name: str) -> bool:
    return found.moved[name] == 0 and not any(
        name in moment.weights and moment.weights[name].update > 0 for moment in subject.trace.moments
    )


def _frozen_by_rate(subject: Subject, names: list[str]) -> bool:
    """Whether all of these have a learning rate of zero, as layers have that are kept on purpose."""
    parameters = {id(subject.model.get_parameter(name)) for name in names}
    groups = subject.trainee.learner.optimizer.param_groups
    return parameters <= {id(p) for group in groups if not group.get("lr", 1.0) for p in group["params"]}


def _unmoved(subject: Subject, found: Observed, still: list[str]) -> Suspicion:
    evidence = f"{len(still)} of {len(found.moved)} parameters get gradients and do not move"
    remedy, change = (
        "give the optimizer all of model.parameters(), of this model",
        ("all parameters given", _giving),
    )
    if not found.used:
        evidence = f"optimizer.step() is not called in {len(found.losses)} updates: no parameter moves"
        remedy, change = "call optimizer.step() after the backward pass", usual_step(subject)
    return suspect(
        "params_not_optimised",
        Severity.ERROR,
        listed(still[:3]) + (" and more" if len(still) > 3 else ""),
        evidence,
        remedy,
        weight=0.95,
        numbers={"parameters": len(found.moved), "unmoved": len(still)},
        change=change,
        explains=OF_STEP,
    )


def _giving(setup: Setup) -> Setup:
    return setup.replace(mended=(*setup.mended, _give))


def _give(model: nn.Module, optimizer: Optimizer) -> None:
    """Have the optimizer hold every trainable parameter of the model."""
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    missing = [p for p in model.parameters() if p.requires_grad and id(p) not in held]
    if missing:
        optimizer.add_param_group({"params": missing})


def _is_meant(subject: Subject) -> bool:
    """Whether to climb leads to right outputs: they have the higher loss."""
    found = answer(subject)
    pair = found and right_and_wrong(subject.setup.problem.loss, found)
    return pair is not None and pair[0] > pair[1]


def _climbs(subject: Subject, cosine: float) -> Suspicion:
    climbs = any(group.get("maximize") for group in subject.trainee.learner.optimizer.param_groups)
    return suspect(
        "loss_sign",
        Severity.ERROR,
        "optimizer" if climbs else "train_step",
        f"updates climb: their cosine to the negative gradient is {cosine:.2f}",
        "leave maximize=True out" if climbs else "call backward() on the loss itself, without a minus",
        weight=0.95,
        numbers={"cosine": cosine, "threshold": UPHILL},
        change=("maximize=False", _descending) if climbs else usual_step(subject),
        explains=OF_STEP,
    )


def _descending(setup: Setup) -> Setup:
    return setup.replace(mended=(*setup.mended, _descend))


def _descend(model: nn.Module, optimizer: Optimizer) -> None:
    del model
    for group in optimizer.param_groups:
        group["maximize"] = False


@look("Is the model in training mode while it trains?", "train_eval_mode", trains=True)
def mode_in_training(subject: Subject) -> Iterator[Seen]:
    """Yield a model that is trained in evaluation mode."""
    found = observed(subject) if sound(subject) else None
    if found is None:
        return
    if found.training:
        yield Passed(name="mode in training", evidence=f"in training mode in {len(found.losses)} updates")
        return
    matters = _mode_matters(subject)
    yield suspect(
        "train_eval_mode",
        Severity.WARNING if matters else Severity.NOTE,
        "train_step" if subject.setup.train_step else "model",
        "the model is in evaluation mode in the forward pass of its updates"
        + ("" if matters else ", which makes no difference to this one"),
        "call model.train() before the updates, and after every evaluation",
        weight=1.0 if matters else 0.95,
        change=("model.train() before every update", _training),
        explains=("overfitting", "dropout_too_high", "train_val_mismatch", "lr_too_high"),
    )


def _mode_matters(subject: Subject) -> bool:
    outputs = list[torch.Tensor]()
    for training in (True, False):
        with torch.no_grad(), in_mode(subject.model, training), torch.random.fork_rng(devices=[]):
            outputs.append(subject.model(subject.batch[0]))
    return not torch.allclose(*outputs, rtol=SAME, atol=SAME * float(outputs[1].abs().max()))


def _training(setup: Setup) -> Setup:
    """Return the set-up with the usual step, and a model in training mode."""
    return setup.replace(train_step=None, mended=(*setup.mended, _in_training))


def _in_training(model: nn.Module, optimizer: Optimizer) -> None:
    del optimizer
    model.train()


def usual_step(subject: Subject) -> Change | None:
    """Return the change to the usual step, where the user has another."""
    if subject.setup.train_step is None:
        return None
    return "the usual step: clear, backward, step", partial(Setup.replace, train_step=None)
