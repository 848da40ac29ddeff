"""Tree: nested dicts and lists of tensors and numbers as one safetensors file. Nothing is ever unpickled."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import Tensor

from thalweg.core.errors import CheckpointError, OutputError


def write(path: Path, tree: Any, about: Mapping[str, Any], form: str) -> None:
    """Write a tree, in place of the file that is there; a killed process leaves the old or the new.

    Args:
        path: The file.
        tree: Dicts, lists and tuples of tensors, numbers, texts and None.
        about: JSON types that stand beside it.
        form: The version of what is written.

    Raises:
        OutputError: The folder cannot be written to.
        CheckpointError: The tree holds something else.
    """
    from safetensors.torch import save_file

    tensors: dict[str, Tensor] = {}
    packed = _pack(tree, "", tensors)
    tensors = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    draft = path.with_suffix(f".{os.getpid()}")
    with writing(path.parent):
        try:
            said = json.dumps({**about, "tree": packed})
            save_file(tensors, draft, metadata={"format": form, "thalweg": said})
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


def read(path: Path, form: str, device: str = "cpu") -> tuple[dict[str, Any], Any]:
    """Return what stands beside a tree, and the tree, its tensors on `device`.

    Raises:
        ValueError: The file is damaged, or of another version.
        OSError: It cannot be read.
        KeyError: It is some other file.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt", device=device) as file:
            metadata = file.metadata()
            if metadata["format"] != form:
                raise ValueError(f"format {metadata['format']}, not {form}")
            about = json.loads(metadata["thalweg"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except SafetensorError as error:
        raise ValueError(str(error)) from error
    return about, _unpack(about.pop("tree"), tensors)


def copied(tree: Any) -> Any:
    """Return a tree with copies of its tensors: what it holds now, whatever becomes of them."""
    if isinstance(tree, Tensor):
        return tree.detach().clone()
    if isinstance(tree, Mapping):
        return {key: copied(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(copied(value) for value in tree)
    return tree


@contextmanager
def writing(folder: Path) -> Generator[None]:
    """Make a folder and write to it inside.

    Raises:
        OutputError: That is not possible.
    """
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
