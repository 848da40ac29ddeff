"""Outputs that are not what the loss takes them for."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional


class Ended(nn.Module):
    """A net whose forward ends in a function."""

    def __init__(self, end, inputs=64, outputs=10):
        super().__init__()
        self.hidden, self.head, self.end = nn.Linear(inputs, 32), nn.Linear(32, outputs), end

    def forward(self, x):
        return self.end(self.head(torch.relu(self.hidden(x))))


MODULES = [lambda: nn.Softmax(1), nn.Sigmoid, nn.ReLU, nn.Tanh, nn.Softplus]


@pytest.mark.parametrize("end", MODULES)
def test_an_activation_before_cross_entropy_is_found_and_left_out(end, small_digits, setup_of, mlp, see):
    seen = see(setup_of(small_digits, mlp(64, 32, 10, end=end)), "output activation")
    assert seen.faults == ["output_activation"]
    assert seen.suspicions[0].weight >= 0.75
    assert not seen.mended().suspicions


@pytest.mark.parametrize("end", [lambda z: torch.softmax(z, 1), torch.sigmoid, functional.relu, torch.tanh])
def test_a_function_in_forward_is_left_out_alone(end, small_digits, setup_of, see):
    seen = see(setup_of(small_digits, lambda: Ended(end)), "output activation")
    assert seen.faults == ["output_activation"]
    from thalweg.check.subject import Subject

    plain = setup_of(small_digits, lambda: Ended(lambda z: z))
    mended = seen.suspicions[0].change.apply(seen.setup)
    x = small_digits[0][:5]
    assert torch.equal(Subject(mended).model(x), Subject(plain).model(x))


def test_shares_made_by_hand_are_found_and_brought_back(small_digits, setup_of, see):
    seen = see(
        setup_of(small_digits, lambda: Ended(lambda z: z.exp() / z.exp().sum(1, keepdim=True))),
        "output activation",
    )
    assert seen.faults == ["output_activation"]
    loss = seen.suspicions[0].change.apply(seen.setup).problem.loss
    scores = torch.randn(6, 10)
    assert torch.allclose(
        loss(scores.softmax(1), torch.arange(6)), functional.cross_entropy(scores, torch.arange(6))
    )


def test_scores_are_right(small_digits, setup_of, mlp, see):
    def capped(z):
        return 30 * torch.tanh(z / 30)

    def logs(z):
        return functional.log_softmax(z, 1)  # of a logarithm of shares softmax makes the same shares

    for end in (lambda z: z, capped, logs, lambda z: functional.leaky_relu(z, 0.3)):
        assert not see(setup_of(small_digits, lambda end=end: Ended(end)), "output activation").suspicions


def test_hidden_activations_are_no_ending(small_digits, setup_of, mlp, see):
    for activation in (nn.Sigmoid, nn.Tanh, nn.ReLU):
        given = setup_of(small_digits, mlp(64, 32, 10, activation=activation))
        assert not see(given, "output activation").suspicions


@pytest.mark.parametrize(
    ("loss", "end", "right"),
    [
        (nn.NLLLoss(), lambda z: z, lambda z: functional.log_softmax(z, 1)),
        (nn.NLLLoss(), lambda z: z.softmax(1), lambda z: functional.log_softmax(z, 1)),
        (lambda output, y: functional.nll_loss(output.log(), y), lambda z: z.exp(), lambda z: z.softmax(1)),
    ],
)
def test_what_a_loss_lacks_is_found_and_put_before_it(loss, end, right, small_digits, setup_of, see):
    seen = see(setup_of(small_digits, lambda: Ended(end), loss), "output activation")
    assert seen.faults == ["output_activation"]
    mended = seen.suspicions[0].change.apply(seen.setup).problem.loss
    scores, y = torch.randn(6, 10), torch.arange(6)
    if loss is not seen.setup.problem.loss or end(scores) is scores:
        assert torch.allclose(mended(end(scores), y), functional.cross_entropy(scores, y))
    assert not see(setup_of(small_digits, lambda: Ended(right), loss), "output activation").suspicions


@pytest.mark.parametrize(
    ("loss", "end", "faults"),
    [
        (nn.BCELoss(), lambda z: z, ["output_activation"]),
        (nn.BCELoss(), torch.sigmoid, []),
        (nn.BCELoss(), lambda z: z.clamp(0, 1), []),
        (nn.BCELoss(), lambda z: z.softmax(1), ["output_activation"]),  # of one score it is always 1
        (nn.BCEWithLogitsLoss(), lambda z: z, []),
        (nn.BCEWithLogitsLoss(), torch.sigmoid, ["output_activation"]),
        (nn.BCEWithLogitsLoss(), functional.relu, ["output_activation"]),
    ],
)
def test_yes_and_no(loss, end, faults, raw_cancer, setup_of, see):
    x, y = raw_cancer
    data = (x - x.mean(0)) / x.std(0), y[:, None].float()
    assert see(setup_of(data, lambda: Ended(end, 30, 1), loss), "output activation").faults == faults
