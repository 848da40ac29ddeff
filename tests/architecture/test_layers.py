"""The import contract covers every package, and the ground floor stays light."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

IMPORT_CORE = """
import importlib, pkgutil, sys
import thalweg.core
for module in pkgutil.walk_packages(thalweg.core.__path__, "thalweg.core."):
    importlib.import_module(module.name)
print(*sorted({"torch", "numpy"} & set(sys.modules)))
print(*sorted(name for name in sys.modules if name.startswith("thalweg.core.")))
"""


def test_every_package_has_its_layer(root: Path, package: Path) -> None:
    contracts = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = [name.strip() for layer in contracts[0]["layers"] for name in layer.split("|")]
    inside = {path.parent.name for path in package.glob("*/__init__.py")}
    inside |= {path.stem for path in package.glob("*.py")} - {"__init__", "__main__"}
    assert contracts[0]["type"] == "layers"
    assert sorted(inside) == sorted(layers)


def test_core_loads_neither_torch_nor_numpy() -> None:
    command = [sys.executable, "-W", "error", "-c", IMPORT_CORE]
    heavy, modules = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert heavy == ""
    assert "thalweg.core.errors" in modules.split()
