"""Resume: a finished run's learner, and the learner of its grown net, which goes on from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from thalweg.core.config import Config
from thalweg.core.errors import InputError
from thalweg.core.run import Outcome, Run
from thalweg.grow.carry import carry
from thalweg.grow.change import Change, changed, example_of, read_changes
from thalweg.grow.enlarge import enlarge
from thalweg.grow.growth import Growth
from thalweg.optim import Routed, RuleOptimizer
from thalweg.problems import Problem
from thalweg.train import Learner, run_learner


@dataclass(frozen=True, eq=False)
class Regrown:
    """A learner whose net grew from another's.

    Attributes:
        learner: It has not been trained yet.
        growth: How its net grew.
        changes: All growths since the problem's own net.
        before: Loss and metrics of the old net on validation.
        after: Those of the new, as it starts.
        state: What became of the optimizer's state, in words.
    """

    learner: Learner
    growth: Growth
    changes: tuple[Change, ...]
    before: dict[str, float]
    after: dict[str, float]
    state: str


def reopen(problem: Problem, run: Run) -> Learner:
    """Return the learner of a finished run as it ended: with its weights, and its optimizer's state.

    Args:
        problem: What it was trained on, with the net of the start.
        run: What `thalweg.fit` returned, with a checkpoint.

    Raises:
        InputError: The run has no weights to go on from.
        CheckpointError: Its checkpoint cannot be read, or is of another net.
    """
    if run.checkpoint is None or run.outcome.broken or not run.epochs:
        got = f"outcome {run.outcome}, checkpoint {run.checkpoint}"
        raise InputError("This run has no weights to grow from.", got=got, expected="a run that went well")
    if run.outcome is Outcome.INTERRUPTED:
        raise InputError(
            "This run was interrupted.",
            got=f"{len(run.epochs)} of {run.config.epochs} epochs",
            remedy=f"end it first: the command that made it, with --checkpoint {run.checkpoint} --resume",
        )
    learner = Learner(changed(problem, read_changes(run.checkpoint)), run.config)
    run_learner(learner, checkpoint=run.checkpoint, resume=True)
    return learner


def regrow(
    learner: Learner,
    run: Run,
    problem: Problem,
    *,
    earlier: Sequence[Change] = (),
    config: Config | None = None,
    wider: float = 1.0,
    deeper: int = 0,
    layers: Sequence[str] = (),
    noise: float = 0.0,
    seed: int = 0,
) -> Regrown:
    """Return a learner whose net grew from a trained one.

    The optimizer's state goes along if it belongs to the weights: if the run kept those of its best epoch, and
    trained on, it begins anew.

    Args:
        learner: Trained to its end by `run_learner`.
        run: What that returned.
        problem: With the net of the start.
        earlier: Growths since then.
        config: The setting to go on with; the run's if it is left out.
        wider: As `enlarge` takes it.
        deeper: Likewise.
        layers: Likewise.
        noise: Likewise.
        seed: Likewise.

    Raises:
        InputError: What `enlarge` raises.
    """
    before = learner.judge("valid")
    fits = run.best_epoch == len(run.epochs)
    if fits and isinstance(learner.optimizer, RuleOptimizer | Routed):
        learner.optimizer.train()
    growth, changes = enlarge(
        learner.model, example_of(problem), wider=wider, deeper=deeper, layers=layers, noise=noise, seed=seed
    )
    every = (*earlier, *changes)
    grown = Learner(changed(problem, every), config or learner.config)
    grown.model.load_state_dict(growth.model.state_dict())
    own = Growth(grown.model, growth.source, growth.origins, growth.said, growth.layers)
    if not fits:
        said = (
            f"optimizer state begins anew: the weights are of epoch {run.best_epoch}, it is of {len(run.epochs)}"
        )
    elif lost := carry(own, learner.optimizer, grown.optimizer):
        said = f"optimizer state carried over, but for {', '.join(lost)}"
    else:
        said = "optimizer state carried over"
    return Regrown(grown, own, every, before, grown.judge("valid"), said)


def count(learner: Learner) -> int:
    """Return the number of a net's parameters."""
    return sum(p.numel() for p in learner.model.parameters())
