"""Conduct: does what a plan says, and returns what was found."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from thalweg.core.config import Config
from thalweg.core.events import Sink, silent
from thalweg.execute import Executor, Memory
from thalweg.execute.choose import name_of, ready
from thalweg.execute.environment import describe
from thalweg.optim.given import OptimizerGiven, resolve_all
from thalweg.problems import Problem, resolve
from thalweg.sweep.confirm import Confirmation, confirm
from thalweg.sweep.cost import saved, spent
from thalweg.sweep.explore import CutShortError, Explorer
from thalweg.sweep.importance import importance
from thalweg.sweep.plan import Plan
from thalweg.sweep.presets import settled
from thalweg.sweep.recommendation import Recommendation, recommend
from thalweg.sweep.result import SweepResult
from thalweg.sweep.space import Given, Space
from thalweg.train.threads import threads as on


def sweep(
    problem: Problem | str,
    optimizer: OptimizerGiven | Sequence[OptimizerGiven] = "adam",
    space: Given | None = None,
    *,
    trials: int | None = None,
    seeds: int | None = None,
    sampler: str | None = None,
    halving: bool | None = None,
    narrow: bool | None = None,
    repeats: int = 1,
    fraction: float | None = None,
    eta: float = 3,
    least: int = 1,
    base: Config | None = None,
    preset: str | None = None,
    threads: int | None = None,
    executor: Executor | str = "auto",
    sink: Sink = silent,
    command: str = "",
    memory: Memory | None = None,
) -> SweepResult:
    """Try many settings on a problem, and recommend the best, with how sure that is.

    Settings come from `space`, with the learning rate in the optimizer's declared interval if it says nothing
    else. Trials wait for each other now and then and only the best third goes on (successive halving); a third
    of the settings is kept for a second round around the best of the first. The best setting is run again on
    fresh seeds: these give the band, and the noise that the basin of learning rates is measured by. The test
    split is never touched, and nothing of yours is changed: model, optimizer and random state stay as they are.

    The same arguments give the same result (but for times), whatever the executor: points depend on the seed of
    `base` and on the scores to six digits, equals rank by their number.

    Args:
        problem: What to train on, or its name in the catalog.
        optimizer: A name, class or function, or several, which are then searched too; see
            `thalweg.optim.given.resolve`.
        space: Setting -> range, such as ``{"lr": tw.log(1e-5, 1), "batch_size": tw.choice(32, 128)}``: any
            hyper-parameter or option of the optimizers, and fields of Config. See `thalweg.sweep.space.Space.of`.
        trials: Settings that are tried; 32 if left out.
        seeds: Runs of the best setting on fresh seeds; 5 if left out.
        sampler: ``"sobol"`` (if left out), ``"grid"``; or Optuna's ``"tpe"``, ``"gp"``, ``"cmaes"``.
        halving: Whether trials that fall behind end early; True if left out.
        narrow: Whether sobol and grid go from coarse to fine; True if left out.
        repeats: Seeds a setting is tried on.
        fraction: Screen every setting on this part of the training split first, in (0, 1).
        eta: One in `eta` passes each stop, and the screening.
        least: Epochs before the first stop.
        base: What all settings share: length, batch size, schedule, fixed hyper-parameters; its seed is the first
            of the search. Left out, runs are judged at their best epoch by validation, and the best is so kept.
        preset: ``"deepobs"`` (a grid of 36 rates from 1e-5 to 100, the best on 10 seeds) or ``"quick"``; what else
            is given goes before it.
        threads: Torch threads; ``None`` measures how many pay.
        executor: How runs are done: an executor, or the name of one; ``"auto"`` takes the quickest.
        sink: Hears every event.
        command: The exact command, for the record.
        memory: What a killed sweep of the same arguments had done, and where to write down what is done now.

    Returns:
        The SweepResult. Its ``best`` is a Config for ``thalweg.fit``; where nothing can be recommended, asking for
        it is an error that says why. Ctrl-C gives what was finished, with `missing` saying what was not.

    Raises:
        InputError: A setting, range, problem or model that cannot be used; found before the first run.

    Example:
        >>> from thalweg.sweep.dimensions import log
        >>> rates = {"lr": log(1e-3, 1)}
        >>> result = sweep("digits/logistic", "sgd", rates, trials=6, seeds=2, base=Config(epochs=3))
        >>> len(result.trials), len(result.finals), result.space.names
        (6, 2, ('lr',))
    """
    chosen = settled(
        preset, trials=trials, seeds=seeds, sampler=sampler, halving=halving, narrow=narrow, space=space
    )
    base = base or Config(keep="best")
    names = resolve_all(optimizer)
    plan = Plan(
        problem=resolve(problem) if isinstance(problem, str) else problem,
        base=base,
        repeats=repeats,
        fraction=fraction,
        eta=eta,
        least=least,
        **{**chosen, "space": Space.of(names, chosen["space"], base)},
    )
    return conduct(plan, threads=threads, executor=executor, sink=sink, command=command, memory=memory)


def conduct(
    plan: Plan,
    *,
    threads: int | None = None,
    executor: Executor | str = "auto",
    sink: Sink = silent,
    command: str = "",
    memory: Memory | None = None,
) -> SweepResult:
    """Do what a `Plan` says.

    Args:
        plan: What is tried, and how.
        threads: Torch threads; ``None`` measures how many pay.
        executor: How runs are done: an executor, or the name of one; ``"auto"`` takes the quickest.
        sink: Hears every event.
        command: The exact command, for the record.
        memory: What a killed sweep of the same arguments had done, and where to write down what is done now.

    Returns:
        The SweepResult, as `sweep` describes it.

    Raises:
        InputError: A model, loss or metric that does not fit the data; found before the first run.
    """
    plan.probe()
    began, started, confirmed, missing = (
        datetime.now(UTC),
        time.perf_counter(),
        Confirmation(None, ()),
        list[str](),
    )
    with ready(executor, plan.problem, threads) as at_hand:
        do = partial(at_hand.executor, memory=memory) if memory else at_hand.executor
        explorer = Explorer(plan, do, sink)
        try:
            explorer.explore()
            confirmed = confirm(plan, explorer.trials, do, sink)
        except CutShortError:
            missing.append(
                f"Interrupted after {len(explorer.trials)} of {plan.trials} trials, before a best was sure."
            )
        environment = describe(command, began, at_hand.said, at_hand.threads)
    with on(environment.threads):
        found = _cut_short(missing) if missing else recommend(plan, explorer.trials, confirmed)
    finals = (*confirmed.finals, *confirmed.broken)
    return SweepResult(
        problem=plan.problem.name,
        metric=plan.metric.name,
        higher_is_better=plan.metric.higher_is_better,
        sampler=plan.sampler,
        space=plan.space,
        recommendation=found.config,
        refusal=found.refusal,
        advice=found.advice,
        band=found.band,
        basin=found.basin,
        edges=found.edges,
        trials=tuple(explorer.trials),
        screened=tuple(explorer.screened),
        finals=finals,
        seeds=plan.fresh_seeds,
        stops=tuple(explorer.stops),
        importance=importance(explorer.trials, plan.space, plan.metric),
        spent=spent([trial for trial in explorer.trials if trial.fraction == 1], explorer.screened, finals),
        saved=saved(explorer.trials, plan),
        seconds=time.perf_counter() - started,
        executor=name_of(at_hand.executor),
        missing=tuple(missing),
        environment=environment,
        has_test=plan.problem.test is not None,
    )


def _cut_short(missing: Sequence[str]) -> Recommendation:
    return Recommendation(config=None, refusal=missing[0].rstrip("."), advice="run it again")
