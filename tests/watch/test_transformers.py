"""Transformers: a real Trainer with tiny models made from configs, watched by the callback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tests.watch.loops import net
from torch import nn
from torch.nn import functional
from torch.utils.data import Dataset
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments
from transformers.modeling_outputs import SequenceClassifierOutput

from thalweg.data import digits
from thalweg.watch.transformers import Watch

TEXT = (Path(__file__).parent / "test_transformers.py").read_bytes()


class Rows(Dataset):
    def __init__(self, **columns: Any) -> None:
        self.columns = columns

    def __len__(self):
        return len(self.columns["labels"])

    def __getitem__(self, index):
        return {name: column[index] for name, column in self.columns.items()}


class Classifier(nn.Module):
    """Returns its loss under a key, as models of transformers do."""

    def __init__(self) -> None:
        super().__init__()
        self.net = net()

    def forward(self, x, labels=None):
        logits = self.net(x)
        loss = functional.cross_entropy(logits, labels) if labels is not None else None
        return SequenceClassifierOutput(loss=loss, logits=logits)  # pyright: ignore[reportArgumentType]


class Ending(Classifier):
    passes = 0

    def forward(self, x, labels=None):
        self.passes += 1
        if self.passes == 4:
            raise KeyError("ends")
        return super().forward(x, labels)


def gpt() -> GPT2LMHeadModel:
    torch.manual_seed(0)
    return GPT2LMHeadModel(GPT2Config(vocab_size=256, n_positions=16, n_embd=16, n_layer=2, n_head=2))


def characters() -> Rows:
    """Pieces of this file, by characters."""
    pieces = torch.tensor(list(TEXT[: len(TEXT) // 16 * 16])).view(-1, 16)
    return Rows(input_ids=pieces, labels=pieces)


def images() -> Rows:
    """The digits, sorted by class."""
    x, y = torch.tensor(digits().x / 16, dtype=torch.float32), torch.tensor(digits().y)
    order = y.argsort(stable=True)
    return Rows(x=x[order], labels=y[order])


def train(folder: Path, model: nn.Module, *callbacks: Watch, optimizer: Any = None, **known: Any) -> nn.Module:
    arguments = TrainingArguments(
        output_dir=str(folder),
        report_to="none",
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        use_cpu=True,
        dataloader_pin_memory=False,
        per_device_train_batch_size=32,
        **{"num_train_epochs": 2, "learning_rate": 1e-2, **known},
    )
    rows = images() if isinstance(model, Classifier) else characters()
    Trainer(
        model,
        arguments,
        train_dataset=rows,
        eval_dataset=rows,
        callbacks=list(callbacks),
        optimizers=(optimizer, None),
    ).train()
    return model


@pytest.fixture
def watched(tmp_path):
    def watch(model: nn.Module, *, every: int = 2, **known: Any) -> Watch:
        callback = Watch(every=every, store=None, quiet=True)
        train(tmp_path, model, callback, **known)
        return callback

    return watch


def faults(watch: Watch) -> list[str]:
    deaf = [told for told in watch.report().unheard if told.startswith("Nothing was heard")]
    assert not deaf, deaf
    return [finding.fault for finding in watch.findings]


@pytest.mark.parametrize(("make", "name"), [(gpt, "GPT2LMHeadModel"), (Classifier, "Classifier")])
def test_a_healthy_training_has_no_finding_and_all_is_measured(watched, make, name):
    watch = watched(make(), eval_strategy="steps", eval_steps=5)
    assert faults(watch) == []
    seen = watch.report()
    assert (seen.name, seen.config.optimizer, seen.unheard) == (name, "AdamW", ())
    for quantity in ("loss", "gradient", "update ratio", "sharpness"):
        assert seen.curve(quantity), quantity


@pytest.mark.parametrize("make", [gpt, Classifier])
@pytest.mark.parametrize("known", [{}, {"bf16": True}])
def test_weights_are_the_same_to_the_bit(tmp_path, make, known):
    callback = Watch(every=2, store=None)
    with_it, without = (train(tmp_path, make(), *callbacks, **known) for callbacks in ([callback], []))
    for one, other in zip(with_it.parameters(), without.parameters(), strict=True):
        assert torch.equal(one, other)


def test_parameters_that_the_optimizer_does_not_hold_are_found(watched):
    model = gpt()
    watch = watched(model, optimizer=torch.optim.AdamW(model.transformer.h[1].parameters(), lr=1e-2))
    assert faults(watch) == ["params_not_optimised"]


def test_samples_in_order_are_found(watched):
    watch = watched(Classifier(), every=1, train_sampling_strategy="sequential")
    assert "data_not_shuffled" in faults(watch)


def test_a_rate_that_is_far_too_high_is_found(watched):
    assert "lr_too_high" in faults(watched(Classifier(), learning_rate=20.0, lr_scheduler_type="constant"))


@pytest.mark.parametrize("make", [gpt, Classifier])
def test_accumulation_is_right_and_its_loss_that_of_the_update(watched, make):
    watch = watched(make(), every=3, gradient_accumulation_steps=4, num_train_epochs=6)
    assert faults(watch) == []
    start = watch.report().points[0].numbers["loss"]
    assert start == pytest.approx({gpt: 5.5, Classifier: 2.3}[make], rel=0.1)


def test_label_smoothing_is_heard(watched):
    watch = watched(gpt(), label_smoothing_factor=0.1)
    assert faults(watch) == []
    assert watch.report().curve("loss")


def test_the_end_closes_the_monitor(watched):
    model = gpt()
    watched(model)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_leaving_the_callback_closes_the_monitor_after_an_exception(tmp_path):
    model = Ending()
    with pytest.raises(KeyError), Watch(every=2, store=None) as watch:
        train(tmp_path, model, watch)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert watch.report().updates == 3
