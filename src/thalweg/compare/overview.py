"""Overview: what comparisons on several problems say together, in sentences that page and terminal share."""

from __future__ import annotations

import math

from thalweg.compare.comparisons import Comparisons
from thalweg.compare.cost import COSTS, is_scored
from thalweg.compare.profile import TAU_MAX, Profile
from thalweg.core.wording import count, duration, listed

DEFINITION = (
    "The cost of a problem is the median over the seeds of what the best setting needed to reach the problem's "
    "target on validation, in whole epochs; infinite unless most seeds reached it. A profile is the share of "
    "problems that an optimizer solves at no more than τ times the least cost of all (Dolan & Moré 2002)."
)
SCORE = (
    f"The score is the mean height of the profile between τ = 1 and {TAU_MAX:g}: 1 for the cheapest on every "
    "problem, 0 for one that is never near it (AlgoPerf's, Dahl et al. 2023, Eq. 3)."
)
RELATIVE = "Both are relative: with other optimizers in the field, or other problems, they change."


def title(result: Comparisons) -> str:
    """Return what was compared on: ``"3 problems"``."""
    many = len(result.problems)
    return f"{many} problem{'' if many == 1 else 's'}"


def verdict(result: Comparisons) -> str:
    """Return the answer in one sentence: who solves these problems at the least cost."""
    first = result.by("updates")
    if not first:
        return f"No profile over {title(result)}: none of them was compared to its end and has a target."
    scored = len(first[0].ratios)
    over = f"{scored} problem{'' if scored == 1 else 's'}"
    if not first[0].score:
        return f"No optimizer reached the target of any of {over}."
    return f"Over {over} with a target, {_leaders(result)}."


def _leaders(result: Comparisons) -> str:
    by = {cost: result.by(cost) for cost in COSTS}
    best = {
        cost: listed([profile.optimizer for profile in ranked if profile.score == ranked[0].score])
        for cost, ranked in by.items()
    }
    said = {cost: f"{ranked[0].score:.2f} by {cost}" for cost, ranked in by.items()}
    if len(set(best.values())) == 1:
        verb = "come" if " and " in best["updates"] else "comes"
        return f"{best['updates']} {verb} first, with a score of {listed([*said.values()])}"
    return "the best scores are " + listed([f"{said[cost]} ({best[cost]})" for cost in by])


def caveats(result: Comparisons) -> list[str]:
    """Return what a reader must know beside the scores, one sentence each."""
    bare = [one.problem for one in result.comparisons if one.target is None]
    cut = [one.problem for one in result.comparisons if one.target is not None and not is_scored(one)]
    said = []
    if bare:
        has = "has no target" if len(bare) == 1 else "have no target"
        said.append(f"{listed(bare)} {has}, and so no part in the profiles and scores.")
    if cut:
        was = (
            "was not compared to its end, and has" if len(cut) == 1 else "were not compared to their end, and have"
        )
        said.append(f"{listed(cut)} {was} no part in the profiles and scores.")
    if unsolved := _unsolved(result):
        said.append(f"No optimizer reached the target of {listed(unsolved)}: that counts as unsolved for all.")
    if result.profiles:
        said.append(_steps(result))
    return said


def _unsolved(result: Comparisons) -> list[str]:
    drawn = result.by("updates")
    problems = drawn[0].costs if drawn else ()
    return [problem for problem in problems if all(profile.costs[problem] == math.inf for profile in drawn)]


def _steps(result: Comparisons) -> str:
    scored = len(result.profiles[0].ratios)
    if scored == 1:
        return "A profile of a single problem says no more than its table."
    return f"A profile of {scored} problems moves in steps of 1/{scored}: small differences of scores mean little."


def solved(profile: Profile) -> str:
    """Return how many problems were solved, as text: ``"2 of 3"``."""
    return f"{sum(cost < math.inf for cost in profile.costs.values())} of {len(profile.costs)}"


def cheapest(profile: Profile) -> str:
    """Return on how many problems nobody was cheaper, as text: ``"1 of 3"``."""
    return f"{sum(ratio == 1 for ratio in profile.ratios.values())} of {len(profile.ratios)}"


def cost(profile: Profile, problem: str) -> str:
    """Return what solving `problem` cost, as text.

    Example:
        >>> cost(Profile(optimizer="adam", cost="updates", costs={"p": 1200.0}, ratios={"p": 1.0}), "p")
        '1,200'
    """
    value = profile.costs[problem]
    if value == math.inf:
        return "not reached"
    return count(value) if profile.cost == "updates" else duration(value)
