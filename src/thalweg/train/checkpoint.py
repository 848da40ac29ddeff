"""Checkpoint: everything that a run needs to go on, in one safetensors file. Nothing is ever unpickled."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from thalweg.core.config import Config
from thalweg.core.errors import CheckpointError, OutputError
from thalweg.core.run import Epoch
from thalweg.optim import RuleOptimizer
from thalweg.train.learner import Learner
from thalweg.train.stopping import EarlyStopping

FILE = "checkpoint.safetensors"
FORMAT = "1"


def save(folder: str | Path, learner: Learner, stopping: EarlyStopping, curve: list[Epoch]) -> Path:
    """Write the state of a run to `folder`, in place of the last one; a killed process leaves the old or the new.

    The weights in the file are at theta; the optimizer's state holds the interim point beside them.

    Raises:
        OutputError: The folder cannot be written to.
    """
    from safetensors.torch import save_file

    tensors: dict[str, Tensor] = {}
    with learner.at_theta():
        tree = {
            "model": dict(learner.model.state_dict()),
            "optimizer": learner.optimizer.state_dict(),
            "best_weights": stopping.weights,
        }
        skeleton = _pack(tree, "", tensors)
        tensors = {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}
    numbers = {name: getattr(learner, name) for name in ("epoch", "step", "seconds", "first_loss")}
    about = {
        "numbers": numbers,
        "stopping": {"best": stopping.best, "best_epoch": stopping.best_epoch},
        "curve": [vars(epoch) | {"valid": dict(epoch.valid)} for epoch in curve],
        "config": learner.config.to_json(),
        "problem": learner.problem.name,
        "tree": skeleton,
    }
    path = Path(folder) / FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        save_file(tensors, draft, metadata={"format": FORMAT, "thalweg": json.dumps(about)})
        draft.replace(path)
    except OSError as error:
        raise OutputError(
            "The checkpoint cannot be written.", got=str(error), remedy="choose another folder"
        ) from error
    return path


def load(folder: str | Path, learner: Learner, stopping: EarlyStopping) -> list[Epoch]:
    """Bring a fresh learner to where the checkpoint was written, and return the curve so far.

    A folder without a checkpoint leaves the learner at its start.

    Raises:
        CheckpointError: The file is damaged, or is of another problem or Config (a longer run may go on).
    """
    from safetensors import SafetensorError, safe_open

    path = Path(folder) / FILE
    if not path.exists():
        return []
    try:
        with safe_open(path, framework="pt", device=str(learner.device)) as file:
            about = json.loads(file.metadata()["thalweg"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except (SafetensorError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise CheckpointError(
            f"{path} is no readable checkpoint.", got=str(error), remedy="delete it and start again"
        ) from error
    _check_same(path, about, learner)
    tree = _unpack(about["tree"], tensors)
    learner.model.load_state_dict(tree["model"])
    learner.optimizer.load_state_dict(tree["optimizer"])
    if isinstance(learner.optimizer, RuleOptimizer):
        learner.optimizer.train()
    vars(learner).update(about["numbers"])
    vars(stopping).update(about["stopping"], weights=tree["best_weights"])
    return [Epoch(**epoch) for epoch in about["curve"]]


def _check_same(path: Path, about: Mapping[str, Any], learner: Learner) -> None:
    theirs, ours = Config.from_json(about["config"]).replace(epochs=None), learner.config.replace(epochs=None)
    if (about["problem"], theirs) != (learner.problem.name, ours):
        raise CheckpointError(
            f"{path} is of another run.",
            got=f"{about['problem']} with {theirs.to_json()}",
            expected=f"{learner.problem.name} with {ours.to_json()}",
            remedy="resume with the same settings, or choose another folder",
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
