"""Words: what a sweep says, in sentences that the page and the terminal share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from thalweg.core.config import Config
from thalweg.core.run import Outcome
from thalweg.core.wording import amount, count, duration, listed, rate, spread
from thalweg.sweep.basin import is_early
from thalweg.sweep.dimensions import Dimension, Integers, Log, Value
from thalweg.sweep.edge import Edge
from thalweg.sweep.result import SweepResult
from thalweg.sweep.trial import Trial

if TYPE_CHECKING:
    from thalweg.sweep.range_test import RangeTest

ENOUGH = 4
"""With fewer seeds than this an interval is too wide to tell much."""


def verdict(result: SweepResult) -> str:
    """Return the answer in a few words: the best setting, how good, how sure; or why there is none."""
    config = result.recommendation
    if config is None:
        why = "the sweep did not come to its end" if result.missing else result.refusal
        return f"No recommendation for {result.problem}: {why}."
    score = f"{amount(result.metric, result.band.mean if result.band else None)} validation {result.metric}"
    between = spread(result.metric, result.band) if result.band else ""
    seeds = len(result.seeds)
    sure = f"95 % interval {between}, {seeds} fresh seeds" if between else "a single fresh seed"
    values = settings(result.space.values(config))
    with_optimizer = "" if "optimizer" in result.space.names else f"{config.optimizer}, "
    return f"Train {result.problem} with {with_optimizer}{values}: {score} ({sure})."


def settings(values: Mapping[str, Value]) -> str:
    """Return settings as text that can be typed back.

    Example:
        >>> settings({"lr": 0.0123456, "schedule": "step", "batch_size": 64})
        'lr=0.0123, schedule=step, batch_size=64'
    """
    return ", ".join(f"{name}={setting(value)}" for name, value in values.items())


def setting(value: Value) -> str:
    """Return one value as text: three significant digits.

    Example:
        >>> setting(3.2e-5), setting("adam"), setting(True)
        ('3.2e-5', 'adam', 'True')
    """
    return rate(value) if isinstance(value, float) else str(value)


def span(dimension: Dimension) -> str:
    """Return a range as text.

    Example:
        >>> from thalweg.sweep.dimensions import choice, integers, log
        >>> span(log(1e-5, 1)), span(integers(1, 4)), span(choice("constant", "step"))
        ('1e-5 to 1, log scale', '1 to 4, whole numbers', 'constant, step')
    """
    if not dimension.is_ordered:
        return ", ".join(map(setting, dimension.extremes))
    kind = ", log scale" if isinstance(dimension, Log) else ", whole numbers" * isinstance(dimension, Integers)
    return " to ".join(map(setting, dimension.extremes)) + kind


def facts(result: SweepResult) -> list[str]:
    """Return what stands beside the verdict, one sentence each: basin, importance, cost."""
    return [said for said in (basin(result), importance(result), cost(result)) if said]


def importance(result: SweepResult) -> str:
    """Return what each setting explains; empty where there is only one, or too few trials to tell."""
    if not result.importance or len(result.importance) < 2:
        return ""
    shares = [f"{name} {share:.0%}" for name, share in result.importance.items()]
    return f"What mattered, by a random forest over the trials: {listed(shares)}."


def basin(result: SweepResult) -> str:
    """Return which learning rates cannot be told apart from the recommended one; empty where that is not known."""
    basin, best = result.basin, result.recommendation
    if not basin or not best:
        return ""
    if basin.rates < 2:
        return _no_other(result, best)
    others = " with other settings to match" if len(result.space.names) > 1 else ""
    openings = listed(
        [end for end, is_open in (("lower", basin.open_low), ("higher", basin.open_high)) if is_open]
    )
    beyond = f"; {openings} ones were not tried" if openings else ""
    return (
        f"Learning rates from {rate(basin.low)} to {rate(basin.high)}{others} cannot be told apart from it by "
        f"{len(result.seeds)} seeds{beyond}."
    )


def _no_other(result: SweepResult, best: Config) -> str:
    """Say that no other rate did as well; of one that was dropped early nobody knows."""
    own = (trial for trial in result.trials if trial.config.optimizer == best.optimizer)
    others = [trial for trial in own if trial.config.hyper["lr"] != best.hyper["lr"]]
    if not others:
        return ""
    early = ", or was dropped too early to tell" * any(is_early(trial, result.finals) for trial in others)
    return f"Every other learning rate tried did worse, beyond the noise of the seeds{early}."


def cost(result: SweepResult) -> str:
    """Return what was spent, and what was saved against training every trial to its end."""
    trials = f"{len(result.trials)} trials and {len(result.finals)} confirming runs"
    spent = f"{trials} took {count(result.spent.steps)} updates, {duration(result.spent.seconds)} of training"
    if not result.saved.steps:
        return f"{spent}."
    share = result.saved.steps / (result.saved.steps + result.spent.steps)
    return f"{spent}; ending those that fell behind saved {share:.0%} of what all to the end would have taken."


def caveats(result: SweepResult) -> list[str]:
    """Return what a reader must know, one sentence each."""
    said = [f"Advice: {result.advice}."] if result.advice and not result.missing else []
    if result.recommendation:
        said.append(_scope(result))
        said += [_edge(edge) for edge in result.edges]
    broken = len(result.finals) - len(result.seeds)
    if broken > 0 and result.recommendation:
        said.append("A better trial broke down on fresh seeds and gave way to this one.")
    lost = sum(trial.outcome.broken for trial in result.trials)
    if lost:
        said.append(f"{lost} of {len(result.trials)} trials diverged or failed.")
    return said


def _scope(result: SweepResult) -> str:
    seeds = len(result.seeds)
    if seeds < 2:
        return "A single seed gives no interval: confirm on more seeds to see how sure this is."
    if result.has_test:
        worth = "`thalweg fit --test` says what it is worth on the test split, which no sweep has seen."
    else:
        worth = "without a test split nothing says what it is worth on other data."
    few = f" {seeds} seeds give wide intervals and tell little apart: confirm on 10." if seeds < ENOUGH else ""
    return f"The interval covers seeds, not data, and validation chose the setting: {worth}{few}"


def _edge(edge: Edge) -> str:
    low, high = edge.wider
    if edge.untried:
        which, far = ("lowest", edge.low) if edge.end == "low" else ("highest", edge.high)
        head = f"{edge.name}={rate(edge.value)} is the {which} tried, though its range goes on to {rate(far)}"
        return f"{head}: more trials may find better."
    which = "lower" if edge.end == "low" else "upper"
    return (
        f"{edge.name}={rate(edge.value)} is at the {which} end of its range: a better one may lie beyond. "
        f"To see, search {rate(low)}:{rate(high)}."
    )


def fate(trial: Trial) -> str:
    """Return how a trial ended, in a few words."""
    if trial.fraction < 1:
        return f"dropped on {trial.fraction:.0%} of the data"
    if trial.outcome is Outcome.PRUNED:
        return "dropped"
    return "" if trial.outcome is Outcome.COMPLETED else str(trial.outcome).replace("_", " ")


def ranked(result: SweepResult) -> list[Trial]:
    """Return the trials best first: those that came furthest, by objective and loss."""
    sign = 1 if result.higher_is_better else -1

    def key(trial: Trial) -> tuple[float, float, float, str]:
        if trial.outcome.broken or math.isnan(trial.metric):
            return (1.0, 0.0, 0.0, trial.name)
        far = math.inf if trial.is_whole else trial.epochs if trial.fraction == 1 else 0
        return (-far, -sign * trial.metric, trial.loss, trial.name)

    return sorted(result.trials, key=key)


def suggestion(test: RangeTest) -> str:
    """Return what a range test suggests, and where it was cut, in a sentence or two."""
    if test.suggestion is None:
        head = f"No suggestion for {test.problem} with {test.optimizer}: the loss does not fall at any rate"
        return f"{head} from {rate(test.rates[0])} to {rate(test.rates[-1])}." if test.rates else f"{head} tried."
    head = f"For {test.problem} with {test.optimizer} the loss falls fastest at lr={rate(test.suggestion)}."
    return f"{head} It leaves all bounds after {rate(test.rates[-1])}." if test.diverged else head
