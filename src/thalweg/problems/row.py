"""Row: what is said of a problem of the catalog before its data are read. It loads no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

    from thalweg.problems.problem import Problem


@dataclass(frozen=True)
class Net:
    """A network that can be described without torch.

    Attributes:
        text: What a table says of it.
        factory: The function or class that builds it, as ``"module:name"``.
        arguments: What that is called with, after what the data tells it.
        shape: The shape of one sample as the net takes it; ``None`` leaves it as it is read.
    """

    text: str
    factory: str
    arguments: tuple[Any, ...] = ()
    shape: tuple[int, ...] | None = None


def dense(*widths: int) -> Net:
    """Describe a fully connected net by the units of its layers, from inputs to outputs.

    Example:
        >>> dense(64, 64, 10).text, dense(64, 32, 32, 32, 10).text
        ('64-64-10', '64-(32)x3-10')
    """
    inputs, *hidden, outputs = widths
    runs = [(width, len(list(same))) for width, same in groupby(hidden)]
    inside = [f"({width})x{count}" if count > 1 else str(width) for width, count in runs]
    text = "-".join([str(inputs), *inside, str(outputs)])
    return Net(text, "thalweg.problems.networks:mlp", (widths,), (inputs,))


def over_words(*widths: int) -> Net:
    """Describe a net over bags of words by the units of its layers, from the first to the classes.

    Example:
        >>> over_words(16, 2).text
        'words-16-2'
    """
    return Net("-".join(["words", *map(str, widths)]), "thalweg.problems.bag_of_words:BagOfWords", widths)


@dataclass(frozen=True)
class Task:
    """What is asked of the nets of a data set: how its samples are split and prepared, loss and metrics.

    Attributes:
        builder: The function from a Row and the folder of data to its Problem, as ``"module:name"``.
        objective: The measure that ranks runs.
    """

    builder: str
    objective: str


CLASSIFY = Task("thalweg.problems.classification:classify", "accuracy")
CLASSIFY_TEXT = Task("thalweg.problems.documents:classify_text", "accuracy")
REGRESS = Task("thalweg.problems.regression:regress", "mae")
CONTINUE = Task("thalweg.problems.language:continue_text", "accuracy")
DESCEND = Task("thalweg.problems.surfaces:descend", "loss")
QUADRATIC = Task("thalweg.problems.quadratic:quadratic", "loss")


@dataclass(frozen=True)
class Row:
    """One problem of the catalog.

    Attributes:
        name: Data and net.
        data: The data set.
        net: The network.
        batch: Samples a step.
        epochs: Passes over the training split.
        target: The value of the task's objective on validation that counts as solved.
        task: What is asked.
    """

    name: str
    data: str
    net: Net
    batch: int
    epochs: int
    target: float
    task: Task = CLASSIFY

    @property
    def goal(self) -> str:
        """The target as text.

        Example:
            >>> Row("a", "a", dense(4, 2), 8, 5, 0.9).goal, Row("b", "b", dense(4, 1), 8, 5, 0.25, DESCEND).goal
            ('accuracy 90%', 'loss 0.25')
        """
        value = f"{self.target:.0%}" if self.task.objective == "accuracy" else f"{self.target:g}"
        return f"{self.task.objective} {value}"

    def build(self, root: Path | str | None = None) -> Problem:
        """Read the data, below `root` if they are files, and return the Problem."""
        return resolve_name(self.task.builder)(self, root)

    def settings(self, *sizes: int) -> dict[str, Any]:
        """Return the arguments of Problem that the row decides.

        Args:
            sizes: What the data tells the net's factory, such as how many words there are; its first arguments.
        """
        model: Callable[[], nn.Module] = partial(resolve_name(self.net.factory), *sizes, *self.net.arguments)
        return {
            "name": self.name,
            "model": model,
            "objective": self.task.objective,
            "target": self.target,
            "batch_size": self.batch,
            "epochs": self.epochs,
        }
