"""What ``torch.nn`` lacks: activations, layers and losses of the courses, under the field's own names.

They are plain modules for any PyTorch program, and work under ``torch.func.vmap`` and ``torch.compile``. What
torch has (softplus, leaky ReLU, cross-entropy ...) is torch's.

Activations and layers: ``ScaledTanh``, ``TanhLinear``, ``NoisyReLU``, ``Maxout``, ``RBF``, ``Residual``. Each
has a ``gain`` g: weights that read its output keep the second moment of the signal if their variance is
``g^2 / fan_in``. ``gain(f)`` is that of any elementwise function.

Losses, the mean over the batch of one number a sample (``reduction`` as in torch): for labels
``WestonWatkinsLoss``, ``SquaredWestonWatkinsLoss``, ``CrammerSingerLoss``, ``OneVsRestHingeLoss``; for several
labels a sample ``MultiLabelSigmoidLoss``, ``MultiLabelHingeLoss``; for numbers ``HalfSquaredDistanceLoss``,
``L1DistanceLoss``, ``RBFLoss``.

Very many classes: ``HierarchicalSoftmax`` as the last layer, whose output (a ``TreeOutput``)
``HierarchicalSoftmaxLoss`` scores.
"""

from thalweg.nn.crammer_singer import CrammerSingerLoss
from thalweg.nn.distance import HalfSquaredDistanceLoss, L1DistanceLoss
from thalweg.nn.gain import gain
from thalweg.nn.hierarchical_softmax import HierarchicalSoftmax, HierarchicalSoftmaxLoss
from thalweg.nn.loss import Loss
from thalweg.nn.maxout import Maxout
from thalweg.nn.multi_label import MultiLabelHingeLoss, MultiLabelSigmoidLoss
from thalweg.nn.noisy_relu import NoisyReLU
from thalweg.nn.one_vs_rest import OneVsRestHingeLoss
from thalweg.nn.rbf import RBF
from thalweg.nn.rbf_loss import RBFLoss
from thalweg.nn.residual import Residual
from thalweg.nn.scaled_tanh import ScaledTanh
from thalweg.nn.tanh_linear import TanhLinear
from thalweg.nn.tree_output import TreeOutput
from thalweg.nn.weston_watkins import SquaredWestonWatkinsLoss, WestonWatkinsLoss

__all__ = [
    "RBF",
    "CrammerSingerLoss",
    "HalfSquaredDistanceLoss",
    "HierarchicalSoftmax",
    "HierarchicalSoftmaxLoss",
    "L1DistanceLoss",
    "Loss",
    "Maxout",
    "MultiLabelHingeLoss",
    "MultiLabelSigmoidLoss",
    "NoisyReLU",
    "OneVsRestHingeLoss",
    "RBFLoss",
    "Residual",
    "ScaledTanh",
    "SquaredWestonWatkinsLoss",
    "TanhLinear",
    "TreeOutput",
    "WestonWatkinsLoss",
    "gain",
]
