"""What `import thalweg.optim` brings along."""

from __future__ import annotations

import subprocess
import sys

ROOTS = "import sys, {}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"


def roots(modules: str) -> set[str]:
    command = [sys.executable, "-W", "error", "-c", ROOTS.format(modules)]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_the_roots_are_those_of_torch_and_numpy_and_our_own() -> None:
    assert roots("thalweg.optim") - roots("torch, numpy") == {"thalweg"}
