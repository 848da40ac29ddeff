"""Words: what a comparison says, in sentences and figures of speech that the page and the terminal share."""

from __future__ import annotations

import math

from thalweg.compare.result import Comparison, Pair, Standing
from thalweg.core.wording import ABSENT as ABSENT
from thalweg.core.wording import amount as amount
from thalweg.core.wording import chance as chance
from thalweg.core.wording import count as count
from thalweg.core.wording import duration as duration
from thalweg.core.wording import ends as ends
from thalweg.core.wording import is_share as is_share
from thalweg.core.wording import listed as listed
from thalweg.core.wording import rate as rate
from thalweg.core.wording import spread as spread

FAR = 5
"""A rate this many times from the end of its range is no edge of the range, but of too few trials."""


def gap(metric: str, pair: Pair) -> str:
    """Return the other's mean minus the leader's as signed text, accuracies in percentage points.

    Example:
        >>> gap("accuracy", Pair(leader="adam", other="sgd", difference=0.004, low=0.001, high=0.007,
        ...                      p=0.01, p_holm=0.01, distinct=True))
        '−0.40 points'
    """
    if not math.isfinite(pair.difference):
        return ABSENT
    text = f"{-100 * pair.difference:+.2f} points" if is_share(metric) else f"{-pair.difference:+.3g}"
    return text.replace("-0.00 ", "0.00 ").replace("+0.00 ", "0.00 ").replace("-", "−")


def gap_ends(metric: str, pair: Pair) -> str:
    """Return the 95 % interval of `gap` as text; empty where there is none.

    Example:
        >>> gap_ends("accuracy", Pair(leader="adam", other="sgd", difference=0.004, low=0.001, high=0.007,
        ...                           p=0.01, p_holm=0.01, distinct=True))
        '−0.70 to −0.10'
    """
    if not (math.isfinite(pair.low) and math.isfinite(pair.high)):
        return ""
    scale, form = (-100, "+.2f") if is_share(metric) else (-1, "+.3g")
    return f"{scale * pair.high:{form}} to {scale * pair.low:{form}}".replace("-", "−")


def learning_rate(standing: Standing) -> float | None:
    """Return the learning rate of an optimizer's best trial; ``None`` if the trial left the default."""
    return standing.config.get("hyper", {}).get("lr")


def to_target(comparison: Comparison, standing: Standing) -> str:
    """Return the mean steps to the target, with the share of seeds that got there unless all did."""
    if comparison.target is None:
        return ABSENT
    if not standing.reached:
        return "not reached"
    part = f" ({standing.reached}/{len(comparison.seeds)})" if standing.reached < len(comparison.seeds) else ""
    return count(standing.steps_to_target) + part


def judgement(comparison: Comparison, optimizer: str) -> str:
    """Return ``"leader"``, ``"unclear"``, ``"behind"`` or ``"not judged"``."""
    if comparison.ranking and comparison.ranking[0].optimizer == optimizer:
        return "leader"
    pair = versus(comparison, optimizer)
    if pair is None or not math.isfinite(pair.p_holm):
        return "not judged"
    return "behind" if pair.distinct else "unclear"


def versus(comparison: Comparison, optimizer: str) -> Pair | None:
    """Return the pair of the leader and `optimizer`, if they were compared."""
    return next((pair for pair in comparison.pairs if pair.other == optimizer), None)


def verdict(comparison: Comparison) -> str:
    """Return the answer in one sentence: the best optimizer, how good, at which rate, and who keeps up."""
    if not comparison.ranking:
        return f"No verdict on {comparison.problem}: no optimizer has all of its final runs."
    leader, metric = comparison.ranking[0], comparison.metric
    tested = f"{scored_on(comparison)} {metric}"
    if not math.isfinite(leader.test.mean):
        return f"No verdict on {comparison.problem}: no optimizer gave a usable {tested}."
    between = spread(metric, leader.test)
    sure = f"95 % interval {between}, {leader.test.n} seeds" if between else "a single seed"
    score = f"{amount(metric, leader.test.mean)} {tested} ({sure})"
    where = f"{score} at learning rate {rate(learning_rate(leader))}"
    if len(comparison.ranking) == 1:
        return f"{leader.optimizer} gives {where} on {comparison.problem}; it is the only one that was ranked."
    others = [judgement(comparison, standing.optimizer) for standing in comparison.ranking[1:]]
    if "behind" not in others:
        head = f"No optimizer stands out on {comparison.problem}: {leader.optimizer} comes first with"
        return f"{head} {where}, but {_field(comparison)}."
    return f"{leader.optimizer} trains {comparison.problem} best: {where}; {_field(comparison)}."


def scored_on(comparison: Comparison) -> str:
    """Return the word for the split of the final scores: ``"test"`` or ``"validation"``."""
    return "validation" if comparison.tested_on == "valid" else comparison.tested_on


def _field(comparison: Comparison) -> str:
    said = {"unclear": [], "behind": [], "not judged": []}
    for standing in comparison.ranking[1:]:
        said[judgement(comparison, standing.optimizer)].append(standing.optimizer)
    if comparison.ranking[0].test.n < 2:
        return "the others could not be told apart from it or placed behind it: that takes two seeds or more"
    parts = [f"{listed(said['unclear'])} cannot be told apart from it"] if said["unclear"] else []
    if said["behind"]:
        parts.append(f"{listed(said['behind'])} {'is' if len(said['behind']) == 1 else 'are'} clearly behind")
    if said["not judged"]:
        parts.append(f"{listed(said['not judged'])} could not be judged")
    return f"{'; '.join(parts)} (paired t-tests over the seeds, with Holm's correction)"


def caveats(comparison: Comparison) -> list[str]:
    """Return what a reader must know beside the verdict, one sentence each, the most general first."""
    said = [_scope(comparison)] if comparison.ranking else []
    if comparison.tested_on == "valid":
        said.append(
            "The problem has no test split: results are on validation data, which also chose the settings, "
            "and so they are optimistic."
        )
    said += [_edge(standing) for standing in comparison.ranking if standing.edge_of_range]
    return said + _lost(comparison)


def _scope(comparison: Comparison) -> str:
    if comparison.ranking[0].test.n < 2:
        return "A single seed gives no interval: run more seeds to see how sure the ranking is."
    if comparison.ranking[0].test.n < 5:
        return f"{comparison.ranking[0].test.n} seeds give wide intervals and tell little apart: run 10."
    return (
        "The interval covers seeds, not data: other initial weights and data orders on the same splits. "
        "On other data the ranking may differ."
    )


def _edge(standing: Standing) -> str:
    low, high = standing.search
    below = standing.edge_of_range == "low"
    wider = f"{rate(low / 10)}:{rate(high)}" if below else f"{rate(low)}:{rate(10 * high)}"
    which = "lowest" if below else "highest"
    advice = f"Widen its range: --search {standing.optimizer}={wider}"
    best = learning_rate(standing)
    if best and (best / low if below else high / best) > FAR:
        advice = f"Its range goes on ({rate(low)} to {rate(high)}): try more trials."
    return (
        f"{standing.optimizer} did best at {rate(learning_rate(standing))}, the {which} learning rate tried: "
        f"a better one may lie beyond. {advice}"
    )


def _lost(comparison: Comparison) -> list[str]:
    said = []
    for standing in comparison.ranking:
        own = [run for run in comparison.finals if run.config.optimizer == standing.optimizer]
        lost = sum(run.outcome.broken for run in own)
        if lost:
            said.append(
                f"{standing.optimizer} diverged or failed in {lost} of {len(own)} final runs at its best setting."
            )
    return said
