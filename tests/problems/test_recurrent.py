from __future__ import annotations

import torch

from thalweg.problems.recurrent import CharacterLSTM


def test_scores_for_every_place_fit_cross_entropy() -> None:
    net = CharacterLSTM(7, 5)
    x = torch.randint(7, (3, 4), generator=torch.Generator().manual_seed(0))
    scores = net(x)
    assert scores.shape == (3, 7, 4)
    by_hand = net.head(net.lstm(net.embedding(x))[0])
    torch.testing.assert_close(
        torch.nn.CrossEntropyLoss()(scores, x), torch.nn.CrossEntropyLoss()(by_hand.flatten(0, 1), x.flatten())
    )
