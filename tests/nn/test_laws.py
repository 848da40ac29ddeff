"""Laws of everything that ``thalweg.nn`` exports; what is exported is found, not listed."""

from __future__ import annotations

import copy
import inspect
import io
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import functional_call, grad, stack_module_state, vmap

from thalweg.core.errors import InputError
from thalweg.nn.loss import Loss

MEMBERS = 3

Make = Callable[..., Any]
Block = type[Any]


def run(net: Any, x: Tensor) -> Tensor:
    """Run with the same noise each time."""
    torch.manual_seed(7)
    return net(x)


def gradients(net: Any, x: Tensor) -> list[Tensor]:
    x = x.clone().requires_grad_()
    output = run(net, x)
    return list(torch.autograd.grad(weighted(output), [x, *net.parameters()]))


def weighted(output: Tensor) -> Tensor:
    """A sum in which every element counts differently."""
    return (output * torch.linspace(0.5, 1.5, output.numel(), dtype=output.dtype).reshape(output.shape)).sum()


@pytest.mark.parametrize("shared", [False, True], ids=["buffers stacked", "buffers shared"])
def test_vmap_is_a_loop(subject: Make, any_block: Block, x: Tensor, shared: bool) -> None:
    """Members of other weights and inputs, as a cohort trains them: outputs and gradients."""
    nets = [subject(seed=k) for k in range(MEMBERS)]
    parameters, buffers = stack_module_state(nets)  # pyright: ignore[reportArgumentType]
    if shared:
        buffers = dict(nets[0].named_buffers())
    xs = torch.stack([x * (k + 1) for k in range(MEMBERS)])

    def loss(parameters: dict[str, Tensor], x: Tensor, buffers: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        output = functional_call(nets[0], (parameters, buffers), (x,))
        return weighted(output), output

    torch.manual_seed(7)
    member = vmap(
        grad(loss, argnums=(0, 1), has_aux=True), in_dims=(0, 0, None if shared else 0), randomness="same"
    )
    (by_parameter, by_x), outputs = member(parameters, xs, buffers)
    for k, net in enumerate(nets):
        torch.testing.assert_close(outputs[k], run(net, xs[k]))
        ours = [by_x[k], *(by_parameter[name][k] for name, _ in net.named_parameters())]
        torch.testing.assert_close(ours, gradients(net, xs[k]))


def test_compiled_is_eager(everything: torch.nn.ModuleDict, x: Tensor) -> None:
    """All in one graph, which is faster to compile; without a break."""

    def outputs(x: Tensor) -> dict[str, Tensor]:
        return {name: net(x) for name, net in everything.items()}

    torch.manual_seed(7)
    expected = outputs(x)
    torch.manual_seed(7)
    found = torch.compile(outputs, backend="aot_eager", fullgraph=True, dynamic=False)(x)
    torch.testing.assert_close(found, expected)
    of = list(everything.parameters())
    totals = [torch.stack([weighted(output) for output in all_of.values()]).sum() for all_of in (found, expected)]
    ours, theirs = (torch.autograd.grad(total, of) for total in totals)
    torch.testing.assert_close(ours, theirs)


def test_gradients_are_derivatives(subject: Make, any_block: Block, x: Tensor) -> None:
    """Of first and second order, by inputs and by parameters."""
    net = subject()
    names, parameters = zip(*[("", x.clone().requires_grad_()), *net.named_parameters()], strict=True)

    def function(*values: Tensor) -> Tensor:
        torch.manual_seed(7)
        return functional_call(net, dict(zip(names[1:], values[1:], strict=True)), (values[0],))

    assert torch.autograd.gradcheck(function, parameters, fast_mode=True)
    assert torch.autograd.gradgradcheck(function, parameters, fast_mode=True)


def test_state_goes_from_one_to_another(subject: Make, any_block: Block, x: Tensor) -> None:
    net, other = subject(seed=0), subject(seed=1)
    file = io.BytesIO()
    torch.save(net.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(run(net, x), run(other, x))


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 0.0), (torch.float32, 1e-5), (torch.bfloat16, 0.1)], ids=str
)
def test_dtype_is_kept(subject: Make, any_block: Block, x: Tensor, dtype: torch.dtype, tolerance: float) -> None:
    """And what is computed in it is near what float64 gives."""
    net = subject()
    output = run(subject().eval().to(dtype), x.to(dtype))
    assert output.dtype == dtype
    torch.testing.assert_close(output.double(), run(net.eval(), x), atol=tolerance, rtol=tolerance)
    assert {g.dtype for g in gradients(subject().to(dtype), x.to(dtype))} == {dtype}


def test_meta_device(subject: Make, any_block: Block, x: Tensor) -> None:
    """No value is looked at on the way, and everything is made where torch is told to, or moved there."""
    with torch.device("meta"):
        made = subject()
    for net in (made, subject().to("meta")):
        output = net(x.to("meta"))
        assert (output.device.type, output.shape) == ("meta", run(subject(), x).shape)


@pytest.mark.parametrize(
    "twin", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))], ids=["copy", "pickle"]
)
def test_a_copy_is_its_own(subject: Make, any_block: Block, x: Tensor, twin: Callable[[Any], Any]) -> None:
    net = subject()
    before = run(net, x)
    other = twin(net)
    assert torch.equal(run(other, x), before)
    with torch.no_grad():
        for p in other.parameters():
            p.add_(1)
    assert torch.equal(run(net, x), before)


def test_no_sample_and_one(subject: Make, any_layer: Block, x: Tensor) -> None:
    net = subject().eval()
    assert net(x[:0]).shape == (0, *net(x).shape[1:])
    torch.testing.assert_close(net(x[:1]), net(x)[:1])


def test_repr_tells_the_arguments(subject: Make, any_block: Block) -> None:
    text = repr(subject().block)
    for name, parameter in inspect.signature(any_block).parameters.items():
        if isinstance(parameter.default, int | float | str):
            assert f"{name}={parameter.default!r}" in text


def test_graph_can_be_traced(subject: Make, any_layer: Block, x: Tensor) -> None:
    """By ``torch.fx``, for what finds its way through a model by its graph."""
    net = subject().eval().block
    assert torch.equal(torch.fx.symbolic_trace(net)(x), net(x))


def test_gain_restores_the_second_moment(subject: Make, any_layer: Block) -> None:
    """Of standard normal inputs, in training, by many draws."""
    wide = "out_features" in inspect.signature(any_layer).parameters  # many units, for they are drawn too
    net = subject(**{"out_features": 500} if wide else {}).block
    draws = torch.randn(5_000 if wide else 200_000, 6, dtype=torch.float64)
    with torch.no_grad():
        moment = net(draws).square().mean().item()
    assert moment * net.gain**2 == pytest.approx(1, rel=0.05 if wide else 0.01)


def test_all_but_the_end_of_a_model_has_a_gain(subject: Make, any_block: Block, x: Tensor) -> None:
    net = subject()
    inside = not issubclass(any_block, Loss) and isinstance(net.block(x), Tensor)
    assert hasattr(any_block, "gain") == inside


def test_reductions(subject: Make, any_loss: Block, x: Tensor) -> None:
    """The mean of the losses of single samples, their sum, and themselves."""
    mean, total, each = (subject(reduction=name)(x) for name in ("mean", "sum", "none"))
    assert each.shape == (len(x),)
    torch.testing.assert_close((mean, total), (each.mean(), each.sum()))
    assert (each >= 0).all()
    with pytest.raises(InputError, match="reduction is unusable"):
        any_loss(reduction="average")
