"""A problem of one's own: plain PyTorch, and one line for thalweg.

thalweg compare examples/wine.py:problem
"""

from sklearn.datasets import load_wine
from torch import nn

import thalweg as tw

x, y = load_wine(return_X_y=True)


def net() -> nn.Module:
    """Return fresh weights."""
    return nn.Sequential(nn.BatchNorm1d(13), nn.Linear(13, 32), nn.Tanh(), nn.Dropout(0.2), nn.Linear(32, 3))


problem = tw.Problem(name="wine", model=net, loss=nn.CrossEntropyLoss(), train=(x, y), epochs=15)
