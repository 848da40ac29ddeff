"""The code that the architecture tests read."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's top folder."""
    return ROOT


@pytest.fixture(scope="session")
def package() -> Path:
    """The folder of the installed source, src/thalweg."""
    return ROOT / "src" / "thalweg"


@pytest.fixture(scope="session")
def sources() -> dict[Path, ast.Module]:
    """Every Python file of src, tests and benchmarks, parsed."""
    paths = (path for folder in ("src", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py"))
    return {path.relative_to(ROOT): ast.parse(path.read_text("utf-8")) for path in sorted(paths)}


@pytest.fixture(scope="session")
def tracked() -> dict[str, str]:
    """The text of every file that git tracks or would take, by its path from the top; pictures have none."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if listing.returncode:
        pytest.skip(f"git cannot list the files: {listing.stderr.decode().strip()}")
    names = [name for name in listing.stdout.decode().split("\0") if (ROOT / name).is_file()]
    contents = {name: (ROOT / name).read_bytes() for name in names}
    return {name: "" if b"\0" in content else content.decode() for name, content in contents.items()}
