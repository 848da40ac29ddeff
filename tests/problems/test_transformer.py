from __future__ import annotations

import torch

from thalweg.problems.transformer import CausalTransformer


def test_layers_are_drawn_each_for_itself() -> None:
    first, second = CausalTransformer(7, 8, 16, 2, 2).layers
    weights = [layer.get_parameter("linear1.weight") for layer in (first, second)]
    assert not torch.equal(*weights)


def test_a_shorter_text_has_the_scores_of_its_beginning() -> None:
    net = CausalTransformer(7, 8, 16, 2, 2).double()
    x = torch.randint(7, (3, 8), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(net(x)[..., :5], net(x[:, :5]))


def test_evaluation_gives_what_training_gives() -> None:
    net = CausalTransformer(7, 8, 16, 2, 2).double()
    x = torch.randint(7, (3, 8), generator=torch.Generator().manual_seed(0))
    trained = net(x).detach()
    with torch.no_grad():
        torch.testing.assert_close(net.eval()(x), trained)
