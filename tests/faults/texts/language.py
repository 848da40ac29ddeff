"""Language: tiny Shakespeare, character by character, with losses, targets and nets that miss the point."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW

from tests.faults.case import faulty
from tests.faults.made import Parts, made, share_right
from tests.faults.texts.data import SYMBOLS, play, windows
from tests.faults.texts.nets import CharacterGRU, CharacterTransformer
from thalweg.check.setup import Setup
from thalweg.problems import accuracy

Both = tuple[Setup, Setup]
WINDOW = 8
"""Characters that the nets without a memory see."""


class _Softmaxed(CharacterGRU):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).softmax(1)


@faulty("output_activation", data="tinyshakespeare", half="held out")
def softmax_before_cross_entropy_on_texts() -> Both:
    """Cross-entropy has its own softmax; a second one leaves scores between 0 and 1."""
    good = made(play(), CharacterGRU, nn.CrossEntropyLoss(), partial(Adam, lr=5e-3), epochs=3, metric=accuracy)
    return good.with_problem(model=_Softmaxed), good


class _Window(nn.Module):
    """The embeddings of some characters side by side, and layers on them."""

    def __init__(self, outputs: int = SYMBOLS, between: type[nn.Module] = nn.Tanh) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, 16)
        self.layers = nn.Sequential(
            nn.Linear(WINDOW * 16, 128), between(), nn.Linear(128, 128), between(), nn.Linear(128, outputs)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(self.embedding(x).flatten(1))


@faulty("missing_nonlinearity", data="tinyshakespeare", half="tuning")
def three_linear_layers_over_a_window() -> Both:
    """No activation stands between the layers, so that letters add up and never combine."""
    good = made(windows(WINDOW), _Window, nn.CrossEntropyLoss(), partial(AdamW, lr=3e-3), epochs=4, batch_size=64)
    return good.with_problem(model=partial(_Window, between=nn.Identity)), good


@faulty("wrong_loss", data="tinyshakespeare", half="held out", also=("output_size",))
def square_error_of_letters() -> Both:
    """The number of the next letter is told like a measure, as if c lay between b and d."""
    parts = windows(WINDOW)
    good = made(parts, _Window, nn.CrossEntropyLoss(), partial(AdamW, lr=3e-3), epochs=2, batch_size=64)
    numbers = Parts(*((x, y.float()[:, None]) for x, y in parts))
    metric = share_right(lambda output: output.round())
    square = made(
        numbers,
        partial(_Window, 1),
        nn.MSELoss(),
        partial(AdamW, lr=3e-3),
        epochs=2,
        batch_size=64,
        metric=metric,
    )
    return square, good


@faulty("data_leakage", data="tinyshakespeare", half="held out", also=("labels_wrong",))
def target_that_is_the_input() -> Both:
    """The target was not moved on by one: the net is asked for the letter it has just read."""
    parts = play()

    def fit(parts: Parts) -> Setup:
        loss = nn.CrossEntropyLoss()
        optimizer = partial(Adam, lr=5e-3)
        return made(parts, CharacterGRU, loss, optimizer, epochs=2, metric=accuracy, clean=play().test)

    return fit(Parts(*((x, x.clone()) for x, _ in parts))), fit(parts)


@faulty("lr_too_high", data="tinyshakespeare", half="held out")
def transformer_at_a_tenth() -> Both:
    """Adam at 0.1, a rate that was good for gradient descent on another net."""

    def fit(rate: float) -> Setup:
        loss = nn.CrossEntropyLoss()
        return made(play(), CharacterTransformer, loss, partial(Adam, lr=rate), epochs=2, metric=accuracy)

    return fit(0.1), fit(2e-3)


class _Late(nn.Module):
    """Makes its head in the first forward pass, when it sees how wide the states are."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, 32)
        self.gru = nn.GRU(32, 48, batch_first=True)
        self.head: nn.Module | None = None

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.gru(self.embedding(x))
        if self.head is None:
            self.head = nn.Linear(states.shape[-1], SYMBOLS)
        return self.head(states).transpose(1, 2)


class _Early(_Late):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(48, SYMBOLS)


@faulty("params_not_optimised", data="tinyshakespeare", half="held out")
def head_made_after_the_optimizer() -> Both:
    """The head is made in the first forward pass, when the optimizer has long got its parameters."""
    loss = nn.CrossEntropyLoss()
    good = made(play(), _Early, loss, partial(Adam, lr=5e-3), epochs=2, metric=accuracy)
    return good.with_problem(model=_Late), good


class _Attending(nn.Module):
    """One layer of attention over a window, whose last place answers."""

    def __init__(self, batch_first: bool) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, 32)
        self.place = nn.Parameter(0.1 * torch.randn(WINDOW, 32))
        self.attention = nn.MultiheadAttention(32, 4, batch_first=batch_first)
        self.norm = nn.LayerNorm(32)
        self.head = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, SYMBOLS))

    def forward(self, x: Tensor) -> Tensor:
        h = self.embedding(x) + self.place
        attended, _ = self.attention(h, h, h, need_weights=False)
        return self.head(self.norm(h + attended)[:, -1])


@faulty("tensor_shape", data="tinyshakespeare", half="tuning")
def attention_across_the_batch() -> Both:
    """MultiheadAttention expects (time, batch) unless told: samples attend to each other, not to their past."""
    loss = nn.CrossEntropyLoss()
    good = made(windows(WINDOW), partial(_Attending, True), loss, partial(Adam, lr=3e-3), epochs=2)
    return good.with_problem(model=partial(_Attending, False)), good


@faulty("optimizer_setting", data="tinyshakespeare", half="held out")
def betas_the_wrong_way_round_on_texts() -> Both:
    """Adam's betas are 0.999 for the mean and 0.9 for the squares: a thousand old gradients lead the way."""

    def fit(*betas: float) -> Setup:
        optimizer = partial(Adam, lr=3e-3, betas=betas)
        return made(windows(WINDOW), _Window, nn.CrossEntropyLoss(), optimizer, epochs=2, batch_size=64)

    return fit(0.999, 0.9), fit(0.9, 0.999)
