"""Transformers: a callback that watches what a Trainer of Hugging Face trains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thalweg.core.errors import InputError
from thalweg.watch.callback import Watching

if TYPE_CHECKING:
    from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
else:
    try:
        from transformers import TrainerCallback
    except ImportError as error:
        raise InputError(
            "A Trainer of transformers cannot be watched.",
            got=str(error),
            remedy="pip install 'thalweg[transformers]'",
        ) from error


class Watch(Watching, TrainerCallback):
    """Watches every training, as `thalweg.watch` watches a loop.

    The loss is that which the model returns, its targets are ``labels``. An exception that ends a training is told
    to no callback: then `close`, the next training or the end of the program takes the hooks away, or ``with``.

    Args:
        every: Every how many updates one is watched, >= 1.
        store: The SQLite file for quantities and findings; ``None`` for none.
        name: What to call it; the class of the model if empty.
        quiet: Say nothing of findings as they arise; else the logger ``thalweg.watch`` does.

    Raises:
        InputError: At its import: ``transformers`` cannot be imported.

    Example:
        >>> watch = Watch(every=10, store=None)  # Trainer(model, args, callbacks=[watch], ...).train()
        >>> watch.findings  # and watch.report("watch.html") writes a page
        ()
    """

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Begin."""
        self._start(kwargs["model"], [kwargs["optimizer"]], first=state.is_world_process_zero)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """End."""
        self.close()
