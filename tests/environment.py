"""An environment, for results that tests make by hand."""

from __future__ import annotations

from thalweg.core.environment import Environment

ENVIRONMENT = Environment(
    command="thalweg compare digits/mlp-1 --trials 16 --seeds 10",
    started="2025-11-20 18:04:11 UTC",
    thalweg="0.1.0",
    torch="2.13.0+cpu",
    python="3.11.2",
    platform="Linux x86_64",
    processor="AMD EPYC 7B13, 2 cores",
    threads=1,
    threading="trained on 1 torch thread",
    device="cpu",
)
