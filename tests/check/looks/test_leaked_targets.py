"""Inputs that give the target away, and models that see what comes next."""

from __future__ import annotations

import torch
from torch import nn

from thalweg.data import InMemory


def test_a_label_among_the_inputs_is_found_and_blanked(small_digits, setup_of, mlp, see):
    x, y = small_digits
    noise = 0.01 * torch.randn(len(y), 1, generator=torch.Generator().manual_seed(0))
    code = torch.tensor([3.0, 1, 4, 15, 9, 2, 6, 5, 35, 8])[y][:, None]
    for column in (y[:, None].float(), code, y[:, None] + noise):
        seen = see(setup_of((torch.cat([x, column], 1), y), mlp(65, 32, 10)), "leaked targets")
        assert seen.faults == ["data_leakage"]
        assert seen.suspicions[0].finding.where == "input 64"
        assert not seen.mended().suspicions


def test_one_hot_labels_among_the_inputs_are_found(raw_wine, setup_of, mlp, see):
    x, y = raw_wine
    seen = see(setup_of((torch.cat([x, nn.functional.one_hot(y).float()], 1), y), mlp(16, 8, 3)), "leaked targets")
    assert seen.suspicions[0].finding.numbers["inputs"] == 3


def test_a_target_in_other_units_is_found(raw_diabetes, setup_of, mlp, see):
    x, y = raw_diabetes
    given = setup_of((torch.cat([x, 0.1 * y + 5], 1), y), mlp(11, 8, 1), nn.MSELoss())
    assert see(given, "leaked targets").faults == ["data_leakage"]
    assert not see(setup_of((x, y), mlp(10, 8, 1), nn.MSELoss()), "leaked targets").suspicions


def test_good_inputs_are_no_leaks(small_digits, raw_wine, raw_cancer, setup_of, mlp, see):
    for x, y in (small_digits, raw_wine, raw_cancer):
        assert not see(setup_of((x, y), mlp(x.shape[1], 8, 10)), "leaked targets").suspicions


class Reader(nn.Module):
    """A net over sequences of tokens."""

    def __init__(self, kind):
        super().__init__()
        self.embed = nn.Embedding(20, 8)
        self.kind = kind
        self.lstm = nn.LSTM(8, 8, batch_first=True, bidirectional=kind == "both ways")
        self.attention = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.head = nn.Linear(16 if kind == "both ways" else 8, 20)

    def forward(self, x):
        h = self.embed(x)
        if self.kind.endswith("attention"):
            mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
            h = self.attention(h, src_mask=mask if self.kind == "masked attention" else None)
        else:
            h = self.lstm(h)[0]
        return self.head(h).transpose(1, 2)


def text():
    tokens = torch.randint(0, 20, (101, 13), generator=torch.Generator().manual_seed(0))
    return tokens[:, :-1].clone(), tokens[:, 1:].clone()


def test_a_model_that_sees_the_future_is_found(setup_of, see):
    for kind in ("both ways", "attention"):
        seen = see(setup_of(text(), lambda kind=kind: Reader(kind), metrics=[]), "seen future")
        assert seen.faults == ["data_leakage"], kind
    for kind in ("one way", "masked attention"):
        assert not see(setup_of(text(), lambda kind=kind: Reader(kind), metrics=[]), "seen future").suspicions


def test_labels_of_tokens_may_depend_on_what_comes_later(setup_of, see):
    x, _ = text()
    given = setup_of((x, (x > 9).long()), lambda: Reader("both ways"), metrics=[])
    assert not see(given, "seen future").suspicions


def test_targets_that_were_not_shifted_are_found(setup_of, see):
    x, _ = text()
    seen = see(
        setup_of(InMemory(x, x.clone()), lambda: Reader("one way"), valid=(x, x), metrics=[]), "seen future"
    )
    assert seen.faults == ["data_leakage"]
    assert not seen.mended().suspicions
