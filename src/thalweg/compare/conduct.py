"""Conduct: does what a protocol says, and returns what was found."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from thalweg.compare.protocol import Protocol
from thalweg.compare.ranking import best_trials, complete, final_score, missing, ranked, standing
from thalweg.compare.result import Comparison
from thalweg.compare.statistics import against_leader
from thalweg.core.config import Config
from thalweg.core.events import Sink, silent
from thalweg.execute import Executor, Memory
from thalweg.execute.choose import ready
from thalweg.execute.environment import describe
from thalweg.optim.families import TEXTBOOK
from thalweg.optim.given import OptimizerGiven, resolve_all
from thalweg.problems import Problem, resolve
from thalweg.train.beforehand import probe_all


def compare(
    problem: Problem | str,
    optimizers: Sequence[OptimizerGiven] | OptimizerGiven | None = None,
    *,
    trials: int = 16,
    seeds: int = 10,
    base: Config | None = None,
    keep: str = "best",
    search: Mapping[str, tuple[float, float]] | None = None,
    threads: int | None = None,
    executor: Executor | str = "auto",
    sink: Sink = silent,
    command: str = "",
    memory: Memory | None = None,
) -> Comparison:
    """Compare optimizers on a problem under equal tuning budgets.

    Every optimizer gets `trials` runs with learning rates from its declared range (scrambled Sobol points,
    log-uniform), each judged at its best epoch by validation. The best trial's setting is run again on
    `seeds` fresh seeds, and only those runs touch the test split. The ranking is by their mean; intervals are
    Student's over seeds.

    Args:
        problem: What to train on, or its name in the catalog. Without a test split final scores are validation's,
            and so optimistic.
        optimizers: Names, classes such as ``torch.optim.Adam``, or functions of parameters and ``lr``; ``None``
            takes the book's eight.
        trials: Tuning runs an optimizer.
        seeds: Final runs an optimizer.
        keep: ``"best"`` judges every run at its best epoch by validation, ``"last"`` at its last.
        base: What all Configs share: length, batch size, schedule, fixed hyper-parameters.
        search: Learning-rate intervals that replace the declared ones, by optimizer's name (a class' is such as
            ``"torch.Adam"``).
        threads: Torch threads; ``None`` measures how many pay.
        executor: How runs are done: an executor, or the name of one; ``"auto"`` takes the quickest.
        sink: Hears every event.
        command: The exact command, for the record.
        memory: What a killed comparison of the same arguments had done, and where to write down what is done now.

    Returns:
        The Comparison. Ctrl-C gives what was finished, with `missing` saying what was not.

    Raises:
        InputError: A setting, problem or model that cannot be used; found before the first run.

    Example:
        >>> result = compare("digits/logistic", ["sgd", "adam"], trials=2, seeds=2, base=Config(epochs=1))
        >>> len(result.trials), len(result.finals), sorted(s.optimizer for s in result.ranking)
        (4, 4, ['adam', 'sgd'])
    """
    protocol = Protocol(
        problem=resolve(problem) if isinstance(problem, str) else problem,
        names=TEXTBOOK if optimizers is None else resolve_all(optimizers),
        trials=trials,
        seeds=seeds,
        base=base or Config(),
        keep=keep,
        search=search or {},
    )
    return conduct(protocol, threads=threads, executor=executor, sink=sink, command=command, memory=memory)


def conduct(
    protocol: Protocol,
    *,
    threads: int | None = None,
    executor: Executor | str = "auto",
    sink: Sink = silent,
    command: str = "",
    memory: Memory | None = None,
) -> Comparison:
    """Do what a `Protocol` says.

    Args:
        protocol: What is compared, and how.
        threads: Torch threads; ``None`` measures how many pay.
        executor: How runs are done: an executor, or the name of one; ``"auto"`` takes the quickest.
        sink: Hears every event.
        command: The exact command, for the record.
        memory: What a killed comparison of the same arguments had done, and where to write down what is done now.

    Returns:
        The Comparison, as `compare` describes it.

    Raises:
        InputError: A model, loss or metric that does not fit the data; found before the first run.
    """
    probe_all(protocol.problem, [protocol.base])
    began, started = datetime.now(UTC), time.perf_counter()
    with ready(executor, protocol.problem, threads) as at_hand:
        tuning = protocol.tuning()
        do = partial(at_hand.executor, memory=memory) if memory else at_hand.executor
        trials = do(tuning, sink)
        best = best_trials(protocol, trials) if len(trials) == len(tuning) else {}
        final = protocol.final(best)
        finals = do(final, sink) if final else []
        environment = describe(command, began, at_hand.said, at_hand.threads)
    whole = complete(protocol, finals)
    names = ranked(protocol, whole)
    metric = protocol.problem.objective_metric
    scores = {name: [final_score(protocol, run) for run in whole[name]] for name in names}
    pairs = against_leader(names[0], scores, higher_is_better=metric.higher_is_better) if names else []
    standings = [standing(protocol, i, name, best[name], trials, whole[name]) for i, name in enumerate(names, 1)]
    return Comparison(
        problem=protocol.problem.name,
        metric=metric.name,
        higher_is_better=metric.higher_is_better,
        target=protocol.problem.target,
        budget=protocol.trials,
        seeds=protocol.fresh_seeds,
        ranking=tuple(standings),
        pairs=tuple(pairs),
        trials=tuple(trials),
        finals=tuple(finals),
        seconds=time.perf_counter() - started,
        tested_on=protocol.tested_on,
        missing=tuple(missing(protocol, tuning, trials, finals, whole)),
        environment=environment,
    )
