"""Checkpoint: everything that a run needs to go on, in one safetensors file. Nothing is ever unpickled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from textwrap import shorten
from typing import Any

from torch import Tensor

from thalweg.core.config import Config
from thalweg.core.errors import CheckpointError, InputError
from thalweg.core.run import Epoch
from thalweg.train import tree
from thalweg.train.learner import Learner
from thalweg.train.scheduled import same_so_far
from thalweg.train.stopping import EarlyStopping

FILE = "checkpoint.safetensors"
FORMAT = "4"


def require_place(folder: str | Path, *, resume: bool) -> None:
    """Make the folder if need be, so that no epoch is trained for a checkpoint that cannot be written.

    Raises:
        OutputError: The folder cannot be made or written to.
        CheckpointError: It holds a checkpoint, and the run is not to go on from it.
    """
    with tree.writing(Path(folder)):
        TemporaryFile(dir=folder).close()
    if not resume and (Path(folder) / FILE).exists():
        raise CheckpointError(
            f"There is a checkpoint in {folder}, which a new run would overwrite.",
            remedy="resume from it, choose another folder, or delete it",
        )


def save(folder: str | Path, learner: Learner, stopping: EarlyStopping, curve: list[Epoch]) -> Path:
    """Write the state of a run to `folder`, in place of the last one; a killed process leaves the old or the new.

    The weights in the file are at theta; the optimizer's state holds the interim point beside them.

    Raises:
        OutputError: The folder cannot be written to.
    """
    with learner.at_theta():
        state = tree.copied({"learner": learner.state(), "stopping": stopping.state()})
    about = {
        "curve": [epoch.to_json() for epoch in curve],
        "config": learner.config.to_json(),
        "problem": learner.problem.name,
    }
    path = Path(folder) / FILE
    tree.write(path, state, about, FORMAT)
    return path


def load(folder: str | Path, learner: Learner, stopping: EarlyStopping) -> list[Epoch]:
    """Bring a fresh learner to where the checkpoint was written, and return the curve so far.

    A folder without a checkpoint leaves the learner at its start.

    Raises:
        CheckpointError: The file is damaged, or is of another problem, model, optimizer or Config, or is past
            the Config's last epoch (a longer run may go on, if its schedules were the same so far).
    """
    path = Path(folder) / FILE
    if not path.exists():
        return []
    about, state = _read(path, str(learner.device))
    _check_same(path, about, state["learner"]["step"], learner)
    try:
        learner.restore(state["learner"])
    except (RuntimeError, ValueError) as error:
        raise CheckpointError(
            f"{path} does not fit the model.",
            got=shorten(str(error), 300),
            remedy="resume with the model it was written by, or choose another folder",
        ) from error
    stopping.restore(state["stopping"])
    return [Epoch.from_json(epoch) for epoch in about["curve"]]


def weights(folder: str | Path, *, device: str = "cpu") -> dict[str, Tensor]:
    """Return the model's weights from a checkpoint, at theta: the best by validation if the run kept them.

    Args:
        folder: The checkpoint's folder, such as `Run.checkpoint`.
        device: Where to put them.

    Returns:
        A state dict for ``model.load_state_dict``.

    Raises:
        CheckpointError: There is no checkpoint in the folder, or it is damaged.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from thalweg.problems import load as problem
        >>> from thalweg.train import fit
        >>> with TemporaryDirectory() as folder:
        ...     run = fit(problem("digits/logistic"), epochs=1, checkpoint=folder)
        ...     sorted(weights(run.checkpoint))
        ['1.bias', '1.weight']
    """
    path = Path(folder) / FILE
    if not path.exists():
        raise CheckpointError(f"There is no checkpoint in {folder}.", expected=f"a file {FILE}")
    _, state = _read(path, device)
    return state["stopping"]["weights"] or state["learner"]["model"]


def _read(path: Path, device: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the file says of the run, and its tree of tensors."""
    try:
        return tree.read(path, FORMAT, device)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{path} is no checkpoint that can be read.", got=str(error), remedy="delete it and start again"
        ) from error


def _check_same(path: Path, about: Mapping[str, Any], step: int, learner: Learner) -> None:
    try:
        theirs = Config.from_json(about["config"])
    except InputError as error:
        raise CheckpointError(
            f"{path} was written by another version of thalweg.",
            got=error.what,
            remedy="resume it with that version, or choose another folder",
        ) from error
    ours, as_long = learner.config, theirs.replace(epochs=learner.epochs)
    if (about["problem"], as_long) != (learner.problem.name, ours):
        raise CheckpointError(
            f"{path} is of another run.",
            got=f"{about['problem']} with {as_long.to_json()}",
            expected=f"{learner.problem.name} with {ours.to_json()}",
            remedy="resume with the same settings, or choose another folder",
        )
    _check_length(path, about["curve"], step, theirs, learner)


def _check_length(
    path: Path, curve: Sequence[Mapping[str, Any]], step: int, theirs: Config, learner: Learner
) -> None:
    if len(curve) > learner.epochs:
        raise CheckpointError(
            f"{path} is past the last epoch.",
            got=f"{len(curve)} epochs done",
            expected=f"at most {learner.epochs}",
            remedy="ask for more epochs, or choose another folder",
        )
    done = (at / learner.steps_per_epoch for at in range(step))
    if theirs.epochs != learner.epochs and not same_so_far(theirs, learner.config, done):
        raise CheckpointError(
            f"{path} is of a run of another length, to which its schedule was laid out.",
            got=f"{theirs.epochs} epochs",
            expected=f"{learner.epochs} epochs",
            remedy="resume with its length, or start again and give the schedule a length of its own",
        )
