"""Augmentation: random changes of a training batch, on its device, each sample changed by its own draw.

Each file holds a pure function of (batch, generator) and its module, which acts in training mode alone:
``flip``, ``crop``, ``contrast``, ``tint``. None looks at values to decide what to do, so all work under
`torch.vmap` (``randomness="different"`` draws anew for each member) and under `torch.compile`. ``names`` is the
registry.

They are our own though Kornia has their like. Its crop takes several times as long and fails under `torch.vmap`,
and its changes of colour clip to [0, 1], which standardized images leave. What Kornia has beyond these (rotations,
blur, erasing ...) maps a batch to a batch and serves as ``augment=`` as it is: ``pip install 'thalweg[vision]'``.
"""

from thalweg.data.augment.augmentation import Augmentation
from thalweg.data.augment.contrast import Contrast, contrast
from thalweg.data.augment.crop import Crop, crop
from thalweg.data.augment.flip import Flip, flip
from thalweg.data.augment.names import augmentations, augmented
from thalweg.data.augment.tint import Tint, colour_axes, tint

__all__ = [
    "Augmentation",
    "Contrast",
    "Crop",
    "Flip",
    "Tint",
    "augmentations",
    "augmented",
    "colour_axes",
    "contrast",
    "crop",
    "flip",
    "tint",
]
