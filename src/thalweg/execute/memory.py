"""Memory: what was done before a process was killed, so that the next one need not do it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from thalweg.core.run import Run


@dataclass(frozen=True)
class Memory:
    """What an executor goes on from.

    Attributes:
        folder: Where unfinished runs are written down, and looked for; None for nowhere.
        runs: Those that had ended, by run_id.
    """

    folder: Path | None
    runs: Mapping[str, Run] = field(default_factory=dict[str, Run])
