"""Regularization, data and initial weights of a Config in one run: each equals what is done by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from thalweg.core.config import Config
from thalweg.core.errors import InputError, ModelError, OutOfRangeError, UnknownNameError
from thalweg.core.run import Run
from thalweg.core.seeding import derive
from thalweg.init import he_
from thalweg.problems import Problem
from thalweg.train import Learner, fit
from thalweg.train.prepared import prepared


def first_epoch(problem: Problem, **settings: Any) -> float:
    return Learner(problem, Config(hyper={"lr": 0.05}, **settings)).train_epoch().train_loss


@pytest.mark.parametrize(
    "loss", [nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 0.5])), functional.cross_entropy]
)
def test_smoothing_is_torchs(make_problem: Any, loss: Any) -> None:
    weight = getattr(loss, "weight", None)
    by_hand = make_problem(loss=nn.CrossEntropyLoss(weight=weight, label_smoothing=0.2))
    assert first_epoch(make_problem(loss=loss), label_smoothing=0.2) == pytest.approx(
        first_epoch(by_hand), rel=1e-5
    )
    assert first_epoch(by_hand, label_smoothing=0.0) == pytest.approx(
        first_epoch(make_problem(loss=loss)), rel=1e-5
    )


def test_smoothing_is_of_training_alone(problem: Problem) -> None:
    plain, smooth = (Learner(problem, Config(label_smoothing=share)) for share in (None, 0.3))
    assert plain.judge("valid") == smooth.judge("valid")


def test_other_losses_are_not_smoothed(make_problem: Any) -> None:
    def mine(output: Tensor, y: Tensor) -> Tensor:
        return functional.cross_entropy(output, y)

    for loss in (mine, nn.MultiMarginLoss()):
        name = "mine" if loss is mine else "MultiMarginLoss"
        with pytest.raises(InputError, match=rf"The targets of {name} cannot be smoothed[\s\S]*CrossEntropyLoss"):
            Learner(make_problem(loss=loss), Config(label_smoothing=0.1))


def test_dropout_is_the_rate_of_every_layer(problem: Problem, noisy: Problem, make_problem: Any) -> None:
    learner = Learner(noisy, Config(dropout=0.7))
    assert [m.p for m in learner.model.modules() if isinstance(m, nn.Dropout)] == [0.7]
    with pytest.raises(InputError, match=r"no dropout layer[\s\S]*dropout=0.7 for Sequential"):
        Learner(problem, Config(dropout=0.7))


def test_no_unit_is_beyond_the_largest_norm(problem: Problem) -> None:
    learner = Learner(problem, Config(optimizer="nesterov", hyper={"lr": 0.5}, max_norm=0.7))
    learner.train_epoch()
    with learner.at_theta():
        norms = [m.weight.detach().norm(dim=1) for m in learner.model.modules() if isinstance(m, nn.Linear)]
    assert max(norm.max().item() for norm in norms) == pytest.approx(0.7, rel=1e-6)
    unsuited: list[dict[str, Any]] = [{"hyper": {"ema": 0.9}}, {"optimizer": "lbfgs"}]
    for settings in unsuited:
        with pytest.raises(InputError, match="A largest norm is set"):
            Learner(problem, Config(max_norm=1.0, **settings))


def test_an_initializer_draws_from_the_seed_of_the_weights(problem: Problem, bits: Any) -> None:
    torch.manual_seed(derive(4, "weights"))
    model = problem.model()
    he_(model)
    before = torch.get_rng_state()
    assert bits(Learner(problem, Config(init="he", seed=4)).model) == bits(model)
    assert torch.equal(torch.get_rng_state(), before)
    with pytest.raises(UnknownNameError, match="orthogonal"):
        Learner(problem, Config(init="orthogonl"))
    with pytest.raises(InputError, match="he has no options"):
        Learner(problem, Config(init="he:mode=2"))


def test_groups_multiply_rates_and_decays(problem: Problem) -> None:
    learner = Learner(problem, Config(optimizer="adamw", groups="no-decay", schedule="linear", hyper={"lr": 0.1}))
    learner.train_epoch()
    groups = learner.optimizer.param_groups
    assert [(group["param_names"], group["weight_decay"]) for group in groups] == [
        (["0.weight", "2.weight"], 0.01),
        (["0.bias", "2.bias"], 0.0),
    ]
    lower, upper = Learner(problem, Config(groups="layerwise:decay=0.5", hyper={"lr": 0.1})).optimizer.param_groups
    assert (lower["lr"], upper["lr"]) == (0.05, 0.1)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"groups": "no-decay"}, "differ in decay"),
        ({"groups": "nodecay"}, "did you mean 'no-decay'"),
        ({"groups": "layerwise:decai=1"}, "did you mean 'decay'"),
        ({"groups": "layerwise:decay=much"}, "no number or switch"),
        ({"groups": "lecun", "optimizer": "muon"}, "muon takes no groups"),
        ({"groups": "lecun", "optimizer": "lbfgs"}, "lbfgs takes no groups"),
    ],
)
def test_groups_that_cannot_be_made_are_refused(problem: Problem, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Learner(problem, Config(**settings))


def test_a_factory_makes_its_groups_itself(problem: Problem) -> None:
    with pytest.raises(InputError, match="an optimizer factory takes no groups"):
        Learner(problem, Config(groups="lecun"), optimizer=lambda p: torch.optim.SGD(p, lr=0.1))


def test_data_are_prepared_once_a_problem_and_choice(problem: Problem) -> None:
    white = prepared(problem, Config(preprocess="standardize"))
    assert prepared(problem, Config(preprocess="standardize", seed=5)) is white
    assert prepared(problem, Config()) is problem
    x, _ = white.train.take(torch.arange(90))
    assert torch.allclose(x.mean(0), torch.zeros(6), atol=1e-6)
    assert fit(problem, preprocess="standardize", epochs=1).config.preprocess == "standardize"


def test_augmentation_is_drawn_from_seed_and_step(make_problem: Any) -> None:
    def jitter(x: Tensor) -> Tensor:
        return x + torch.randn_like(x)

    problem = make_problem(augment=jitter)
    one, other, plain = (first_epoch(p) for p in (problem, problem, make_problem()))
    assert one == other != plain


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"preprocess": "pca:components=7"}, InputError),
        ({"preprocess": "zcaa"}, UnknownNameError),
        ({"augment": "flip:q=1"}, UnknownNameError),
        ({"augment": "flip:p=2"}, OutOfRangeError),
        ({"sampling": "class-balancd"}, UnknownNameError),
        ({"sampling": "hard:cap=2"}, OutOfRangeError),
        ({"sampling": "hard", "optimizer": "lbfgs"}, InputError),
    ],
)
def test_what_cannot_be_done_is_said_before_training(
    problem: Problem, settings: dict[str, Any], error: Any
) -> None:
    with pytest.raises(error):
        Learner(problem, Config(**settings))


def test_flips_of_what_is_no_image_are_found_by_the_trial(problem: Problem) -> None:
    with pytest.raises(ModelError, match="augmentation of blobs cannot take the input"):
        fit(problem, augment="crop:padding=1")


def test_hard_samples_come_more_often(make_problem: Any) -> None:
    learner = Learner(make_problem(), Config(sampling="hard:power=2,cap=1", hyper={"lr": 0.0}))
    with torch.no_grad():
        output = learner.model(learner.splits["train"].take(torch.arange(90))[0])
    losses = functional.cross_entropy(output, learner.splits["train"].take(torch.arange(90))[1], reduction="none")
    for _ in range(3):
        learner.train_epoch()
    seen = [losses[learner.order.of(epoch)].mean() for epoch in (3,)]
    assert seen[0] > losses.mean()


@pytest.mark.parametrize("sampling", ["hard", "with-replacement", "drifting"])
def test_a_resumed_run_takes_the_same_samples(problem: Problem, sampling: str, tmp_path: Path, curve: Any) -> None:
    config = Config(sampling=sampling, init="he", max_norm=1.0, label_smoothing=0.1)
    fit(problem, config, epochs=2, checkpoint=tmp_path)
    run = fit(problem, config, epochs=4, checkpoint=tmp_path, resume=True)
    assert curve(run) == curve(fit(problem, config, epochs=4))


def test_in_mid_epoch_too(problem: Problem) -> None:
    settings = Config(sampling="hard", batch_size=1, hyper={"lr": 0.01})
    whole, half, rest = (Learner(problem, settings) for _ in range(3))
    half.train_epoch()
    half.train_block()
    with half.at_theta():
        rest.restore(half.state())
    whole.train_epoch()
    assert rest.train_epoch().train_loss == whole.train_epoch().train_loss


def test_the_share_of_exact_zeros_is_reported(problem: Problem) -> None:
    runs = [fit(problem, optimizer="sgd", epochs=3, hyper={"lr": 0.1, "l1_prox": l1}) for l1 in (0.02, 0.3)]
    assert runs[0].zeros is not None
    assert runs[1].zeros is not None
    assert 0 < runs[0].zeros < runs[1].zeros <= 1
    assert Run.from_json(runs[0].to_json()) == runs[0]
    assert fit(problem, epochs=1).zeros is None
    old = runs[0].to_json()
    del old["zeros"]
    assert Run.from_json(old).zeros is None
