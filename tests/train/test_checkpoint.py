"""A resumed run ends in the same bits, and a file that does not fit is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import nn

from thalweg.core.config import Config
from thalweg.core.errors import CheckpointError, OutputError
from thalweg.core.events import EpochEnded, Event, RunStarted
from thalweg.core.run import Outcome, Run
from thalweg.problems import Problem
from thalweg.train import Learner, OptimizerFactory, fit, run_learner, weights
from thalweg.train.checkpoint import FILE

NAMES = ["sgd", "momentum", "nesterov", "adam", "rmsprop-nesterov", "torch"]


def torch_adam(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.Adam([{"params": parameters[:2], "lr": 0.02}, {"params": parameters[2:]}], lr=0.01)


def factory(name: str) -> OptimizerFactory | None:
    return torch_adam if name == "torch" else None


def run_with(problem: Problem, config: Config, name: str = "", **given: Any) -> tuple[Learner, Run]:
    learner = Learner(problem, config, optimizer=factory(name))
    return learner, run_learner(learner, **given)


class Heard(list[Event]):
    """A sink that tells how often it heard of an epoch, and where the run was resumed."""

    def __call__(self, event: Event) -> None:
        self.append(event)

    @property
    def resumed_at(self) -> int:
        assert isinstance(self[0], RunStarted)
        return self[0].resumed_at

    @property
    def trained(self) -> list[int]:
        return [event.epoch.number for event in self if isinstance(event, EpochEnded)]


@pytest.mark.parametrize("patience", [None, 4])
@pytest.mark.parametrize("name", NAMES)
def test_a_resumed_run_ends_in_the_same_bits(
    noisy: Problem,
    settings: Any,
    name: str,
    patience: int | None,
    tmp_path: Path,
    interrupt_at: Any,
    curve: Any,
    bits: Any,
) -> None:
    given = settings.get(name, settings["sgd"].replace(hyper={}))  # a factory has its own
    config = given.replace(epochs=7, patience=patience)
    whole_learner, whole = run_with(noisy, config, name)
    for stop in (1, 2, 5):
        run_with(noisy, config, name, checkpoint=tmp_path, resume=True, sink=interrupt_at(stop))
    heard = Heard()
    learner, run = run_with(noisy, config, name, checkpoint=tmp_path, resume=True, sink=heard, test=True)
    assert len(whole.epochs) > 5
    assert (heard.resumed_at, heard.trained) == (5, list(range(6, len(whole.epochs) + 1)))
    assert (run.outcome, run.best_epoch, run.steps) == (whole.outcome, whole.best_epoch, whole.steps)
    assert curve(run) == curve(whole)
    assert run.valid == whole.valid
    assert bits(learner.model) == bits(whole_learner.model)
    assert run.checkpoint == str(tmp_path)


def test_patience_is_counted_on_after_a_resume(
    overfit: Problem, tmp_path: Path, interrupt_at: Any, curve: Any, bits: Any
) -> None:
    config = Config(optimizer="nesterov", hyper={"lr": 0.05}, patience=4)
    whole_learner, whole = run_with(overfit, config)
    assert whole.outcome is Outcome.STOPPED_EARLY
    assert whole.best_epoch > 3
    for stop in (whole.best_epoch - 1, whole.best_epoch, whole.best_epoch + 2):
        shutil.rmtree(tmp_path)
        run_with(overfit, config, checkpoint=tmp_path, sink=interrupt_at(stop))
        learner, run = run_with(overfit, config, checkpoint=tmp_path, resume=True)
        assert (run.outcome, run.best_epoch, run.message) == (whole.outcome, whole.best_epoch, whole.message)
        assert curve(run) == curve(whole)
        assert bits(learner.model) == bits(whole_learner.model)


@pytest.mark.parametrize("outcome", [Outcome.COMPLETED, Outcome.STOPPED_EARLY, Outcome.DIVERGED])
def test_a_run_that_is_over_is_not_trained_on(
    overfit: Problem, tmp_path: Path, bits: Any, outcome: Outcome
) -> None:
    config = Config(optimizer="nesterov", hyper={"lr": 0.05}, patience=4)
    if outcome is Outcome.COMPLETED:
        config = config.replace(epochs=6)
    if outcome is Outcome.DIVERGED:
        config = config.replace(hyper={"lr": 1e6, "clip_norm": 1.0})
    first_learner, first = run_with(overfit, config, checkpoint=tmp_path)
    assert first.outcome is outcome
    written = (tmp_path / FILE).read_bytes()
    for epochs in (first.config.epochs, 40):
        if epochs == 40 and outcome is Outcome.COMPLETED:
            continue
        heard = Heard()
        learner, again = run_with(
            overfit, config.replace(epochs=epochs), checkpoint=tmp_path, resume=True, sink=heard
        )
        assert heard.trained == []
        assert heard.resumed_at == len(first.epochs)
        assert again.to_json() == {**first.to_json(), "config": again.config.to_json()}
        assert bits(learner.model) == bits(first_learner.model)
        assert (tmp_path / FILE).read_bytes() == written


@pytest.mark.parametrize("patience", [None, 20])
def test_a_longer_run_goes_on_from_a_shorter_one(
    noisy: Problem, settings: Any, tmp_path: Path, patience: int | None, curve: Any, bits: Any
) -> None:
    config = settings["nesterov"].replace(patience=patience)
    run_with(noisy, config.replace(epochs=3), checkpoint=tmp_path)
    learner, run = run_with(noisy, config.replace(epochs=5), checkpoint=tmp_path, resume=True)
    whole_learner, whole = run_with(noisy, config.replace(epochs=5))
    assert curve(run) == curve(whole)
    assert run.config == whole.config
    assert bits(learner.model) == bits(whole_learner.model)


def test_a_shorter_run_cannot_go_on_from_a_longer_one(problem: Problem, tmp_path: Path) -> None:
    fit(problem, epochs=3, checkpoint=tmp_path)
    with pytest.raises(CheckpointError, match=r"past the last epoch[\s\S]*3 epochs done[\s\S]*at most 2"):
        fit(problem, epochs=2, checkpoint=tmp_path, resume=True)


def test_the_factorys_rates_are_those_of_the_checkpoint(problem: Problem, tmp_path: Path, curve: Any) -> None:
    def sgd(lr: float, default: float = 0.1) -> OptimizerFactory:
        return lambda parameters: torch.optim.SGD([{"params": parameters, "lr": lr}], lr=default, momentum=0.9)

    fit(problem, epochs=2, optimizer=sgd(0.05), checkpoint=tmp_path)
    run = fit(problem, epochs=4, optimizer=sgd(0.5), checkpoint=tmp_path, resume=True)
    assert curve(run) == curve(fit(problem, epochs=4, optimizer=sgd(0.05)))
    for other in (sgd(0.05, default=0.2), torch_adam, "momentum"):
        with pytest.raises(CheckpointError, match="is of another run"):
            fit(problem, epochs=4, optimizer=other, checkpoint=tmp_path, resume=True)


def test_resume_without_a_checkpoint_starts_and_without_resume_none_is_overwritten(
    problem: Problem, tmp_path: Path
) -> None:
    folder = tmp_path / "deep" / "er"
    assert len(fit(problem, epochs=2, checkpoint=folder, resume=True).epochs) == 2
    before = (folder / FILE).read_bytes()
    with pytest.raises(CheckpointError, match="a new run would overwrite"):
        fit(problem, epochs=1, checkpoint=folder)
    assert [path.name for path in folder.iterdir()] == [FILE]
    assert (folder / FILE).read_bytes() == before


@pytest.mark.parametrize("name", ["nesterov", "rmsprop-nesterov", "adam"])
def test_the_weights_in_the_file_are_theta(problem: Problem, settings: Any, name: str, tmp_path: Path) -> None:
    run = fit(problem, settings[name], checkpoint=tmp_path)
    model = problem.model()
    stored = load_file(tmp_path / FILE)
    prefix = "/learner/model/"
    model.load_state_dict({key.removeprefix(prefix): stored[key] for key in stored if key.startswith(prefix)})
    assert problem.evaluate(model, problem.valid) == run.valid


def test_tied_and_strided_weights_are_kept(
    make_problem: Any, tmp_path: Path, interrupt_at: Any, bits: Any
) -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.out = nn.Linear(6, 6), nn.Linear(6, 3)
            self.one.weight = nn.Parameter(self.one.weight.t())
            self.two = self.one
            self.twin = nn.Parameter(self.one.weight.detach().clone())

    Tied.forward = lambda self, x: self.out(self.two(self.one(x)) @ self.twin)  # type: ignore[method-assign]
    tied, config = make_problem(model=Tied), Config(optimizer="nesterov", hyper={"lr": 0.01}, patience=9)
    run_with(tied, config, checkpoint=tmp_path, sink=interrupt_at(2))
    resumed, _ = run_with(tied, config, checkpoint=tmp_path, resume=True)
    assert bits(resumed.model) == bits(run_with(tied, config)[0].model)
    assert resumed.model.one.weight is resumed.model.two.weight


@pytest.mark.parametrize(
    ("changed", "given", "words"),
    [
        ({}, {"seed": 1}, "is of another run"),
        ({}, {"hyper": {"lr": 0.2}}, "is of another run"),
        ({}, {"patience": 3}, "is of another run"),
        ({"name": "others"}, {}, r"is of another run[\s\S]*got: +blobs with[\s\S]*expected: others with"),
        (
            {},
            {"optimizer": "momentum"},
            r"got: .*'optimizer': 'nesterov'[\s\S]*expected: .*'optimizer': 'momentum'",
        ),
        ({}, {"keep": "best"}, "is of another run"),
        ({"model": lambda: nn.Linear(6, 3)}, {}, r"does not fit the model[\s\S]*Missing key"),
        (
            {"model": lambda: nn.Sequential(nn.Linear(6, 9), nn.ReLU(), nn.Linear(9, 3))},
            {},
            "size mismatch for 0.weight",
        ),
    ],
)
def test_a_checkpoint_of_something_else_is_refused(
    make_problem: Any, tmp_path: Path, changed: Any, given: Any, words: str
) -> None:
    config = Config(optimizer="nesterov", hyper={"lr": 0.1}, epochs=2)
    fit(make_problem(), config, checkpoint=tmp_path)
    with pytest.raises(CheckpointError, match=words) as caught:
        fit(make_problem(**changed), config, checkpoint=tmp_path, resume=True, **given)
    assert len(str(caught.value).splitlines()) <= 4


@pytest.mark.parametrize("place", ["file", "file/deeper"])
def test_a_folder_that_cannot_be_written_is_found_before_the_start(
    problem: Problem, tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").write_text("not a folder")
    heard = Heard()
    with pytest.raises(OutputError, match=r"cannot be written[\s\S]*choose another folder"):
        fit(problem, checkpoint=tmp_path / place, sink=heard)
    assert heard == []


@pytest.mark.parametrize("error", [SafetensorError("I/O error: No space left on device"), OSError(28, "No space")])
def test_a_full_disk_leaves_the_last_checkpoint(
    problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    fit(problem, epochs=1, checkpoint=tmp_path)
    before = (tmp_path / FILE).read_bytes()

    def full(tensors: Any, path: Path, metadata: Any) -> None:
        Path(path).write_bytes(b"half of it")
        raise error

    monkeypatch.setattr("safetensors.torch.save_file", full)
    with pytest.raises(OutputError, match=r"cannot be written[\s\S]*No space"):
        fit(problem, epochs=2, checkpoint=tmp_path, resume=True)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert (tmp_path / FILE).read_bytes() == before


def test_the_file_speaks_json_and_tensors_only(problem: Problem, tmp_path: Path) -> None:
    run = fit(problem, epochs=2, checkpoint=tmp_path, optimizer=torch_adam)
    with safe_open(tmp_path / FILE, framework="pt") as file:
        about = json.loads(file.metadata()["thalweg"])
    assert about["curve"] == run.to_json()["epochs"]
    assert about["config"] == run.config.to_json()
    assert (about["problem"], about["config"]["optimizer"], len(about["curve"])) == ("blobs", "Adam", 2)


def test_a_state_that_is_no_data_is_refused(problem: Problem, tmp_path: Path) -> None:
    class Strange(torch.optim.SGD):
        def __init__(self, params: Any) -> None:
            super().__init__(params, lr=0.1)
            self.param_groups[0]["where"] = Path()

    with pytest.raises(CheckpointError, match=r"state at /learner/optimizer/param_groups/0/where cannot be saved"):
        fit(problem, optimizer=Strange, checkpoint=tmp_path)


@pytest.mark.parametrize("patience", [None, 1])
def test_weights_are_those_of_the_model_at_the_end(problem: Problem, tmp_path: Path, patience: int | None) -> None:
    config = Config(optimizer="nesterov", hyper={"lr": 0.3}, epochs=5, patience=patience)
    learner = Learner(problem, config)
    run = run_learner(learner, checkpoint=tmp_path)
    assert run.checkpoint
    found = weights(run.checkpoint)
    assert all(torch.equal(found[name], tensor) for name, tensor in learner.model.state_dict().items())


def test_weights_of_an_empty_folder_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint in"):
        weights(tmp_path)
