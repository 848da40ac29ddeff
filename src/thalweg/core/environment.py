"""Environment: where and with what a result was found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What the result depends on beside the settings: versions, hardware, the exact command."""

    command: str
    started: str
    thalweg: str
    torch: str
    python: str
    platform: str
    processor: str
    threads: int
    threading: str
    device: str
