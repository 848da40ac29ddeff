"""Lightning: a callback that watches what a Lightning Trainer fits."""

from __future__ import annotations

import sys
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from thalweg.core.errors import InputError
from thalweg.core.run import Outcome
from thalweg.watch.callback import Watching

if TYPE_CHECKING:
    from lightning.pytorch import Callback, LightningModule, Trainer
else:
    PACKAGES = "lightning.pytorch", "pytorch_lightning"

    def _callback() -> type:
        """Return the base class of callbacks, of the package that is in use; a Trainer of either takes it."""
        missing: list[str] = []
        for name in sorted(PACKAGES, key=lambda name: name not in sys.modules):
            try:
                return import_module(name).Callback
            except ImportError as error:
                missing.append(str(error))
        raise InputError(
            "A Trainer of Lightning cannot be watched.",
            got="; ".join(missing),
            remedy="pip install 'thalweg[lightning]'",
        )

    Callback = _callback()


class Watch(Watching, Callback):
    """Watches every fit, as `thalweg.watch` watches a loop.

    A pass is a ``training_step``, and its loss what goes backward. Targets are the second of a batch of two
    tensors. A loss module that the LightningModule holds is heard with outputs and targets, if there is one only.
    Of several optimizers the first is watched: parameters of the others are left out, and the loss is not judged.
    A step of manual optimization is heard where it calls ``manual_backward``.

    Args:
        every: Every how many updates one is watched, >= 1.
        store: The SQLite file for quantities and findings; ``None`` for none.
        name: What to call it; the class of the LightningModule if empty.
        quiet: Say nothing of findings as they arise; else the logger ``thalweg.watch`` does.

    Raises:
        InputError: At its import: neither ``lightning`` nor ``pytorch_lightning`` can be imported.

    Example:
        >>> from lightning.pytorch import Trainer
        >>> watch = Watch(every=10, store=None)
        >>> trainer = Trainer(callbacks=[watch], logger=False, enable_checkpointing=False, accelerator="cpu")
        >>> watch.findings  # after trainer.fit(model, data); watch.report("watch.html") writes a page
        ()
    """

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin."""
        self._batch: Any = None
        self._takes = len(signature(pl_module.training_step).parameters)
        losses = [one for one in pl_module.modules() if isinstance(one, nn.modules.loss._Loss)]
        loss = losses[0] if len(losses) == 1 else None
        if trainer.optimizers:
            self._start(pl_module, trainer.optimizers, first=trainer.is_global_zero, loss=loss)

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Tell that a pass begins."""
        if self.monitor:
            self._batch = batch
            self.monitor.begins("training_step", *(batch, batch_idx)[: self._takes])

    def on_before_backward(self, trainer: Trainer, pl_module: LightningModule, loss: Tensor) -> None:
        """Tell of the loss, and what makes it that of ``training_step``."""
        if not self.monitor:
            return
        times = float(trainer.accumulate_grad_batches) if pl_module.automatic_optimization else 1.0
        scaler = getattr(trainer.precision_plugin, "scaler", None)
        if scaler is not None:
            times = times / scaler.scale(loss.detach().new_ones(()))
        self.monitor.heard(loss, _targets(self._batch), times=times)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """End, whatever ended the fit."""
        if self.monitor:
            self.monitor.close(Outcome.INTERRUPTED)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """End."""
        self.close()


def _targets(batch: Any) -> Tensor | None:
    """Return the second of two tensors for the same samples."""
    if not isinstance(batch, list | tuple) or len(batch) != 2:
        return None
    x, y = batch
    pair = isinstance(x, Tensor) and isinstance(y, Tensor) and x.ndim > 0 and y.ndim > 0 and len(x) == len(y)
    return y if pair else None
