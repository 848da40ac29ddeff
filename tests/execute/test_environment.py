"""What a result depends on is written down as it is."""

from __future__ import annotations

import platform
import sys
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest
import torch

from thalweg.execute import environment


def test_versions_threads_and_command_are_those_of_this_process() -> None:
    found = environment.describe("thalweg compare 'my file.py:problem'", datetime.now(UTC), "on 1 torch thread", 1)
    assert found.command == "thalweg compare 'my file.py:problem'"
    assert (found.threads, found.device) == (1, "cpu")
    assert found.threading == "on 1 torch thread"
    assert (found.thalweg, found.torch) == (version("thalweg"), torch.__version__)
    assert sys.version.startswith(found.python)
    assert platform.machine() in found.platform
    assert found.processor


def test_the_start_is_now_with_its_zone() -> None:
    started = datetime.fromisoformat(environment.describe("", datetime.now(UTC), "", 1).started)
    assert abs(datetime.now(UTC) - started) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("processor\t: 0\nmodel name\t: Some CPU: 3 GHz\nmodel name\t: another\n", "Some CPU: 3 GHz"),
        ("Hardware\t: a board\n", "the standard library's"),
        (None, "the standard library's"),
    ],
)
def test_the_processor_has_a_name_on_every_system(
    content: str | None, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cpuinfo"
    if content is not None:
        file.write_text(content)
    monkeypatch.setattr(environment, "Path", lambda _: file)
    monkeypatch.setattr(platform, "processor", lambda: "the standard library's")
    assert environment.describe("", datetime.now(UTC), "", 1).processor == name
