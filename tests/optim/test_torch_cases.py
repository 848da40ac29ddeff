"""PyTorch's own cases for its optimizers, over every rule of ours that shares a name."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

from thalweg import optim
from thalweg.core.errors import ThalwegError
from thalweg.optim import RuleOptimizer

pytest.importorskip("expecttest", reason="PyTorch's test cases import it")
cases = pytest.importorskip("torch.testing._internal.common_optimizers")

SHARED = {
    kind.__name__ for kind in vars(optim).values() if isinstance(kind, type) and issubclass(kind, RuleOptimizer)
}
RULES = [info for info in cases.optim_db if info.optim_cls.__name__ in SHARED]
LIMITS_OF_TORCHS_LOOPS = (  # which ours have not: see the last test
    "lr as Tensor doesn't work with foreach & not capturable",
    "betas must be either both floats or both Tensors",
    r"betas\[0\] as a Tensor is not supported for capturable=False and foreach=True",
)


def inputs(infos: list[Any]) -> list[Any]:
    return [
        pytest.param(info.optim_cls, case.kwargs, id=f"{info.optim_cls.__name__}-{case.desc}")
        for info in infos
        for case in info.optim_inputs_func(device="cpu")
    ]


def errors() -> list[Any]:
    return [
        pytest.param(
            info.optim_cls.__name__, case, id=f"{info.optim_cls.__name__}-{case.optimizer_error_input.desc}"
        )
        for info in RULES
        for case in info.optim_error_inputs_func(device="cpu", dtype=torch.float32)
        if case.optimizer_error_input.desc not in LIMITS_OF_TORCHS_LOOPS
    ]


def trained(kind: Any, settings: dict[str, Any], dtype: torch.dtype, **manner: Any) -> list[torch.Tensor]:
    """Parameters of three shapes after steps with given gradients, the rate changed on the way."""
    generator = torch.Generator().manual_seed(0)
    params = [torch.randn(shape, dtype=dtype, generator=generator) for shape in ((5, 3), (4,), ())]
    params = [torch.nn.Parameter(p, requires_grad="differentiable" not in manner) for p in params]
    keywords = {key: v.clone() if isinstance(v, torch.Tensor) else v for key, v in settings.items()}
    optimizer = kind(params, **keywords, **manner)
    for step in range(8):
        for p in params:
            p.grad = torch.randn(p.shape, dtype=dtype, generator=generator)
        if step % 3 == 1:
            params[1].grad = None
        optimizer.step()
        if not isinstance(optimizer.param_groups[0]["lr"], torch.Tensor):
            optimizer.param_groups[0]["lr"] *= 0.9
    return [p.detach() for p in params]


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
@pytest.mark.parametrize(("kind", "settings"), inputs(RULES))
def test_every_configuration_is_walked_as_torch_walks_it(kind: Any, settings: Any, dtype: torch.dtype) -> None:
    ours = trained(getattr(optim, kind.__name__), settings, dtype)
    rtol = 1e-6 if kind.__name__ in ("NAdam", "ASGD") else 1e-12  # torch keeps their numbers in float32
    torch.testing.assert_close(ours, trained(kind, settings, dtype), rtol=rtol, atol=rtol / 10)


@pytest.mark.parametrize("manner", [{"foreach": True}, {"foreach": False}, {"fused": True}, {"capturable": True}])
@pytest.mark.parametrize(("kind", "settings"), inputs(RULES))
def test_how_torch_would_do_it_makes_no_difference(kind: Any, settings: Any, manner: Any) -> None:
    ours = getattr(optim, kind.__name__)
    plain = trained(ours, settings, torch.float32)
    assert all(map(torch.equal, plain, trained(ours, settings, torch.float32, **manner)))


@pytest.mark.parametrize(("kind", "settings"), inputs(RULES))
def test_a_differentiable_step_is_the_same_step(kind: Any, settings: Any) -> None:
    ours = getattr(optim, kind.__name__)
    followed = trained(ours, settings, torch.float64, differentiable=True)
    torch.testing.assert_close(followed, trained(ours, settings, torch.float64), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("name", "case"), errors())
def test_what_torch_refuses_is_refused_with_an_error_of_that_type(name: str, case: Any) -> None:
    given = case.optimizer_error_input
    params = [torch.nn.Parameter(torch.ones(2, 2))] if given.params is None else given.params
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(case.error_type) as caught:
            getattr(optim, name)(params, **given.kwargs)
    ours = given.params is None or isinstance(
        given.params, torch.Tensor
    )  # torch's base class checks what is listed
    assert isinstance(caught.value, ThalwegError) == ours


@pytest.mark.parametrize("name", ["Adam", "AdamW"])
@pytest.mark.parametrize(
    "settings",
    [
        {"lr": torch.tensor(0.01), "foreach": True},
        {"betas": (0.9, torch.tensor(0.99))},
        {"betas": (torch.tensor(0.8), torch.tensor(0.99)), "foreach": True},
    ],
)
def test_tensors_are_numbers_wherever_they_stand(name: str, settings: dict[str, Any]) -> None:
    kind = getattr(optim, name)
    betas = tuple(map(float, settings.get("betas", (0.9, 0.999))))
    plain = {"lr": float(settings.get("lr", 1e-3)), "betas": betas}
    followed = trained(kind, {"lr": settings.get("lr", plain["lr"]), **settings}, torch.float64)
    if isinstance(settings.get("lr"), torch.Tensor):  # `trained` lets only numbers fall
        plain["lr"] = torch.tensor(plain["lr"], dtype=torch.float64)
    torch.testing.assert_close(followed, trained(kind, plain, torch.float64), rtol=1e-12, atol=0)
