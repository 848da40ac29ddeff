from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from thalweg.data.bag_of_words import bags
from thalweg.data.vocabulary import Vocabulary
from thalweg.problems.bag_of_words import BagOfWords

WORDS = Vocabulary.of("abcdef", unknown="")
X = torch.from_numpy(bags(["fade", "bee", "xyz"], WORDS))


def test_it_is_logistic_regression_on_zeros_and_ones() -> None:
    torch.manual_seed(0)
    net = BagOfWords(len(WORDS), 3).double()
    held = functional.one_hot(X, len(WORDS)).amax(1).double()
    held[:, 0] = 0
    torch.testing.assert_close(net(X), held @ net.words.weight + net.bias)
    assert torch.equal(net(X)[2], net.bias)


def test_only_words_that_are_there_have_a_gradient() -> None:
    net = BagOfWords(len(WORDS), 3)
    functional.cross_entropy(net(X), torch.tensor([0, 1, 2])).backward()
    assert net.words.weight.grad is not None
    touched = net.words.weight.grad.abs().sum(1) > 0
    assert touched.tolist() == [symbol in set("fadebe") for symbol in WORDS.symbols]


def test_later_layers() -> None:
    net = BagOfWords(len(WORDS), 5, 4, 2)
    assert [type(layer) for layer in net.later] == [nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]
    assert net(X).shape == (3, 2)
