"""What a result depends on beside its settings."""

from __future__ import annotations

import platform
import sys
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import torch

from thalweg.core.environment import Environment


def describe(command: str, started: datetime, threading: str, threads: int) -> Environment:
    """Return versions, hardware and the exact command.

    Args:
        command: What was typed.
        started: When, in UTC.
        threading: How the runs were done, on how many threads, and why, in words.
        threads: Torch threads of this process.
    """
    return Environment(
        command=command,
        started=started.isoformat(timespec="seconds"),
        thalweg=version("thalweg"),
        torch=torch.__version__,
        python=sys.version.split()[0],
        platform=platform.platform(),
        processor=_processor(),
        threads=threads,
        threading=threading,
        device="cpu",
    )


def _processor() -> str:
    """The processor's name; the standard library knows it on some systems only."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
