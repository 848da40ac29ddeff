"""Limits: the max-norm of a cohort's members, held for all of them at once."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from thalweg.execute.stacks import Stacks
from thalweg.optim import RuleOptimizer
from thalweg.optim.max_norm import excess, limited, max_norm_
from thalweg.train import Learner


class Limits:
    """The largest norms of incoming weights, each member's its own.

    Members at an interim point are limited one by one, for theta is where their states say.

    Args:
        learners: The members.
        stacks: Where their parameters lie.

    Attributes:
        reads_state: Whether it reads the states of optimizers, which then have to be up to date.
    """

    def __init__(self, learners: Sequence[Learner], stacks: Stacks) -> None:
        having = [learner for learner in learners if learner.config.max_norm is not None]
        self._ahead = [learner for learner in having if _is_ahead(learner)]
        at_theta = [
            math.inf if _is_ahead(learner) else learner.config.max_norm or math.inf for learner in learners
        ]
        self._norms = torch.tensor(at_theta, dtype=torch.float64)
        self._layers = limited(learners[0].model) if len(having) > len(self._ahead) else {}
        self._stacks = stacks
        self.reads_state = bool(self._ahead)

    @torch.no_grad()
    def hold(self) -> None:
        """Scale back what is beyond the limits."""
        for name, layer in self._layers.items():
            stack = self._stacks.parameters[name]
            stack.sub_(excess(stack, self._norms, layer))
        for learner in self._ahead:
            assert learner.config.max_norm
            max_norm_(learner.model, learner.config.max_norm, learner.optimizer)


def _is_ahead(learner: Learner) -> bool:
    optimizer = learner.optimizer
    return isinstance(optimizer, RuleOptimizer) and optimizer.rule.interim is not None
