"""``thalweg resume``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from thalweg.cli import arguments as a


def _studies(incomplete: str) -> list[str]:
    from thalweg.core.errors import StoreError
    from thalweg.store import Database
    from thalweg.store.queries import studies

    try:
        with Database.open_readonly(a.STORE) as database:
            found = [row.id for row in studies(database) if row.status != "finished" and row.kind != "fit"]
    except StoreError:
        return []
    return [study for study in found if study.startswith(incomplete)]


def command(
    study: Annotated[
        str,
        typer.Argument(metavar="STUDY", help="Such as sweep-0003; see `thalweg runs`.", autocompletion=_studies),
    ],
    store: a.Store = a.STORE,
) -> None:
    """Go on with a sweep or comparison that was killed or interrupted, and end with the same result.

    Runs that had ended are not done again; those under way go on from where
    they were last written down, a few seconds before the end.
    """
    from thalweg.cli.main import app
    from thalweg.cli.record import going_on
    from thalweg.core.errors import StoreError
    from thalweg.store import Database
    from thalweg.store.queries import load_spec, require_resumable

    place = store.absolute()
    with Database.open_readonly(place) as database:
        require_resumable(database, study)
        spec = load_spec(database, study)
    if not Path(spec["folder"]).is_dir():
        raise StoreError(
            f"The study {study} was begun in a folder that is gone.",
            got=spec["folder"],
            remedy="make it again, with the files that the command names",
        )
    os.chdir(spec["folder"])
    sys.argv = ["thalweg", *spec["typed"]]
    os.environ["THALWEG_STORE"] = str(place)
    with going_on(study):
        app([*_without_store(spec["typed"]), "--store", str(place)])


def _without_store(typed: list[str]) -> list[str]:
    """Return what was typed but for the store, which may have moved.

    Example:
        >>> _without_store(["sweep", "p", "--store", "a.db", "--trials", "8", "--store=b.db"])
        ['sweep', 'p', '--trials', '8']
    """
    kept: list[str] = []
    skip = False
    for word in typed:
        if not skip and word != "--store" and not word.startswith("--store="):
            kept.append(word)
        skip = word == "--store" and not skip
    return kept
