"""Several: the same comparison on several problems, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, overload

from thalweg.compare import conduct as one
from thalweg.compare.comparisons import Comparisons
from thalweg.compare.protocol import Protocol
from thalweg.compare.result import Comparison
from thalweg.core.config import Config
from thalweg.core.errors import InputError
from thalweg.core.events import Event, Several, Sink, silent
from thalweg.core.wording import listed
from thalweg.execute import Memory
from thalweg.optim.families import TEXTBOOK
from thalweg.optim.given import OptimizerGiven, resolve_all
from thalweg.problems import Problem, resolve
from thalweg.train.beforehand import probe_all


@overload
def compare(
    problem: Problem | str, optimizers: Sequence[OptimizerGiven] | OptimizerGiven | None = None, **settings: Any
) -> Comparison: ...


@overload
def compare(
    problem: Sequence[Problem | str],
    optimizers: Sequence[OptimizerGiven] | OptimizerGiven | None = None,
    **settings: Any,
) -> Comparisons: ...


def compare(
    problem: Problem | str | Sequence[Problem | str],
    optimizers: Sequence[OptimizerGiven] | OptimizerGiven | None = None,
    **settings: Any,
) -> Comparison | Comparisons:
    """Compare optimizers under equal tuning budgets: on one problem, or on each of several.

    Each problem is compared as `thalweg.compare.conduct.compare` says. Over several there are performance profiles
    beside the tables: the share of problems that an optimizer solves at most tau times as dearly as the best one
    does, and its integral, the AlgoPerf score. A problem without a target has no part in them.

    Args:
        problem: What to train on, or its name in the catalog; or a list of these.
        optimizers: Names, classes or functions; ``None`` takes the book's eight.
        settings: What `thalweg.compare.conduct.compare` takes beside: `trials`, `seeds`, `base`, `keep`, `search`,
            `threads`, `executor`, `sink`, `command`, `memory`. With several problems each run's id begins with its
            problem's name, such as ``"digits/mlp-1/adam/seed-3"``.

    Returns:
        The Comparison, or the Comparisons. Ctrl-C gives what was finished, with `missing` saying what was not.

    Raises:
        InputError: A setting, problem or model that cannot be used; found before the first run.

    Example:
        >>> both = ["digits/logistic", "cancer/mlp-1"]
        >>> result = compare(both, ["sgd", "adam"], trials=2, seeds=1, base=Config(epochs=2))
        >>> result.problems, {profile.optimizer for profile in result.by("updates")} == {"sgd", "adam"}
        (('digits/logistic', 'cancer/mlp-1'), True)

    Reference:
        Dolan & More 2002, Section 2; Dahl et al. 2023, Section 4.5.
    """
    if isinstance(problem, Problem | str):
        return one.compare(problem, optimizers, **settings)
    return _compare(problem, optimizers, **settings)


def _compare(
    problems: Sequence[Problem | str],
    optimizers: Sequence[OptimizerGiven] | OptimizerGiven | None,
    *,
    trials: int = 16,
    seeds: int = 10,
    base: Config | None = None,
    keep: str = "best",
    search: Mapping[str, tuple[float, float]] | None = None,
    **how: Any,
) -> Comparisons:
    names = TEXTBOOK if optimizers is None else resolve_all(optimizers)
    protocols = [
        Protocol(
            problem=resolve(problem) if isinstance(problem, str) else problem,
            names=names,
            trials=trials,
            seeds=seeds,
            base=base or Config(),
            keep=keep,
            search=search or {},
        )
        for problem in problems
    ]
    return conduct(protocols, **how)


def conduct(
    protocols: Sequence[Protocol], *, sink: Sink = silent, memory: Memory | None = None, **how: Any
) -> Comparisons:
    """Do what several protocols say, one after the other, and return the comparisons with their profiles.

    Args:
        protocols: One a problem; they differ by nothing else.
        sink: Hears every event; each run's id begins with its problem's name.
        memory: What a killed comparison of the same arguments had done, and where to write down what is done now.
        how: What `thalweg.compare.conduct.conduct` takes beside: `threads`, `executor`, `command`.

    Returns:
        The Comparisons. After Ctrl-C nothing more is begun, and `missing` names the problems left out.

    Raises:
        InputError: No problem, one named twice, or one that cannot be trained; found before the first run.
    """
    names = [protocol.problem.name for protocol in protocols]
    if not names or len(set(names)) < len(names):
        raise InputError("compare needs problems, each once.", got=", ".join(names) or "none")
    for protocol in protocols:
        probe_all(protocol.problem, [protocol.base])
    done = list[Comparison]()
    for protocol, name in zip(protocols, names, strict=True):
        own = {"sink": _named(name, sink), "memory": memory and _of(memory, name, len(done))}
        try:
            done.append(one.conduct(protocol, **own, **how))
        except KeyboardInterrupt:  # between runs, where no executor was there to hear it
            break
        if done[-1].missing:
            break
    left = names[len(done) :]
    return Comparisons.of(done, [f"Interrupted before {listed(left)}."] if left else [])


def _of(memory: Memory, problem: str, number: int) -> Memory:
    """Return what is remembered of one problem, by the ids that its runs have there."""
    known = {run_id: run for run_id, run in memory.runs.items() if run_id.startswith(f"{problem}/")}
    return Memory(
        memory.folder and memory.folder / str(number),
        {run_id.removeprefix(f"{problem}/"): run for run_id, run in known.items()},
    )


def _named(problem: str, sink: Sink) -> Sink:
    """Return a sink that hands on every event with the problem's name before its run's."""

    def named(event: Event) -> Event:
        inner = {"events": tuple(map(named, event.events))} if isinstance(event, Several) else {}
        return replace(event, run_id=f"{problem}/{event.run_id}", **inner)

    return lambda event: sink(named(event))
