"""Nets as they are built in practice, none of which has a fault that a static look could see."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from thalweg.check.look import Suspicion, looks
from thalweg.check.subject import Subject
from thalweg.core.finding import Severity

STATIC = [name for name in looks if ".looks." in looks[name].function.__module__]


class Residual(nn.Module):
    """A block of two convolutions, normed after or before."""

    def __init__(self, into, out, pre):
        super().__init__()
        self.pre = pre
        self.one, self.two = (nn.Conv2d(a, out, 3, padding=1, bias=False) for a in (into, out))
        self.norms = nn.ModuleList([nn.BatchNorm2d(into if pre else out), nn.BatchNorm2d(out)])
        self.short = nn.Identity() if into == out else nn.Conv2d(into, out, 1, bias=False)

    def forward(self, x):
        if self.pre:
            h = self.one(functional.relu(self.norms[0](x)))
            return self.short(x) + self.two(functional.relu(self.norms[1](h)))
        h = self.norms[1](self.two(functional.relu(self.norms[0](self.one(x)))))
        return functional.relu(h + self.short(x))


def resnet(pre):
    return nn.Sequential(
        *(nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 8, 3, padding=1, bias=False)),
        *([] if pre else [nn.BatchNorm2d(8), nn.ReLU()]),
        *(Residual(8, 8, pre), Residual(8, 16, pre), Residual(16, 16, pre)),
        *([nn.BatchNorm2d(16), nn.ReLU()] if pre else []),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10)),
    )


class Inverted(nn.Module):
    """A block that widens, filters every channel by itself, and narrows without a non-linearity at its end."""

    def __init__(self, into, out):
        super().__init__()
        wide = 4 * into
        self.body = nn.Sequential(
            *(nn.Conv2d(into, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6()),
            *(nn.Conv2d(wide, wide, 3, padding=1, groups=wide, bias=False), nn.BatchNorm2d(wide), nn.ReLU6()),
            *(nn.Conv2d(wide, out, 1, bias=False), nn.BatchNorm2d(out)),
        )
        self.adds = into == out

    def forward(self, x):
        return x + self.body(x) if self.adds else self.body(x)


def mobile():
    return nn.Sequential(
        *(nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU6()),
        *(Inverted(8, 8), Inverted(8, 12), Inverted(12, 12)),
        *(nn.Conv2d(12, 32, 1), nn.BatchNorm2d(32), nn.ReLU6(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        *(nn.Dropout(0.2), nn.Linear(32, 10)),
    )


class Patches(nn.Module):
    """A transformer over patches of an image, with a token for the class."""

    def __init__(self, norm_first):
        super().__init__()
        self.cut = nn.Conv2d(1, 24, 2, stride=2)
        self.token, self.place = nn.Parameter(torch.zeros(1, 1, 24)), nn.Parameter(0.02 * torch.randn(1, 17, 24))
        layer = nn.TransformerEncoderLayer(24, 3, 48, 0.1, "gelu", batch_first=True, norm_first=norm_first)
        self.body = nn.TransformerEncoder(layer, 3, enable_nested_tensor=False)
        self.norm, self.head = nn.LayerNorm(24), nn.Linear(24, 10)

    def forward(self, x):
        h = self.cut(x.reshape(-1, 1, 8, 8)).flatten(2).transpose(1, 2)
        h = torch.cat([self.token.expand(len(x), -1, -1), h], 1) + self.place
        return self.head(self.norm(self.body(h))[:, 0])


class Unet(nn.Module):
    """Down and up again, with what was seen on the way down beside."""

    def __init__(self):
        super().__init__()
        self.down, self.deep = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)
        self.up, self.mix = nn.ConvTranspose2d(16, 8, 2, stride=2), nn.Conv2d(16, 8, 3, padding=1)
        self.head = nn.Conv2d(8, 1, 1)

    def forward(self, x):
        high = functional.relu(self.down(x.reshape(-1, 1, 8, 8)))
        low = functional.relu(self.deep(functional.max_pool2d(high, 2)))
        both = torch.cat([high, functional.relu(self.up(low))], 1)
        return self.head(functional.relu(self.mix(both))).flatten(1)


class Adapted(nn.Module):
    """A frozen layer with a low-rank correction whose second factor starts at zero."""

    def __init__(self):
        super().__init__()
        drawn = torch.Generator().manual_seed(0)
        self.base = nn.Linear(64, 64)
        self.base.weight = nn.Parameter(torch.randn(64, 64, generator=drawn) / 8, requires_grad=False)
        self.base.bias.requires_grad_(False)
        self.into, self.out = nn.Linear(64, 4, bias=False), nn.Linear(4, 64, bias=False)
        nn.init.zeros_(self.out.weight)
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        return self.head(torch.relu(self.base(x) + self.out(self.into(x))))


class Rows(nn.Module):
    """A recurrent net over rows, in the layout of torch's default."""

    def __init__(self):
        super().__init__()
        self.lift, self.rows = nn.Linear(8, 16), nn.LSTM(16, 16, num_layers=2, bidirectional=True, dropout=0.1)
        self.head = nn.Linear(32, 10)

    def forward(self, x):
        steps = self.lift(x.reshape(-1, 8, 8)).transpose(0, 1)
        return self.head(self.rows(steps)[0].mean(0))


def normed_weights():
    return nn.Sequential(
        parametrizations.weight_norm(nn.Linear(64, 32)),
        nn.ReLU(),
        parametrizations.spectral_norm(nn.Linear(32, 10)),
    )


class Mixer(nn.Module):
    """Layers over patches and over channels in turn."""

    def __init__(self):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(8) for _ in range(3))
        self.patches = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8))
        self.channels = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8))
        self.head = nn.Linear(8, 10)

    def forward(self, x):
        h = x.reshape(-1, 8, 8)
        h = h + self.patches(self.norms[0](h).transpose(1, 2)).transpose(1, 2)
        h = h + self.channels(self.norms[1](h))
        return self.head(self.norms[2](h).mean(1))


NETS = {
    "resnet": lambda: resnet(False),
    "pre-activation resnet": lambda: resnet(True),
    "inverted residuals": mobile,
    "vision transformer": lambda: Patches(True),
    "post-norm transformer": lambda: Patches(False),
    "low-rank adapter": Adapted,
    "recurrent over rows": Rows,
    "normed weights": normed_weights,
    "mixer": Mixer,
    "self-normalizing": lambda: nn.Sequential(
        nn.Linear(64, 32), nn.SELU(), nn.AlphaDropout(0.1), nn.Linear(32, 10)
    ),
    "logistic": lambda: nn.Linear(64, 10),
}


def alarms(setup):
    subject = Subject(setup)
    seen = [one for name in STATIC for one in looks[name].function(subject)]
    found = [one.finding for one in seen if isinstance(one, Suspicion)]
    return [one for one in found if one.severity is not Severity.NOTE]


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("optimizer", ["adamw", "nesterov"])
def test_classifiers(name, optimizer, small_digits, setup_of):
    assert alarms(setup_of(small_digits, NETS[name], optimizer=optimizer, batch_size=64)) == []


def autoencoder():
    return nn.Sequential(
        *(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 4)),
        *(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 64), nn.Sigmoid()),
    )


@pytest.mark.parametrize("model", [autoencoder, Unet])
def test_images_from_images(model, raw_digits, setup_of):
    x = raw_digits[0] / 16
    assert alarms(setup_of((x, x), model, nn.MSELoss())) == []


class Pairs(nn.Module):
    """A model of users and things: the product of what both are looked up to."""

    def __init__(self):
        super().__init__()
        self.users, self.things = nn.Embedding(40, 6), nn.Embedding(60, 6)
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return (self.users(x[:, 0]) * self.things(x[:, 1])).sum(1, keepdim=True) + self.bias


def test_factors_of_a_matrix(setup_of):
    drawn = torch.Generator().manual_seed(0)
    x = torch.stack([torch.randint(0, size, (800,), generator=drawn) for size in (40, 60)], 1)
    marks = torch.randn(800, 1, generator=drawn)
    assert alarms(setup_of((x, marks), Pairs, nn.MSELoss())) == []


class Tied(nn.Module):
    """A model of a language that scores symbols by the vectors they are looked up to."""

    def __init__(self):
        super().__init__()
        self.symbols, self.rows = nn.Embedding(30, 16), nn.GRU(16, 16, batch_first=True)
        nn.init.normal_(self.symbols.weight, std=0.1)
        self.head = nn.Linear(16, 30, bias=False)
        self.head.weight = self.symbols.weight

    def forward(self, x):
        return self.head(self.rows(self.symbols(x))[0]).transpose(1, 2)


def test_a_language_with_tied_weights(setup_of):
    text = torch.randint(0, 30, (200, 17), generator=torch.Generator().manual_seed(0))
    assert alarms(setup_of((text[:, :-1].clone(), text[:, 1:].clone()), Tied, metrics=[])) == []


def test_one_series_foretells_its_next_value(setup_of):
    wave = torch.sin(torch.arange(2000) / 7) + 0.1 * torch.randn(2000, generator=torch.Generator().manual_seed(0))
    pieces = wave.unfold(0, 25, 1)

    def make():
        return nn.Sequential(
            *(nn.Unflatten(1, (1, 24)), nn.Conv1d(1, 8, 5), nn.ReLU(), nn.AvgPool1d(2), nn.Flatten()),
            nn.Linear(80, 1),
        )

    cut = 1600
    data, valid = (
        (pieces[part, :-1].clone(), pieces[part, -1:].clone()) for part in (slice(cut), slice(cut, None))
    )
    assert alarms(setup_of(data, make, nn.MSELoss(), valid=valid)) == []
    assert alarms(setup_of(data, make, nn.MSELoss(), valid=valid, shuffle=False, batch_size=256)) == []
