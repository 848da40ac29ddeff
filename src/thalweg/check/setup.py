"""Setup: what is checked, a problem, an optimizer and how steps are made; never changed, copied with changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn
from torch.optim import Optimizer

from thalweg.core.config import Config, Number
from thalweg.core.errors import InputError, InputTypeError
from thalweg.problems import Problem
from thalweg.train.factory import OptimizerFactory

if TYPE_CHECKING:
    from thalweg.check.outputs import Outputs

TrainStep = Callable[[nn.Module, Optimizer, Callable[[Tensor, Tensor], Tensor], Tensor, Tensor], Tensor]
"""The user's own step: from (model, optimizer, loss, x, y) to the loss of the batch."""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What is checked.

    Attributes:
        problem: Model, loss and data.
        config: The setting; its optimizer counts where there is no factory.
        factory: The user's own maker of the optimizer.
        train_step: The user's own step; ``None`` is the usual one.
        shuffle: Whether every epoch has its own order of samples; else they come as they lie.
        epochs: How long the user means to train.
        rate: What every learning rate is multiplied by: 1, but for experiments.
        mended: What a remedy does to the fresh model and its optimizer, in order; nothing, but for experiments.
        outputs: How the problem reads what the user's model gives; ``None`` if as it is.
    """

    problem: Problem
    config: Config = field(default_factory=Config)
    factory: OptimizerFactory | None = None
    train_step: TrainStep | None = None
    shuffle: bool = True
    epochs: int = 10
    rate: float = 1.0
    mended: tuple[Callable[[nn.Module, Optimizer], None], ...] = ()
    outputs: Outputs | None = None

    @classmethod
    def of(
        cls,
        problem: Problem,
        optimizer: str | Config | OptimizerFactory | None = None,
        *,
        train_step: TrainStep | None = None,
        shuffle: bool = True,
        epochs: int | None = None,
    ) -> Setup:
        """Return the set-up of what a user has.

        Args:
            problem: Model, loss and data.
            optimizer: A registry name, a Config, or a function from parameters to an optimizer; the
                default of `Config` if left out.
            train_step: The user's own step.
            shuffle: Whether samples are shuffled.
            epochs: Passes over the training split, >= 1; the Config's, or the problem's.

        Raises:
            InputTypeError: An optimizer or step that is no such thing.
            InputError: A number of epochs below 1.
        """
        _usable(problem, optimizer, train_step)
        config = optimizer if isinstance(optimizer, Config) else Config()
        config = config.replace(optimizer=optimizer) if isinstance(optimizer, str) else config
        config = config.replace(batch_size=config.batch_size or problem.batch_size)
        factory = optimizer if callable(optimizer) else None
        length = (config.epochs or problem.epochs) if epochs is None else epochs
        return cls(
            problem=problem,
            config=config.replace(epochs=length),
            factory=factory,
            train_step=train_step,
            shuffle=bool(shuffle),
            epochs=length,
        )

    def replace(self, **changes: Any) -> Setup:
        """Return a copy with these fields changed."""
        return replace(self, **changes)

    def configured(
        self, optimizer: str | None = None, hyper: Mapping[str, Number] | None = None, **fields: Any
    ) -> Setup:
        """Return a copy with other settings, as a command line has them.

        Args:
            optimizer: A registry name, in place of what there is.
            hyper: Hyper-parameters, on top of those of the optimizer that there is.
            fields: Others of the Config.

        Raises:
            InputError: Hyper-parameters beside an optimizer of the user's own making.
        """
        factory = None if optimizer else self.factory
        if factory and hyper:
            raise InputError(
                "The optimizer of this set-up is made by its own function, which sets its numbers.",
                got=", ".join(f"{name}={value:g}" for name, value in hyper.items()),
                remedy="set them there, or name an optimizer too",
            )
        mine = {} if optimizer else dict(self.config.hyper)
        config = self.config.replace(
            optimizer=optimizer or self.config.optimizer, hyper={**mine, **(hyper or {})}, **fields
        )
        return self.replace(config=config, factory=factory, epochs=config.epochs or self.epochs)

    def with_problem(self, **changes: Any) -> Setup:
        """Return a copy whose problem has these fields changed."""
        return self.replace(problem=replace(self.problem, **changes))


def _usable(problem: object, optimizer: object, train_step: object) -> None:
    """Refuse what is of the wrong type: what a slip makes of a factory is an optimizer."""
    if not isinstance(problem, Problem):
        raise InputTypeError(
            "There is nothing to check.", got=type(problem).__name__, expected="a thalweg.Problem, or its name"
        )
    known = isinstance(optimizer, str | Config) or optimizer is None or callable(optimizer)
    if not known or isinstance(optimizer, Optimizer):
        raise InputTypeError(
            "The optimizer has to be a name, a Config or a factory: each run has fresh weights.",
            got=f"an object of type {type(optimizer).__name__}",
            expected="such as optimizer=lambda parameters: torch.optim.Adam(parameters, lr=0.001)",
        )
    if train_step is not None and not callable(train_step):
        raise InputTypeError(
            "The training step is no function.",
            got=type(train_step).__name__,
            expected="a function (model, optimizer, loss, x, y) -> loss",
        )
