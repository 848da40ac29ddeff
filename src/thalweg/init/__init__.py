"""Initial weights, drawn from a generator that is named.

One initializer a file: ``he``, ``glorot``, ``xavier``, ``lecun``, ``orthogonal``, ``mup``, and ``lsuv``, which
looks at a batch. ``layers`` finds what they set and counts its connections, ``width`` says what grows with the
width of a model; ``names`` is the registry.

``auto`` chooses for each layer by what its output meets. ``flow`` follows a batch through the model, ``residual``
finds the branches in that flow, ``meeting`` what comes after a layer, ``unit_gain`` measures a non-linearity;
``choices`` says what was chosen.

``signal`` reports the moments of outputs and gradients through a model. ``rehearsal`` lets a model run without a
trace.
"""

from thalweg.init.auto import auto
from thalweg.init.choices import Choice, Choices
from thalweg.init.glorot import glorot_, glorot_sigmoid_
from thalweg.init.he import he_
from thalweg.init.lecun import lecun_
from thalweg.init.lsuv import lsuv_
from thalweg.init.mup import mup_
from thalweg.init.names import Initializer, initialize, initializers
from thalweg.init.orthogonal import orthogonal_
from thalweg.init.signal import Moments, Row, Signal, signal
from thalweg.init.unit_gain import unit_gain
from thalweg.init.xavier import xavier_

__all__ = [
    "Choice",
    "Choices",
    "Initializer",
    "Moments",
    "Row",
    "Signal",
    "auto",
    "glorot_",
    "glorot_sigmoid_",
    "he_",
    "initialize",
    "initializers",
    "lecun_",
    "lsuv_",
    "mup_",
    "orthogonal_",
    "signal",
    "unit_gain",
    "xavier_",
]
