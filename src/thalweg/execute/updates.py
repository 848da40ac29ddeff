"""Updates: how the members of a cohort are stepped, together where their optimizers allow it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import cast

from torch import Tensor

from thalweg.execute.limits import Limits
from thalweg.execute.stacks import Stacks
from thalweg.optim import RuleOptimizer
from thalweg.optim.together import Together, can_join
from thalweg.train import Learner


class Updates:
    """The optimizers of a cohort.

    Elementwise rules step together, one kernel a rule; matrix methods, optimizers of the user's own, rules whose
    interim point is moved by a schedule, and members whose groups differ from the first's step member by member.

    Args:
        learners: The members, in an order of `in_order`.
        stacks: Where their parameters lie.
    """

    def __init__(self, learners: Sequence[Learner], stacks: Stacks) -> None:
        self.learners = learners
        self.trained = [stack for stack in stacks.parameters.values() if stack.requires_grad]
        groups = _places(learners[0])
        joined = [_joins(learner) and _places(learner) == groups for learner in learners].count(True)
        self.joined, self.apart = learners[:joined], range(joined, len(learners))
        self.places = [place for group in groups for place in group]
        self.limits = Limits(learners, stacks)
        self.moving = [k for k, learner in enumerate(learners) if learner.scheduled.factors]
        self._together: Together | None = None

    def prepare(self, t: float) -> None:
        """Set what follows a schedule to its value at time `t`, in epochs."""
        for k in self.moving:
            self.learners[k].scheduled.set(t)
        for k in self.apart:
            self.learners[k].optimizer.zero_grad()  # moves an interim point whose momentum has changed
        if self._together and not self._together.reread([k for k in self.moving if k < len(self.joined)]):
            self.leave()

    def step(self, gradients: Sequence[Tensor | None]) -> None:
        """Update every member.

        Args:
            gradients: Of every stack that is trained; None for one that the loss does not depend on.
        """
        in_groups = [gradients[place] for place in self.places]
        used = [place for place, g in enumerate(in_groups) if g is not None]
        if self.joined and used:
            self._join(used).step([g[: len(self.joined)] for g in in_groups if g is not None])
        for k in self.apart:
            learner = self.learners[k]
            for p, g in zip(_trained(learner), gradients, strict=True):
                p.grad = None if g is None else g[k]
            learner.optimizer.step()
        if self._together and self.limits.reads_state:
            self._together.sync()
        self.limits.hold()

    def leave(self) -> None:
        """Write counts into the states of the optimizers, and join them anew when they are stepped next."""
        if self._together:
            self._together.sync()
        self._together = None

    def part_from(self, member: int) -> None:
        """Give the state of one member memory of its own again."""
        optimizer = self.learners[member].optimizer
        for own in optimizer.state.values():
            for key, value in list(own.items()):
                if isinstance(value, Tensor):
                    own[key] = value.clone()

    @contextmanager
    def showing(self) -> Iterator[None]:
        """Have theta, or the average, in the place of the parameters inside."""
        with ExitStack() as shown:
            used = self._stepped() if self.joined else []
            if used:
                shown.enter_context(self._join(used).showing())
            for k in self.apart:
                shown.enter_context(self.learners[k].at_theta())
            yield

    def _join(self, used: Sequence[int]) -> Together:
        if self._together is None or list(self._together.used) != list(used):
            self.leave()
            optimizers = [cast(RuleOptimizer, learner.optimizer) for learner in self.joined]
            stacks = [self.trained[place][: len(self.joined)] for place in self.places]
            self._together = Together(optimizers, stacks, used)
        return self._together

    def _stepped(self) -> list[int]:
        """Return the places, in the order of the groups, of the parameters that were ever stepped."""
        optimizer = self.joined[0].optimizer
        params = [p for group in optimizer.param_groups for p in group["params"]]
        return [place for place, p in enumerate(params) if optimizer.state.get(p)]


def in_order(learners: Sequence[Learner]) -> list[Learner]:
    """Return learners so that those that step together come first, by their groups and by what they compute."""
    return sorted(learners, key=lambda learner: (not _joins(learner), _places(learner), *_names(learner)))


def _places(learner: Learner) -> list[list[int]]:
    """Return the parameters of each group, by their places in the model."""
    at = {id(p): place for place, p in enumerate(_trained(learner))}
    return [[at[id(p)] for p in group["params"]] for group in learner.optimizer.param_groups]


def _names(learner: Learner) -> list[str]:
    optimizer = learner.optimizer
    if not isinstance(optimizer, RuleOptimizer):
        return [type(optimizer).__name__]
    return [program.name for program in optimizer.settings.programs(optimizer.param_groups)]


def _joins(learner: Learner) -> bool:
    """Whether a member steps with the others; a schedule of an interim point's momentum needs `align`."""
    optimizer = learner.optimizer
    if not can_join(optimizer):
        return False
    return cast(RuleOptimizer, optimizer).rule.interim is None or not set(learner.scheduled.factors) - {"lr"}


def _trained(learner: Learner) -> list[Tensor]:
    return [p for p in learner.model.parameters() if p.requires_grad]
