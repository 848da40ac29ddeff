"""Conduct: the door of the package. A set-up goes in, a diagnosis comes out, and nothing of the user's changes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from thalweg.check.apart import copied, undisturbed
from thalweg.check.budget import seconds as in_seconds
from thalweg.check.budget import within
from thalweg.check.diagnosis import Diagnosis
from thalweg.check.inquiry import Inquiry
from thalweg.check.measurable import measurable
from thalweg.check.outputs import read
from thalweg.check.setup import Setup, TrainStep
from thalweg.check.suite import Heard
from thalweg.check.trace import Trace
from thalweg.core.config import Config
from thalweg.execute.environment import describe
from thalweg.problems import Problem, resolve
from thalweg.train.factory import OptimizerFactory
from thalweg.train.threads import measure, threads

TIMED = 0.1
"""Seconds for which updates are timed with one torch thread, and with all."""

MOMENTS = 3
"""Updates that a diagnosis keeps in full: the first, one in between and the last."""


def check(
    problem: Problem | str,
    optimizer: str | Config | OptimizerFactory | None = None,
    *,
    train_step: TrainStep | None = None,
    shuffle: bool = True,
    epochs: int | None = None,
    budget: float | str = "60s",
    seed: int = 0,
) -> Diagnosis:
    """Find out whether training goes wrong by a bug or by a bad setting, and try the remedy.

    Looks at data, model and initial weights, trains copies for a few updates at a time, and names what is wrong
    with the numbers that show it. For each fault that can be mended by a program the set-up is trained without
    the remedy and with it, for the same updates from the same seeds; a finding whose remedy does not help counts
    less. Then it looks again at the mended set-up: what is gone is told as a consequence, what is left as another
    fault.

    The model, the data, the optimizer and all generators of random numbers are as before afterwards.

    Args:
        problem: Model, loss and data, or a name of the catalog.
        optimizer: A registry name, a Config, or a function from the list of parameters to a
            ``torch.optim.Optimizer``; the default of `Config` if left out.
        train_step: Your own step, ``(model, optimizer, loss, x, y) -> loss``, if you have one: it clears
            gradients, calls ``backward()`` and steps the optimizer. It has to work on what it is given, not on a
            model of its own.
        shuffle: Whether every epoch has its own order of samples; else they come as they lie.
        epochs: How long you mean to train, >= 1; the Config's or the problem's if left out.
        budget: Seconds, > 0, or text such as ``"60s"`` or ``"2min"``. What there was no time for is said.
        seed: Of all that is drawn; the same seed and enough time give the same findings.

    Returns:
        The Diagnosis: ``findings``, most likely cause first, ``passed`` and ``unchecked``. ``show()`` prints it. A
        model that cannot run at all is a finding too.

    Raises:
        UnknownNameError: No such problem or optimizer.
        InputError: An argument that cannot be used, or a set-up that cannot be examined at all.

    Example:
        >>> import thalweg as tw
        >>> diagnosis = tw.check("digits/logistic", "adam", epochs=2, budget=20)
        >>> diagnosis.errors
        ()
    """
    task = resolve(problem) if isinstance(problem, str) else problem
    setup = Setup.of(task, optimizer, train_step=train_step, shuffle=shuffle, epochs=epochs)
    return conduct(setup, budget=budget, seed=seed)


def conduct(
    setup: Setup,
    *,
    budget: float | str = "60s",
    seed: int = 0,
    command: str = "",
    heard: Heard = lambda what: None,
) -> Diagnosis:
    """Examine a `Setup`, as `check` says.

    Args:
        setup: What is examined.
        budget: Seconds, or text.
        seed: Of all that is drawn.
        command: The exact command, for the record.
        heard: Hears what is being done, in a few words.

    Raises:
        InputError: A set-up that cannot be examined at all.
    """
    began, started, allowed = datetime.now(UTC), time.perf_counter(), in_seconds(budget)
    with undisturbed(), within(allowed):
        own = measurable(read(copied(setup), seed), seed)
        with _threads(own.problem) as count:
            inquiry = Inquiry(own, seed, heard)
            inquiry.conduct()
            trace, config = _recorded(inquiry)
    left_out = [f"Is {metric.name} right? It cannot be measured." for metric in setup.problem.metrics]
    return Diagnosis(
        problem=setup.problem.name,
        config=config,
        findings=inquiry.findings,
        passed=inquiry.passed,
        unchecked=(*inquiry.unchecked, *(left_out if len(own.problem.metrics) < len(left_out) else ())),
        trace=trace,
        budget=allowed,
        seconds=time.perf_counter() - started,
        environment=describe(command, began, f"trained on {count} torch thread{'s' if count > 1 else ''}", count),
    )


def _recorded(inquiry: Inquiry) -> tuple[Trace | None, Config]:
    """The trace that the looks shared, if any did, and the Config that names the optimizer, the user's own too."""
    subject = inquiry.subject
    trace = vars(subject).get("trace")  # where what is measured once is kept
    try:
        config = subject.trainee.learner.config
    except Exception:  # of the user's own code, in a set-up that nobody came to train
        config = subject.setup.config
    return trace and trace.thinned(MOMENTS), config


@contextmanager
def _threads(problem: Problem) -> Iterator[int]:
    """Use as many torch threads as pay."""
    try:
        count = measure(problem, seconds=TIMED)
    except Exception:  # of a model that cannot run
        count = 1
    with threads(count):
        yield count
