"""Modes: is the model the same each time in evaluation mode, and all of it in training mode while it trains?"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd  # pyright: ignore[reportPrivateUsage]

from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.answer import evaluating, examples
from thalweg.check.looks.suspect import suspect
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
from thalweg.core.wording import listed

MOVED = 1e-4
"""Difference of two outputs for the same samples, relative to their spread, beyond rounding."""

Norm = nn.modules.batchnorm._BatchNorm


@look("Is the model the same each time in evaluation mode?", "train_eval_mode", trains=False)
def steady_outputs(subject: Subject) -> Iterator[Seen]:
    """Yield models that draw random numbers in evaluation mode: dropout that is never off."""
    x, model = examples(subject)[0], subject.model
    first, second = _evaluated(model, x, 0), _evaluated(model, x, 1)
    if first is None or second is None:
        return
    spread = first.std(0, correction=0).mean().item() or first.abs().mean().item() or 1.0
    moved = (second - first).abs().mean().item() / spread
    if moved > MOVED:
        yield suspect(
            "train_eval_mode",
            Severity.WARNING,
            "model",
            f"in evaluation mode two outputs for the same samples differ by {moved:.2g} of their spread",
            "pass training=self.training to functional.dropout, or take nn.Dropout; draw noise in training alone",
            weight=0.8,
            numbers={"difference": moved, "threshold": MOVED},
            explains=("train_val_mismatch", "dropout_too_high"),
        )
    else:
        yield Passed(name="steady outputs", evidence=f"two outputs differ by {moved:.1g} of their spread")


def _evaluated(model: nn.Module, x: Tensor, seed: int) -> Tensor | None:
    try:
        with evaluating(model, seed=seed):
            output = model(x)
    except Exception:  # of the user's own code
        return None
    return output if isinstance(output, Tensor) and output.is_floating_point() and output.ndim else None


@look("Is all of the model in training mode while it trains?", "train_eval_mode", trains=False)
def modes_in_training(subject: Subject) -> Iterator[Seen]:
    """Yield dropout and batch normalization that stay in evaluation mode when the model is told to train."""
    model = subject.model
    modes = {module: module.training for module in model.modules()}
    kinds = (_DropoutNd, Norm)
    try:
        model.train()
        held = [
            name for name, module in model.named_modules() if isinstance(module, kinds) and not module.training
        ]
    finally:
        for module, mode in modes.items():
            module.training = mode
    fresh = [name for name in held if not _is_loaded(model.get_submodule(name))]
    if fresh:
        yield _held(fresh)
    elif any(isinstance(module, kinds) for module in model.modules()):
        kept = f", but for {len(held)} normalizations with statistics that were learned before" if held else ""
        yield Passed(
            name="modes in training", evidence=f"dropout and batch normalization follow model.train(){kept}"
        )


def _is_loaded(module: nn.Module) -> bool:
    """Whether a normalization has running statistics already, as a frozen one that was trained before."""
    mean = getattr(module, "running_mean", None)
    return isinstance(mean, Tensor) and bool(mean.any())


def _held(names: list[str]) -> Suspicion:
    return suspect(
        "train_eval_mode",
        Severity.WARNING,
        listed(names[:3]),
        f"{len(names)} layers stay in evaluation mode after model.train(): {listed(names[:3])}",
        "leave train() as it is, or call it again after eval()",
        weight=0.7,
        numbers={"layers": len(names)},
        explains=("overfitting", "train_val_mismatch"),
    )
