"""Output activation: does the model give what the loss takes outputs for?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional

from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.answer import Answer, answer, flow
from thalweg.check.looks.ending import Ending, ending, without
from thalweg.check.looks.reading import Loss, Reading, reading
from thalweg.check.looks.suspect import suspect
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity

NORMALIZED = 1e-3
"""How far the probabilities of a sample may be from a sum of 1, for rounding."""

SURE = {
    "softmax": 0.95,
    "sigmoid": 0.9,
    "hardsigmoid": 0.9,
    "relu": 0.85,
    "relu6": 0.85,
    "tanh": 0.75,
    "hardtanh": 0.75,
    "softsign": 0.75,
    "softplus": 0.75,
    "exp": 0.75,
    "logsigmoid": 0.75,
    "gelu": 0.6,
    "silu": 0.6,
    "elu": 0.5,
}
"""Activations that cut scores, each with how sure it is that they are not meant. Scores of a cross-entropy have to
reach far to either side: between 0 and 1 the probability of one class of ten never exceeds e / (e + 9) = 0.23, and
the loss stays over 1.46. A logarithm of softmax is missing here: done twice it is the same."""

Linked = Callable[[Tensor], Tensor]


@look("Does the last activation fit the loss?", "output_activation", trains=False)
def output_activation(subject: Subject) -> Iterator[Seen]:
    """Yield scores that are cut or brought to probabilities before a loss that does so itself, and the reverse."""
    found, last = answer(subject), ending(subject)
    if found is None:
        return
    loss = subject.setup.problem.loss
    read_as = reading(loss, found.output, found.y)
    if read_as is None or read_as is Reading.VALUES:
        return
    seen = {
        Reading.LOGITS: _of_scores,
        Reading.BINARY_LOGITS: _of_scores,
        Reading.LOG_PROBABILITIES: _of_logarithms,
        Reading.PROBABILITIES: _of_probabilities,
        Reading.BINARY_PROBABILITIES: _of_binary,
    }[read_as](subject, found, last)
    shown = last.shown if last else "a layer, or what is none of the known activations"
    yield seen or Passed(
        name="output activation", evidence=f"the loss takes {read_as.value}; outputs come from {shown}"
    )


def are_probabilities(output: Tensor) -> bool:
    """Return whether outputs are at least 0 and add up to 1 over dimension 1.

    Example:
        >>> are_probabilities(torch.eye(3)), are_probabilities(torch.ones(2, 1)), are_probabilities(-torch.eye(3))
        (True, False, False)
    """
    if output.ndim < 2 or output.shape[1] < 2 or output.min() < 0:
        return False
    return bool(((output.double().sum(1) - 1).abs() < NORMALIZED).all())


def _of_scores(subject: Subject, found: Answer, last: Ending | None) -> Suspicion | None:
    shares = are_probabilities(found.output)
    word = "softmax" if shares else last.word if last else ""
    if word not in SURE:
        return None
    single = word == "softmax" and found.output.shape[1:2] == (1,)
    shown = last.shown if last else "outputs that add up to 1"
    why = "is always 1 for a single output" if single else "comes before a loss that takes scores of any size"
    return suspect(
        "output_activation",
        Severity.ERROR if SURE[word] > 0.8 else Severity.WARNING,
        shown,
        f"{shown} {why}: outputs range from {found.output.min():.3g} to {found.output.max():.3g}",
        "let the last layer give the scores, without an activation after it",
        weight=SURE[word],
        numbers={"lowest": found.output.min().item(), "highest": found.output.max().item()},
        change=(f"without {shown}", without(subject, last))
        if last
        else _before(subject, "the logarithm of outputs before the loss", _log),
        explains=(
            "saturation",
            "dead_relu",
            "vanishing_gradient",
            "lr_too_low",
            "capacity_too_small",
            "gradient_blocked",
            "wrong_loss",
            "weight_init",
        ),
    )


def _of_logarithms(subject: Subject, found: Answer, last: Ending | None) -> Suspicion | None:
    if are_probabilities(found.output):
        words, link = "log of outputs before the loss", _log
        told = "outputs are probabilities that add up to 1, and the loss takes their logarithms"
    elif found.output.double().logsumexp(1).abs().max() > 10 * NORMALIZED:
        words, link = "log_softmax before the loss", _log_softmax
        told = "outputs are no logarithms of probabilities: their exponentials add up to "
        told += f"{found.output.double().logsumexp(1).exp().mean():.3g} in place of 1"
    else:
        return None
    return _missing(
        subject,
        f"{told}: the loss has no minimum",
        "end the model in LogSoftmax, or take CrossEntropyLoss",
        words,
        link,
    )


def _of_probabilities(subject: Subject, found: Answer, last: Ending | None) -> Suspicion | None:
    if are_probabilities(found.output):
        return None
    told = f"the loss takes the logarithm of outputs, which range from {found.output.min():.3g} to "
    told += f"{found.output.max():.3g} and do not add up to 1"
    return _missing(
        subject, told, "end the model in Softmax, or take CrossEntropyLoss", "softmax before the loss", _softmax
    )


def _of_binary(subject: Subject, found: Answer, last: Ending | None) -> Suspicion | None:
    low, high = found.output.min().item(), found.output.max().item()
    single = last is not None and last.word == "softmax" and found.output.shape[1:2] == (1,)
    if single:
        return _of_scores(subject, found, last)
    inside = low >= 0 and high <= 1
    ends_in_layer = last is None and next((n for n in reversed(flow(subject)) if not n.users), None) in _layers(
        subject
    )
    if inside and not ends_in_layer:
        return None
    told = f"the loss takes probabilities, and outputs range from {low:.3g} to {high:.3g}"
    return _missing(
        subject,
        told,
        "take BCEWithLogitsLoss, or end the model in Sigmoid",
        "sigmoid before the loss",
        torch.sigmoid,
    )


def _layers(subject: Subject) -> list[object]:
    return [node for node in flow(subject) if node.has_weights]


def _missing(subject: Subject, told: str, remedy: str, words: str, link: Linked) -> Suspicion:
    return suspect(
        "output_activation",
        Severity.ERROR,
        "model's output",
        told,
        remedy,
        weight=0.95,
        change=_before(subject, words, link),
        explains=("wrong_loss", "loss_sign", "numerical_instability", "lr_too_high", "exploding_gradient"),
    )


def _before(subject: Subject, words: str, link: Linked) -> tuple[str, Callable[[Setup], Setup]]:
    return words, lambda setup: setup.with_problem(loss=_Linked(setup.problem.loss, link))


class _Linked:
    """A loss of what a function makes of outputs."""

    def __init__(self, loss: Loss, link: Linked) -> None:
        self.loss, self.link = loss, link

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        return self.loss(self.link(output), target)


def _log(output: Tensor) -> Tensor:
    return output.clamp(min=torch.finfo(output.dtype).tiny).log()


def _softmax(output: Tensor) -> Tensor:
    return functional.softmax(output, 1)


def _log_softmax(output: Tensor) -> Tensor:
    return functional.log_softmax(output, 1)
