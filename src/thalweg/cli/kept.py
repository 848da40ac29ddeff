"""Kept: a run of the store, and the problem that it was trained on."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thalweg.core.errors import InputError

if TYPE_CHECKING:
    from thalweg.core.run import Run
    from thalweg.problems import Problem
    from thalweg.store import Database


def reopened(store: Path, study: str, problem: str | None = None, data: Path | None = None) -> tuple[Problem, Run]:
    """Return the run of a study, and its problem with the net of the start.

    Args:
        store: The store's file.
        study: Such as ``"fit-0001"``, or a run of it, ``"fit-0001/run"``.
        problem: What it was trained on; if it is left out, the command that made it is read again.
        data: As that command takes it.

    Raises:
        UnknownNameError: There is no such study.
        StoreError: It has no result.
        InputError: It is no study of one run, or does not say what it was trained on.
    """
    from thalweg.core.run import Run
    from thalweg.optim.given import resolve as named
    from thalweg.problems import resolve
    from thalweg.store import Database, load_result

    with Database.open_readonly(store) as database:
        kind, found = load_result(database, study.partition("/")[0])
        if kind not in ("fit", "grow"):
            raise InputError(
                f"{study} is no study of one run.", got=kind, expected="a study such as fit-0001 or grow-0001"
            )
        typed = _typed(database, study.partition("/")[0])
    if typed.get("optimizer"):
        named(str(typed["optimizer"]))  # a rule of the user's own becomes known when its file is read
    spec = problem or typed.get("problem")
    if not spec:
        raise InputError(f"{study} does not say what it was trained on.", remedy="pass --problem")
    return resolve(str(spec), data=data or typed.get("data")), Run.from_json(found)


def _typed(database: Database, study: str) -> dict[str, Any]:
    """What the command that began it all was given: of a net that grew, the one that made the net it grew from."""
    from typer.main import get_command

    from thalweg.cli.main import app
    from thalweg.store import studies

    commands = {row.id: row.command for row in studies(database)}
    given: dict[str, Any] = {}
    seen: set[str] = set()
    while study in commands and study not in seen:
        seen.add(study)
        words = shlex.split(commands[study])[1:]
        group: Any = get_command(app)
        known = next((word for word in words if word in group.commands), None)
        if known is None:
            break
        arguments = words[words.index(known) + 1 :]
        context = group.commands[known].make_context(known, arguments, resilient_parsing=True)
        given = {key: value for key, value in context.params.items() if value is not None} | given
        study = str(context.params.get("run", "")).partition("/")[0]
    return given
