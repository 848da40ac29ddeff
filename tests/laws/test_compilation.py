"""A kernel is compiled once for a rule, its options and dtypes: not for a model, a rate, a decay or a step."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch

from thalweg.engine import cpu
from thalweg.formula import NonNegative, Tensor, Update, compose, rule
from thalweg.optim import build, optimizers
from thalweg.optim.names import Named

NAMES = [name for name in optimizers if isinstance(optimizers[name], Named)]
OPTIONS = {"weight_decay": 0.1, "clip_norm": 1.0, "decoupled_decay": 0.1, "ema": 0.9}


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kernels that this test compiles, as in a process that has compiled none."""
    names: list[str] = []
    monkeypatch.setattr(cpu, "compiled", names)
    monkeypatch.setattr(cpu, "_kernels", {})
    return names


@rule(reference="a toy, for a program that no one has compiled")
def plain(p: Tensor, g: Tensor, *, lr: NonNegative = 0.1) -> Update:
    return p - lr * g


@pytest.mark.parametrize("name", NAMES)
def test_one_program_one_compilation(name: str, compiled: list[str], make_model: Any) -> None:
    known = optimizers[name].hypers()
    hyper = {key: value for key, value in OPTIONS.items() if key in known}
    for shapes in (
        {"vector": (7,)},
        {"long": (40_000,), "number": ()},
        {"a": (2, 3), "b": (4,), "turned": (3, 2)},
    ):
        model = make_model(torch.float32, shapes)
        first, *rest = model.params
        groups = [{"params": [first], "lr": 0.5}, *([{"params": rest, "weight_decay": 0.7}] if rest else [])]
        optimizer = build(name, groups, hyper)
        for step in range(1, 6):
            for group in optimizer.param_groups:
                group["lr"] = 0.1 / step
                for key in hyper.keys() - {"ema", "clip_norm"}:
                    group[key] = (0.3, 0.0, 1e-3, 0.0, 0.1)[step - 1]
            model.feed(step)
            optimizer.step()
        group = {**optimizer.param_groups[0], **dict.fromkeys(hyper, 0.1)}
        program = optimizer.program(group)
    assert len(compiled) == len(set(compiled)) == 1 + len(program.stages)
    assert compiled[-1].startswith(f"{program.name}[float32, float32")


def test_other_dtypes_options_and_flags_are_other_programs(compiled: list[str], make_model: Any) -> None:
    def step(dtype: torch.dtype, hyper: dict[str, Any]) -> int:
        model = make_model(dtype)
        optimizer = build("adam", model.params, hyper)
        for number in range(1, 4):
            model.feed(number)
            optimizer.step()
        return len(compiled)

    for expected, dtype in enumerate((torch.float32, torch.float64, torch.bfloat16, torch.float16), start=1):
        assert step(dtype, {}) == step(dtype, {"lr": 0.5, "beta1": 0.5}) == expected
    assert step(torch.float32, {"weight_decay": 0.1}) == step(torch.float32, {"weight_decay": 0.2}) == 5
    assert step(torch.float32, {"amsgrad": True}) == 6


def test_threads_that_ask_at_once_get_one_kernel(compiled: list[str]) -> None:
    program = compose(plain)
    with ThreadPoolExecutor(8) as executor:
        asked = list(executor.map(lambda _: cpu.kernel(program, ("float32", "float32"), None), range(32)))
    assert len(set(map(id, asked))) == 1
    assert compiled == ["plain[float32, float32]"]
