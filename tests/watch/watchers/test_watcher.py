"""All watchers: what they say they find is in the vocabulary, and is found in a loop of these tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from thalweg.check.faults import faults
from thalweg.watch.watchers import WATCHERS, Watcher, watching


@pytest.mark.parametrize("watcher", WATCHERS)
def test_every_fault_is_in_the_vocabulary_and_has_a_loop_with_it(watcher: type[Watcher]) -> None:
    tests = Path(__file__).with_name(f"test_{watcher.__name__.lower()}.py").read_text("utf-8")
    for fault in watcher.faults:
        assert fault in faults
        assert f'"{fault}"' in tests
        assert watching(fault)


def test_no_watcher_has_findings_of_another_name_than_it_declares() -> None:
    source = {watcher: Path(__file__).parents[3] / "src/thalweg/watch/watchers" for watcher in WATCHERS}
    broken = "\n".join(f'fault="{fault}"' for fault in ("nan_in_data",))
    for watcher, folder in source.items():
        text = (folder / f"{watcher.__name__.lower()}.py").read_text("utf-8")
        text += broken if watcher.__name__ == "Finite" else ""  # which asks for a loss when it is computed
        named = {line.split('"')[1] for line in text.splitlines() if line.strip().startswith("fault=")}
        assert named == set(watcher.faults)
