"""Healthy set-ups whose data look suspicious: sparse, unscaled, rare, noisy, few, repeated, sorted or odd."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.faults.case import healthy
from tests.faults.images.data import images, standardized
from tests.faults.images.nets import adam, cnn, mlp, resnet, sgd
from tests.faults.images.strength import balanced_accuracy, rarer
from thalweg.check.setup import Setup
from thalweg.problems import Problem


@healthy(look_alike_of="input_scaling", data="mnist", half="tuning", reaches=0.88)
def sparse_pixels_in_0_to_1() -> Setup:
    """Four pixels of five are zero, many are constant, the mean is far from 0: that is how MNIST is."""
    return Setup.of(images("mnist", 4000).problem(mlp(784, 100, 10)), adam(1e-3))


@healthy(look_alike_of="input_scaling", data="fashion-mnist", half="held out", reaches=0.78)
def bytes_normalized_inside_the_model() -> Setup:
    """Pixels of 0 to 255 go in, and the first layer of the model is a BatchNorm, which scales them."""

    def net() -> nn.Module:
        return nn.Sequential(nn.BatchNorm2d(1), cnn(28)())

    data = images("fashion-mnist", 3000).of_inputs(lambda x: x * 255)
    return Setup.of(data.problem(net), sgd(0.02))


@healthy(look_alike_of="input_scaling", data="cifar10-subset", half="tuning", reaches=0.38)
def bytes_divided_in_the_forward_pass() -> Setup:
    """Pixels of 0 to 255 go in, and forward() begins by dividing them."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = cnn(32, 3)()

        def forward(self, x: Tensor) -> Tensor:
            return self.net((x - 120) / 64)

    data = images("cifar10-subset", 3000).of_inputs(lambda x: (x * 255).round())
    return Setup.of(data.problem(Net), adam(2e-3))


@healthy(look_alike_of="class_imbalance", data="fashion-mnist", half="tuning", reaches=0.7)
def rare_classes_with_weights() -> Setup:
    """Three classes are rare, and the loss weighs every class by its rarity."""
    data = rarer(images("fashion-mnist", 6000, 4000), {2: 0.05, 4: 0.05, 6: 0.05})
    weights = len(data.y) / (10 * data.y.bincount().float())
    loss = nn.CrossEntropyLoss(weight=weights)
    return Setup.of(data.problem(mlp(784, 64, 10), loss=loss, metrics=[balanced_accuracy]), adam(1e-3))


@healthy(look_alike_of="class_imbalance", data="mnist", half="held out", reaches=0.85)
def one_in_three() -> Setup:
    """Classes are as unequal as they often are, three to one, and all are learnt well."""
    data = rarer(images("mnist", 6000), {1: 0.33, 5: 0.4, 7: 0.5})
    return Setup.of(data.problem(mlp(784, 64, 10), metrics=[balanced_accuracy]), adam(1e-3))


@healthy(look_alike_of="labels_wrong", data="mnist", half="held out", reaches=0.84)
def one_label_of_twenty_is_wrong() -> Setup:
    """Five per cent of the labels are wrong, in all splits, as in many data sets: nobody needs to act."""
    data = images("mnist", 4000)
    draw = torch.Generator().manual_seed(5)

    def noisy(y: Tensor) -> Tensor:
        wrong = torch.rand(len(y), generator=draw) < 0.05
        return torch.where(wrong, torch.randint(10, y.shape, generator=draw), y)

    noisier = data._replace(y=noisy(data.y), yv=noisy(data.yv))
    return Setup.of(noisier.problem(cnn(28), epochs=4), adam(1e-3))


@healthy(look_alike_of="overfitting", data="digits", half="tuning", reaches=0.85)
def a_hundred_and_fifty_digits() -> Setup:
    """There are only 150 digits to learn from: all of them are learnt, and as many others as can be."""
    data = images("digits", 150, 1000)
    return Setup.of(data.problem(mlp(64, 32, 10), batch_size=16, epochs=30), adam(2e-3, weight_decay=1e-4))


@healthy(look_alike_of="data_leakage", data="digits", half="held out", reaches=0.9)
def repeated_within_training() -> Setup:
    """Training holds every digit twice, to make epochs longer; none of them is in validation."""
    data = images("digits", 1000, 500)
    twice = data._replace(x=torch.cat([data.x, data.x]), y=torch.cat([data.y, data.y]))
    return Setup.of(twice.problem(cnn(8)), adam(3e-3))


@healthy(look_alike_of="data_not_shuffled", data="digits", half="tuning", reaches=0.92)
def shuffled_once_for_all() -> Setup:
    """The loader does not shuffle, and need not: the samples were shuffled when the file was written."""
    return Setup.of(images("digits", 1200, 500).problem(mlp(64, 64, 10), epochs=10), adam(2e-3), shuffle=False)


@healthy(look_alike_of="train_val_mismatch", data="cifar10-subset", half="held out", reaches=0.35)
def augmented_in_training_only() -> Setup:
    """Training images are flipped, cut and tinted at random, those of validation are not; so it should be."""
    data = standardized(images("cifar10-subset", 3000))
    return Setup.of(data.problem(cnn(32, 3), augment=["flip", "crop"]), adam(2e-3))


@healthy(look_alike_of="train_val_mismatch", data="fashion-mnist", half="tuning", reaches=0.7)
def a_small_validation_split() -> Setup:
    """Validation has 100 samples: its classes and means differ from those of training by chance alone."""
    return Setup.of(images("fashion-mnist", 4000, 100).problem(mlp(784, 128, 10)), adam(1e-3))


@healthy(look_alike_of="nan_in_data", data="mnist", half="held out", reaches=0.86)
def missing_values_filled_in() -> Setup:
    """A tenth of the pixels is missing, marked by -1, and the model fills in zero before it reads them."""

    class Filled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = mlp(784, 128, 10)()

        def forward(self, x: Tensor) -> Tensor:
            return self.net(torch.where(x < 0, 0.0, x))

    draw = torch.Generator().manual_seed(7)

    def with_gaps(x: Tensor) -> Tensor:
        return torch.where(torch.rand(x.shape, generator=draw) < 0.1, -1.0, x)

    return Setup.of(images("mnist", 5000).of_inputs(with_gaps).problem(Filled), adam(1e-3))


@healthy(look_alike_of="tensor_shape", data="cifar10-subset", half="held out", reaches=0.33)
def channels_moved_by_permute() -> Setup:
    """Images have channels last, and the model permutes and flattens them as it should."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = resnet(8, 1)()

        def forward(self, x: Tensor) -> Tensor:
            return self.net(x.permute(0, 3, 1, 2)).reshape(len(x), -1)

    data = standardized(images("cifar10-subset", 3000)).of_inputs(lambda x: x.permute(0, 2, 3, 1).contiguous())
    return Setup.of(data.problem(Net, epochs=4), adam(3e-3))


@healthy(look_alike_of="output_size", data="digits", half="tuning", reaches=0.92)
def an_output_for_what_is_none_of_them() -> Setup:
    """Eleven outputs for ten labels: the last is for images without a digit, of which there are none here yet."""
    data = images("digits", 1200, 500)
    problem = Problem(
        name="images", model=mlp(64, 64, 11), loss=nn.CrossEntropyLoss(), train=(data.x, data.y),
        valid=(data.xv, data.yv), batch_size=32, epochs=8,
    )  # fmt: skip
    return Setup.of(problem, adam(2e-3))
