"""Ctrl-C and SIGTERM: finished runs are kept, what is missing is said, the exit code is 130."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from thalweg.core.errors import StoreError
from thalweg.store import Database, studies

Said = subprocess.CompletedProcess[str]
Thalweg = Callable[..., Said]
Blobs = Callable[..., str]

# A shell may start the tests with SIGINT ignored, and children inherit that.
LISTENING = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from thalweg.cli.main import main; main()"
)


@contextmanager
def started(*typed: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command in the background; it is killed if the test fails on the way."""
    command = [sys.executable, "-c", LISTENING, *typed]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def ended_runs(store: Path) -> int:
    try:
        with Database.open_readonly(store) as database:
            return sum(study.ended for study in studies(database))
    except StoreError:  # not there yet
        return 0


def interrupt_after(runs: int, process: subprocess.Popen[str], store: Path) -> Said:
    """Send SIGINT as soon as so many runs have ended."""
    deadline = time.monotonic() + 120
    while ended_runs(store) < runs and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    return Said(process.args, process.returncode, out, err)


def test_a_comparison_that_is_interrupted_keeps_what_it_has(thalweg: Thalweg, tmp_path: Path) -> None:
    store = tmp_path / "thalweg-runs" / "runs.db"
    with started("compare", "digits/logistic", "--trials", "500") as process:
        said = interrupt_after(3, process, store)
    flat = " ".join(said.stdout.split())
    assert (said.returncode, said.stderr) == (130, "")
    assert "Interrupted while tuning" in flat
    assert "of 4000 trials are done" in flat
    assert "kept as compare-0001" in flat
    assert "Interrupted while tuning" in (tmp_path / "report.html").read_text("utf-8")

    listed = thalweg("runs")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "interrupted" in listed.stdout
    kept = thalweg("runs", "compare-0001").stdout
    assert kept.count("completed") + kept.count("diverged") >= 3
    assert kept.count("interrupted") <= 1  # the one that was hit
    (tmp_path / "report.html").unlink()
    assert thalweg("report", "compare-0001").returncode == 0
    assert "Interrupted while tuning" in (tmp_path / "report.html").read_text("utf-8")
    assert thalweg("report", "compare-0001/sgd/trial-0").returncode == 0


STOP = """
from thalweg.core.seeding import derive

built = []

class Net(nn.Linear):
    def __init__(self):
        super().__init__(4, 3)
        built.append(torch.initial_seed())
        self.doomed = built[-1] == derive({seed}, "weights") and built.count(built[-1]) == {nth}
        self.updates = 0

    def forward(self, x):
        self.updates += self.training
        if self.doomed and self.updates == 8:
            raise KeyboardInterrupt
        return super().forward(x)

settings["model"] = Net
problem = tw.Problem(**settings)
"""


@pytest.fixture
def stopping(blobs: Blobs) -> Callable[..., str]:
    """A problem that is interrupted in the second epoch (of five updates) of the nth run on a seed."""
    return lambda seed, nth: blobs(STOP.format(seed=seed, nth=nth))


def test_an_interruption_in_the_final_runs_ranks_who_has_all_seeds(
    thalweg: Thalweg, stopping: Callable[..., str], tmp_path: Path
) -> None:
    said = thalweg("compare", stopping(seed=2, nth=2), "-o", "sgd,adam", "--trials=1", "--seeds=2")
    flat = " ".join(said.stdout.split())
    assert said.returncode == 130
    assert "Interrupted in the final runs: 3 of 4 are done." in flat
    assert "Not ranked, for want of seeds: adam." in flat
    assert "sgd gives" in flat
    assert "want of seeds: adam" in (tmp_path / "report.html").read_text("utf-8")
    assert thalweg("runs", "compare-0001").stdout.count("completed") == 5


def test_a_fit_that_is_interrupted_is_kept_and_can_go_on(
    thalweg: Thalweg, stopping: Callable[..., str], blobs: Blobs, tmp_path: Path
) -> None:
    typed = ["--epochs=4", "--checkpoint=c"]
    said = thalweg("fit", stopping(seed=0, nth=1), *typed)
    assert said.returncode == 130
    assert "interrupted" in said.stdout
    assert said.stdout.splitlines()[-1].endswith("--epochs=4 --checkpoint=c --resume")
    assert "fit-0001" in said.stdout
    assert "interrupted" in thalweg("runs").stdout
    assert thalweg("report", "fit-0001").returncode == 0
    assert (tmp_path / "c" / "checkpoint.safetensors").is_file()
    on = thalweg("fit", blobs(), *typed, "--resume")
    assert on.returncode == 0
    assert "completed" in on.stdout


SLOW = """
import time

class Net(nn.Linear):
    def forward(self, x):
        time.sleep(0.01)
        return super().forward(x)

settings["model"] = lambda: Net(4, 3)
problem = tw.Problem(**settings)
"""


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_a_fit_that_is_ended_from_outside_is_interrupted(
    ending: signal.Signals, thalweg: Thalweg, blobs: Blobs, tmp_path: Path
) -> None:
    with started("fit", blobs(SLOW), "--epochs=100000", "--threads=1") as process:
        checkpoint = tmp_path / "thalweg-runs" / "fit-0001" / "checkpoint.safetensors"
        deadline = time.monotonic() + 60
        while not checkpoint.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert "running" in thalweg("runs").stdout
        process.send_signal(ending)
        out, err = process.communicate(timeout=60)
    assert "interrupted" in thalweg("runs").stdout
    if ending is signal.SIGTERM:
        assert (process.returncode, err) == (130, "")
        assert "--checkpoint thalweg-runs/fit-0001 --resume" in " ".join(out.split())


def test_an_interruption_before_any_run_ends_quietly(thalweg: Thalweg, blobs: Blobs, tmp_path: Path) -> None:
    said = thalweg("compare", blobs("raise KeyboardInterrupt"))
    assert (said.returncode, said.stdout, said.stderr) == (130, "", "")
    assert not (tmp_path / "thalweg-runs").exists()
