"""Step: does an update of the user's own step do what an update is to do?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from statistics import fmean

import torch
from torch import nn
from torch.optim import Optimizer

from thalweg.check.experiments.observed import Observed, Used, observed
from thalweg.check.experiments.runs import sound
from thalweg.check.experiments.skill import in_mode
from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.suspect import suspect
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
from thalweg.core.wording import listed

LEFT_OVER = 0.5
"""Weight of the gradient before, in the one that is used, from which on it was not cleared. It is 0 or 1, but for
clipping, which scales both parts alike."""

FITS = 0.05
"""Relative error up to which the gradient that is used is made of those of the batches."""

APART = 0.2
"""Cosine of the gradient that is used and the batch's below which it is of something else. Clipping leaves it 1,
penalties and mixed samples above 0.5."""

TINY, HUGE = 1e-3, 1e3
"""Factors on the gradient that are no usual clipping, and no sum in place of a mean."""

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


@look(
    "Are gradients cleared, and those of the batch?", "zero_grad", "wrong_loss", "optimizer_setting", trains=True
)
def gradients_used(subject: Subject) -> Iterator[Seen]:
    """Yield what is wrong with the gradients that the optimizer is stepped with."""
    found = observed(subject) if sound(subject) else None
    cosines = [used.cosine for used in found.used if math.isfinite(used.cosine)] if found else []
    scales = [used.scale for used in found.used if math.isfinite(used.scale)] if found else []
    if not found or not scales:
        return
    left = left_over(found.used)
    if max(scales) == 0:
        yield _uncleared(
            subject, "the optimizer steps with gradients of zero, though those of the batches are not", 0
        )
    elif left > LEFT_OVER:
        yield _uncleared(subject, f"the gradient of an update holds {left:.2g} times that of the one before", left)
    elif cosines and abs(fmean(cosines)) < APART:
        yield _of_another(fmean(cosines))
    elif not TINY < fmean(scales) < HUGE:
        yield _scaled(fmean(scales))
    elif _stale(found):
        yield _of_batch_before()
    else:
        evidence = f"in {len(found.used)} steps they are {fmean(scales):.3g} times the batch's, none is left over"
        yield Passed(name="gradients used", evidence=evidence)


def left_over(used: list[Used]) -> float:
    """Return how much of the gradient of the step before is in that of a step, where it is made of the two."""
    later = [one for one in used if math.isfinite(one.before)]
    fit = [one.before / one.fresh for one in later if one.error < FITS and one.fresh]
    return fmean(fit) if len(fit) > len(later) / 2 else 0.0


def _uncleared(subject: Subject, told: str, left: float) -> Suspicion:
    return suspect(
        "zero_grad",
        Severity.ERROR,
        "train_step",
        told,
        "call optimizer.zero_grad() once an update, before its backward pass",
        weight=0.95,
        numbers={"left over": left, "threshold": LEFT_OVER},
        change=_usual_step(subject),
        explains=OF_STEP,
    )


def _of_another(cosine: float) -> Suspicion:
    return suspect(
        "wrong_loss",
        Severity.ERROR,
        "train_step",
        f"the gradient that is used has nothing to do with that of the batch's loss (cosine {cosine:.2f})",
        "compute the loss of this batch with the problem's loss, and call backward() on it alone",
        weight=0.4,
        numbers={"cosine": cosine, "threshold": APART},
        explains=OF_STEP,
    )


def _scaled(scale: float) -> Suspicion:
    return suspect(
        "optimizer_setting",
        Severity.WARNING,
        "train_step",
        f"the gradient that is used is {scale:.2g} times that of the batch",
        "take a limit near the gradient's own norm" if scale < 1 else "take the mean over the batch, not a sum",
        weight=0.4,
        numbers={"factor": scale, "threshold": TINY if scale < 1 else HUGE},
        explains=OF_STEP,
    )


def _of_batch_before() -> Suspicion:
    return suspect(
        "wrong_loss",
        Severity.WARNING,
        "train_step",
        "the loss that the step returns is that of the batch before",
        "return the loss that this call computed",
        weight=0.9,
    )


def _stale(found: Observed) -> bool:
    """Whether every loss returned is that of the batch before, and they are not their own."""
    own = all(map(_near, found.losses, found.own))
    return len(found.losses) > 1 and not own and all(map(_near, found.losses[1:], found.own[:-1]))


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= SAME * max(abs(one), abs(other))


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
    elif downhill and fmean(downhill) < UPHILL:
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
        remedy, change = "call optimizer.step() after the backward pass", _usual_step(subject)
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
        change=("maximize=False", _descending) if climbs else _usual_step(subject),
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


def _usual_step(subject: Subject) -> Change | None:
    if subject.setup.train_step is None:
        return None
    return "the usual step: clear, backward, step", partial(Setup.replace, train_step=None)
