"""Start-up: how long help takes, and what importing the optimizers loads."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks.row import Row

ROOTS = "import sys, {}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"


def rows() -> list[Row]:
    script = Path(sys.executable).with_name("thalweg")
    bare = [sys.executable, "-c", "pass"]
    _seconds([str(script), "--help"])
    pairs = [(_seconds([str(script), "--help"]), _seconds(bare)) for _ in range(9)]
    extra = _roots("thalweg.optim") - _roots("torch, numpy") - {"thalweg"}
    return [
        Row(suite="start-up: thalweg --help", ours=median(ours for ours, _ in pairs), unit="s", goal=0.3),
        Row(suite="start-up: python -c pass", ours=median(python for _, python in pairs), unit="s", goal=0.3),
        Row(suite="import thalweg.optim: other roots", ours=len(extra), unit="modules", goal=0),
    ]


def _seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def _roots(modules: str) -> set[str]:
    code = ROOTS.format(modules)
    return set(
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    )
