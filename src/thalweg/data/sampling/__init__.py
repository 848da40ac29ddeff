"""Sampling: which samples an epoch takes, and in which order.

An order is a pure function of the number of samples, the run's seed and the epoch, so that a resumed run needs no
generator state; some ask for the labels or for the last loss of each sample too. One algorithm a file; ``names``
is the registry and binds a name and its options.

================  ===========================================================  ========
name              samples                                                      needs
================  ===========================================================  ========
shuffled          each once (`thalweg.data.batches.order`, the default)
with-replacement  independent, all alike
class-divergent   each once, successive ones of different classes              labels
hard              independent, those of high last loss more often              losses
drifting          independent, the classes' shares move with time              labels
class-balanced    independent, small classes more often                        labels
================  ===========================================================  ========

What a training loop does with it: ``sampling = bind(name, options)`` once, and each epoch ::

    index = sampling(len(split), seed=seed, epoch=epoch, labels=split.labels, losses=losses)
    for x, y in batches(split, batch_size, index): ...

If ``"losses" in sampling.needs`` it keeps ``losses = torch.full((n,), nan)``, writes the batch's
``sample_losses(loss, output, y)`` to its places after each update, and saves the tensor with its checkpoint: it is
state.
"""

from thalweg.data.sampling.balanced import class_balanced, class_weights
from thalweg.data.sampling.divergent import class_divergent
from thalweg.data.sampling.draws import draws
from thalweg.data.sampling.drift import drifting
from thalweg.data.sampling.hard import hard, hardness, sample_losses
from thalweg.data.sampling.names import Sampling, bind, samplings
from thalweg.data.sampling.replacement import with_replacement

__all__ = [
    "Sampling",
    "bind",
    "class_balanced",
    "class_divergent",
    "class_weights",
    "draws",
    "drifting",
    "hard",
    "hardness",
    "sample_losses",
    "samplings",
    "with_replacement",
]
