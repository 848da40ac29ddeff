"""Checkpoint: everything that a run needs to go on, in one safetensors file. Nothing is ever unpickled."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from textwrap import shorten
from typing import Any

from torch import Tensor

from thalweg.core.config import Config
from thalweg.core.errors import CheckpointError, InputError, OutputError
from thalweg.core.run import Epoch
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
    with _writing(Path(folder)):
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
    from safetensors.torch import save_file

    tensors: dict[str, Tensor] = {}
    with learner.at_theta():
        tree = _pack({"learner": learner.state(), "stopping": stopping.state()}, "", tensors)
        tensors = {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}
    about = {
        "curve": [epoch.to_json() for epoch in curve],
        "config": learner.config.to_json(),
        "problem": learner.problem.name,
        "tree": tree,
    }
    path = Path(folder) / FILE
    draft = path.with_suffix(f".{os.getpid()}")
    with _writing(path.parent):
        try:
            save_file(tensors, draft, metadata={"format": FORMAT, "thalweg": json.dumps(about)})
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    return path


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    from safetensors import SafetensorError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except (OSError, SafetensorError) as error:
        raise OutputError(
            "The checkpoint cannot be written.",
            got=str(error),
            expected=f"a folder at {folder} that can be written to, on a disk with space left",
            remedy="choose another folder",
        ) from error


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
    about, tree = _read(path, str(learner.device))
    _check_same(path, about, tree["learner"]["step"], learner)
    try:
        learner.restore(tree["learner"])
    except (RuntimeError, ValueError) as error:
        raise CheckpointError(
            f"{path} does not fit the model.",
            got=shorten(str(error), 300),
            remedy="resume with the model it was written by, or choose another folder",
        ) from error
    stopping.restore(tree["stopping"])
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
    _, tree = _read(path, device)
    return tree["stopping"]["weights"] or tree["learner"]["model"]


def _read(path: Path, device: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the file says of the run, and its tree of tensors."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt", device=device) as file:
            metadata = file.metadata()
            if metadata["format"] != FORMAT:
                raise ValueError(f"format {metadata['format']}, not {FORMAT}")
            about = json.loads(metadata["thalweg"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
        return about, _unpack(about["tree"], tensors)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
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


def _pack(value: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    """Return `value` as JSON types, its tensors moved into `tensors` under the path where they stood."""
    if isinstance(value, Tensor):
        tensors[path] = value
        return {"tensor": path}
    if isinstance(value, Mapping):
        return {"dict": [[key, _pack(item, f"{path}/{key}", tensors)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        items = [_pack(item, f"{path}/{i}", tensors) for i, item in enumerate(value)]
        return {type(value).__name__: items}
    if isinstance(value, str | int | float | bool | None):
        return value
    raise CheckpointError(
        f"The state at {path} cannot be saved.", got=type(value).__name__, expected="tensors, numbers"
    )


def _unpack(packed: Any, tensors: Mapping[str, Tensor]) -> Any:
    if not isinstance(packed, dict):
        return packed
    ((kind, value),) = packed.items()
    if kind == "tensor":
        return tensors[value]
    if kind == "dict":
        return {key: _unpack(item, tensors) for key, item in value}
    items = [_unpack(item, tensors) for item in value]
    return tuple(items) if kind == "tuple" else items
