"""A recording, played, gives what its function gives; what cannot be played says why."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from thalweg.execute.recording import Recording


def test_inputs_and_what_the_function_holds_on_to_may_change() -> None:
    weight = torch.tensor([1.0, 2.0], requires_grad=True)

    def slope(x: Tensor) -> list[Tensor]:
        return list(torch.autograd.grad((weight * x).square().sum(), [weight]))

    recording = Recording(slope, [torch.ones(2)])
    with torch.no_grad():
        weight.copy_(torch.tensor([3.0, 5.0]))
    x = torch.tensor([2.0, 7.0])
    found = recording.play(x)[0]
    assert found is not None
    assert torch.equal(found, slope(x)[0])


def test_what_is_changed_in_place_begins_anew_each_time() -> None:
    recording = Recording(lambda x: [x.clone().add_(1).mul_(2)], [torch.zeros(3)])
    for k in (1.0, 2.0, 3.0):
        found = recording.play(torch.full((3,), k))[0]
        assert found is not None
        assert found.tolist() == [2 * (k + 1)] * 3


def test_memory_of_others_is_changed_as_the_function_changes_it() -> None:
    total = torch.zeros(2)

    def add(x: Tensor) -> list[Tensor]:
        total.add_(x)
        return [x.sum()]

    recording = Recording(add, [torch.ones(2)])
    recording.play(torch.tensor([3.0, 4.0]))
    assert total.tolist() == [4.0, 5.0]


def test_an_output_that_is_a_view_and_one_that_is_missing_are_kept() -> None:
    recording = Recording(lambda x: [x.exp()[0], None], [torch.zeros(2)])
    found = recording.play(torch.tensor([1.0, 0.0]))
    assert found[1] is None
    assert found[0] is not None
    assert found[0].item() == pytest.approx(2.718281828)


def test_operations_without_a_form_that_writes_into_a_tensor_are_copied() -> None:
    norm = nn.functional.batch_norm
    recording = Recording(lambda x: [norm(x, None, None, training=True)], [torch.rand(4, 3)])
    x = torch.rand(4, 3, generator=torch.Generator().manual_seed(0))
    found = recording.play(x)[0]
    assert found is not None
    assert torch.equal(found, norm(x, None, None, training=True))


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda x: [x.bernoulli()], "draws random numbers"),
        (lambda x: [x * x.sum().item()], "cannot be done again by itself"),
    ],
)
def test_what_cannot_be_played_says_why_and_still_gives_its_result(function: object, says: str) -> None:
    recording = Recording(function, [torch.ones(2)])  # pyright: ignore[reportArgumentType]
    assert says in recording.obstacle
    assert recording.outputs[0] is not None


def test_no_more_memory_is_kept_than_it_may() -> None:
    recording = Recording(lambda x: [x.exp().exp()], [torch.ones(1000)], most=5000)
    assert recording.obstacle == "it would keep more than 5,000 bytes"
    assert recording.outputs[0] is not None
