"""Profile: how often an optimizer solves a problem about as cheaply as the best does."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

TAU_MAX = 4.0
"""Where the score's integral ends: who needs more than four times the least cost gets no credit."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The performance profile of one optimizer over several problems, as a step function of tau.

    ``rho(tau)`` is the share of problems on which the optimizer's cost is at most tau times the least cost that
    any of the optimizers has there. It rises from the share of problems on which nobody is cheaper (tau = 1) to
    the share that is solved at all. It is relative: leave an optimizer out, and the others' profiles change.

    Attributes:
        optimizer: Registry name.
        cost: What was counted, ``"updates"`` or ``"seconds"``.
        costs: Problem -> cost to solve it, infinite if it was not solved.
        ratios: Problem -> cost over the least cost of all optimizers, >= 1, infinite if it was not solved.

    Reference:
        Dolan & More 2002, Benchmarking optimization software with performance profiles, Section 2.
    """

    optimizer: str
    cost: str
    costs: Mapping[str, float]
    ratios: Mapping[str, float]

    def within(self, tau: float) -> float:
        """Return ``rho(tau)``, the share of problems solved at most tau times as dearly as by the best.

        Example:
            >>> a, b = profiles("updates", {"a": {"p": 100, "q": 300}, "b": {"p": 200, "q": math.inf}})
            >>> a.within(1), b.within(1), b.within(2)
            (1.0, 0.0, 0.5)
        """
        return sum(ratio <= tau for ratio in self.ratios.values() if ratio < math.inf) / len(self.ratios)

    @property
    def score(self) -> float:
        """The AlgoPerf score in [0, 1]: the integral of ``rho`` from 1 to `TAU_MAX`, over ``TAU_MAX - 1``.

        1 is the cheapest on every problem. As ``rho`` is a step function, the integral is the mean over problems
        of ``max(0, TAU_MAX - ratio) / (TAU_MAX - 1)``.

        Example:
            >>> a, b = profiles("updates", {"a": {"p": 100, "q": 300}, "b": {"p": 200, "q": math.inf}})
            >>> a.score, round(b.score, 4)
            (1.0, 0.3333)

        Reference:
            Dahl et al. 2023, Benchmarking Neural Network Training Algorithms, Section 4.5.2, Eq. 3. AlgoPerf
            counts seconds on fixed hardware and has rules for held-out workloads; neither is so here.
        """
        return sum(max(0.0, TAU_MAX - r) for r in self.ratios.values()) / (TAU_MAX - 1) / len(self.ratios)

    def to_json(self) -> dict[str, Any]:
        """Return plain types, with the score; what is infinite is ``None`` in strict JSON."""
        return asdict(self) | {"score": self.score}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Profile:
        """Rebuild what `to_json` gave; the score follows from the rest."""
        known = {name: _infinite(data[name]) for name in ("costs", "ratios")}
        return cls(optimizer=data["optimizer"], cost=data["cost"], **known)


def profiles(cost: str, costs: Mapping[str, Mapping[str, float]]) -> list[Profile]:
    """Return the profile of each optimizer, from what each needed on each problem.

    A problem that nobody solved counts for nobody, at any tau.

    Args:
        cost: What was counted.
        costs: Optimizer -> problem -> cost >= 0, infinite if it was not solved; the same problems for all.

    Returns:
        One Profile an optimizer, in the same order; none if there is no problem.

    Reference:
        Dolan & More 2002, Section 2; Dahl et al. 2023, Section 4.5.1, Eqs. 1 and 2.
    """
    problems = list(next(iter(costs.values()), ()))
    least = {problem: min(own[problem] for own in costs.values()) for problem in problems}
    return [
        Profile(
            optimizer=name,
            cost=cost,
            costs=dict(own),
            ratios={problem: _ratio(own[problem], least[problem]) for problem in problems},
        )
        for name, own in costs.items()
        if problems
    ]


def edges(drawn: Sequence[Profile]) -> list[float]:
    """Return where any of the profiles steps: every finite ratio, ascending, from 1."""
    return sorted({1.0, *(ratio for one in drawn for ratio in one.ratios.values() if ratio < math.inf)})


def _ratio(cost: float, least: float) -> float:
    if cost == least and cost < math.inf:
        return 1.0  # also where a clock too coarse measured 0
    return cost / least if least > 0 and cost < math.inf else math.inf


def _infinite(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: math.inf if value is None else value for name, value in values.items()}
