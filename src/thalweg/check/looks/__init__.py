"""Looks that do not train: at the data, the model, the loss, the optimizer and the initial weights.

One family a file, each look a generator that registers itself when its module is imported, in the order below.

===================  ====================================================================================
data                 ``values``, ``scale``, ``token_ids``, ``padding``, ``leaked_samples``, ``near_copies``,
                     ``leaked_targets``, ``splits``, ``class_counts``, ``label_range``, ``target_scale``, ``order``
model and loss       ``output_range``, ``output_activation``, ``wrong_loss``, ``loss_sign``, ``comparison``,
                     ``axes``, ``reshapes``, ``structure``, ``batch_statistics``, ``modes``
learning             ``held_parameters``, ``frozen_parameters``, ``optimizer_numbers``, ``initial``
===================  ====================================================================================

What they stand on: ``answer`` is what the fresh model says of a few samples, ``reading`` finds out what a loss
takes outputs for, ``ending`` what the outputs come from, ``linear_pairs`` which layers are one, ``nominal``
whether numbers are names. ``whole`` reads splits, ``rescaled`` lets a net learn in other units, ``resized`` with
other layers, ``activations`` draws what layers give, and ``suspect`` writes a suspicion down.
"""

from thalweg.check.looks import (  # noqa: I001  (the order in which they are asked)
    values as values,
    scale as scale,
    token_ids as token_ids,
    padding as padding,
    leaked_samples as leaked_samples,
    near_copies as near_copies,
    leaked_targets as leaked_targets,
    splits as splits,
    class_counts as class_counts,
    label_range as label_range,
    target_scale as target_scale,
    order as order,
    output_range as output_range,
    output_activation as output_activation,
    wrong_loss as wrong_loss,
    loss_sign as loss_sign,
    comparison as comparison,
    axes as axes,
    reshapes as reshapes,
    structure as structure,
    batch_statistics as batch_statistics,
    modes as modes,
    held_parameters as held_parameters,
    frozen_parameters as frozen_parameters,
    optimizer_numbers as optimizer_numbers,
    initial as initial,
)
