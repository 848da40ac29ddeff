"""What every test stands on: one thread, the same examples each time, and what this machine may lack."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Read by torch when it is first imported, and by child processes; importing torch here would slow every test.
os.environ["OMP_NUM_THREADS"] = "1"

settings.register_profile(
    "thalweg",
    derandomize=True,
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("thalweg")


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of real data sets, as `THALWEG_DATA` names it."""
    from thalweg.data.sources import sources

    files = [f"{sources[name].place}/{file}" for name in sources for file in sources[name].sha256]
    named = os.environ.get("THALWEG_DATA")
    if not named:
        pytest.skip(f"THALWEG_DATA is not set; the test needs {', '.join(files)} in that folder")
    missing = [file for file in files if not Path(named, file).is_file()]
    if missing:
        pytest.skip(f"THALWEG_DATA={named} lacks {', '.join(missing)}")
    return Path(named)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of an installed Chromium, for Playwright's `executable_path`."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    pytest.skip("there is no chromium on PATH; Debian and Ubuntu: apt-get install chromium")
