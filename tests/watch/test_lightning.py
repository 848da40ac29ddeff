"""Lightning: a real Trainer on the digits, watched by the callback."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import Any

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.plugins.precision import MixedPrecision
from tests.watch.loops import net
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Subset, TensorDataset

from thalweg.core.errors import InputError
from thalweg.data import digits
from thalweg.watch.lightning import Watch

pytestmark = [
    pytest.mark.filterwarnings(r"ignore:The '\w+_dataloader' does not have many workers"),
    pytest.mark.filterwarnings(r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning"),
]


class Digits(LightningModule):
    """Never calls its own forward, as many do not: what is heard is the training step."""

    def __init__(self, lr: float = 0.1) -> None:
        super().__init__()
        self.lr, self.net = lr, net()

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = functional.cross_entropy(self.net(x), y)
        self.log("loss", loss)
        return loss

    def validation_step(self, batch, batch_idx):
        self.log("valid", functional.cross_entropy(self.net(batch[0]), batch[1]))

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=self.lr, momentum=0.5)


class Partly(Digits):
    def configure_optimizers(self):
        return torch.optim.SGD(self.net[:3].parameters(), lr=self.lr)


class Criterion(Digits):
    """Calls itself and a module as its loss, of which it takes a part."""

    def __init__(self) -> None:
        super().__init__()
        self.criterion = nn.CrossEntropyLoss()

    def forward(self, x):
        return self.net(x)

    def training_step(self, batch, batch_idx):
        x, y = batch
        return {"loss": 0.5 * self.criterion(self(x), y)}


class ByHand(Digits):
    automatic_optimization = False

    def training_step(self, batch):
        optimizer = self.optimizers()
        optimizer.zero_grad()
        self.manual_backward(functional.cross_entropy(self.net(batch[0]), batch[1]))
        optimizer.step()


class Opponents(LightningModule):
    """Two optimizers, each for a part of the parameters."""

    automatic_optimization = False

    def __init__(self) -> None:
        super().__init__()
        self.maker, self.judge = nn.Linear(4, 64), nn.Linear(64, 1)

    def training_step(self, batch, batch_idx):
        maker, judge = self.optimizers()
        made = self.maker(torch.randn(len(batch[0]), 4))
        judge.zero_grad()
        self.manual_backward((self.judge(made.detach()) - self.judge(batch[0])).mean().sigmoid())
        judge.step()
        maker.zero_grad()
        self.manual_backward((-self.judge(made)).mean().sigmoid())
        maker.step()

    def validation_step(self, batch, batch_idx):
        self.judge(batch[0])

    def configure_optimizers(self):
        return [torch.optim.SGD(part.parameters(), lr=0.1) for part in (self.maker, self.judge)]


class Root(nn.Module):
    def forward(self, x):
        return (x - 2.0).sqrt()


class Ending(Digits):
    def training_step(self, batch, batch_idx):
        if batch_idx == 3:
            raise KeyError("ends")
        return super().training_step(batch, batch_idx)


def data(*, shuffled: bool = True) -> tuple[DataLoader, DataLoader]:
    x, y = torch.tensor(digits().x / 16, dtype=torch.float32), torch.tensor(digits().y)
    order = y.argsort(stable=True)
    images = TensorDataset(x[order], y[order])
    return DataLoader(images, 64, shuffle=shuffled, drop_last=True), DataLoader(Subset(images, range(200)), 100)


def fit(model: LightningModule, *callbacks: Watch, shuffled: bool = True, trainer: Any = Trainer, **known: Any):
    known = {"max_epochs": 1, "enable_checkpointing": False, **known}
    torch.manual_seed(3)
    trainer(
        callbacks=list(callbacks),
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **known,
    ).fit(model, *data(shuffled=shuffled))
    return model


def watched(model: LightningModule, *, every: int = 2, **known: Any) -> Watch:
    watch = Watch(every=every, store=None, quiet=True)
    fit(model, watch, **known)
    return watch


def faults(watch: Watch) -> list[str]:
    deaf = [told for told in watch.report().unheard if told.startswith("Nothing was heard")]
    assert not deaf, deaf
    return [finding.fault for finding in watch.findings]


@pytest.fixture(autouse=True)
def _silent(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)


def test_a_healthy_fit_has_no_finding_and_all_is_measured():
    watch = watched(Digits(), max_epochs=2, val_check_interval=5)
    assert faults(watch) == []
    seen = watch.report()
    assert (seen.name, seen.updates, seen.unheard) == ("Digits", 56, ())
    for quantity in ("loss", "gradient", "update ratio", "gradient noise", "sharpness"):
        assert seen.curve(quantity), quantity
    assert "dead/net.1" in seen.points[0].numbers


@pytest.mark.parametrize("make", [Digits, Criterion, ByHand])
def test_weights_are_the_same_to_the_bit(make):
    with_it, without = (fit(make(), *callbacks) for callbacks in ([Watch(every=2, store=None)], []))
    for one, other in zip(with_it.parameters(), without.parameters(), strict=True):
        assert torch.equal(one, other)


def test_parameters_that_the_optimizer_does_not_hold_are_found():
    watch = watched(Partly())
    assert faults(watch) == ["params_not_optimised"]
    assert "4 of 6" in watch.findings[0].evidence


def test_a_rate_that_is_far_too_high_is_found():
    assert "lr_too_high" in faults(watched(Digits(lr=20.0), max_epochs=2))


def test_samples_in_order_are_found():
    assert "data_not_shuffled" in faults(watched(Digits(), every=1, shuffled=False))


@pytest.mark.filterwarnings(r"ignore:Found \d+ module\(s\) in eval mode")
def test_evaluation_mode_is_found():
    assert faults(watched(Digits().eval())) == ["train_eval_mode"]


def test_the_module_that_made_the_first_bad_number_is_named():
    model = Digits()
    model.net.insert(5, Root())
    watch = watched(model, every=10)
    assert watch.findings[0].where == "net.5 (Root)"


def test_accumulation_is_right_and_its_loss_that_of_the_step():
    watch = watched(Digits(), accumulate_grad_batches=4, max_epochs=4)
    assert faults(watch) == []
    assert watch.report().updates == 28
    first = watch.report().points[0].numbers
    assert 2.2 < first["loss"] < 2.5
    assert first["gradient"] > 0


def test_a_loss_that_is_scaled_for_16_bits_is_that_of_the_step():
    scaled = MixedPrecision("16-mixed", "cpu", scaler=torch.amp.GradScaler("cpu"))
    watch = watched(Digits(), max_epochs=2, plugins=[scaled])
    assert faults(watch) == []
    first = watch.report().points[0].numbers
    assert 2.2 < first["loss"] < 2.5
    assert first["gradient"] < 1


def test_a_loss_that_is_a_module_is_heard_with_outputs_and_counts_as_a_whole():
    watch = watched(Criterion(), max_epochs=2)
    assert faults(watch) == []
    first = watch.report().points[0].numbers
    assert 1.1 < first["loss"] < 1.25
    assert "sharpness" in first


@pytest.mark.parametrize("make", [ByHand, Opponents])
def test_manual_optimization_is_right(make):
    watch = watched(make(), max_epochs=2)
    assert faults(watch) == []
    assert watch.report().curve("gradient")


def test_an_exception_closes_the_monitor():
    model, watch = Ending(), Watch(every=2, store=None)
    with pytest.raises(KeyError):
        fit(model, watch)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert watch.report().updates == 3


def test_the_end_closes_the_monitor_and_the_next_fit_is_watched_anew():
    model, watch = Digits(), Watch(every=2, store=None)
    fit(model, watch)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    first = watch.monitor
    fit(model, watch)
    assert watch.monitor is not first


def test_findings_are_told_and_kept(tmp_path, caplog):
    watch = Watch(every=2, store=tmp_path / "runs.sqlite", name="mine")
    with caplog.at_level(logging.WARNING, "thalweg.watch"):
        fit(Partly(), watch)
    assert "params_not_optimised" in caplog.text
    assert watch.monitor is not None
    assert watch.monitor.study == "watch-0001"
    watch.report(tmp_path / "watch.html")
    assert "mine" in (tmp_path / "watch.html").read_text("utf-8")


def test_before_the_first_fit_there_is_nothing_to_report():
    with pytest.raises(InputError, match="Nothing was watched"):
        Watch().report()


def test_a_trainer_of_the_other_package_takes_it_too():
    other = pytest.importorskip("pytorch_lightning")
    kind = type("Other", (other.LightningModule,), {k: v for k, v in vars(Digits).items() if k != "__init__"})
    model = kind()
    model.lr, model.net = 20.0, net()
    watch = Watch(every=2, store=None, quiet=True)
    fit(model, watch, trainer=other.Trainer, max_epochs=2)
    assert "lr_too_high" in faults(watch)


def test_no_framework_is_imported_before_it_is_asked_for():
    text = "import sys, thalweg.watch.monitor; print({'lightning', 'transformers'} & set(sys.modules))"
    command = [sys.executable, "-c", text]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "set()\n"


def test_the_other_package_is_taken_where_this_one_is_missing_and_without_both_it_is_said(monkeypatch):
    module: Any = sys.modules["thalweg.watch.lightning"]
    monkeypatch.setitem(sys.modules, "lightning.pytorch", None)
    assert module._callback().__module__ == "pytorch_lightning.callbacks.callback"
    monkeypatch.setitem(sys.modules, "pytorch_lightning", None)
    with pytest.raises(InputError, match="pip install 'thalweg\\[lightning\\]'"):
        module._callback()
