"""Net2Net's experiment on MNIST and Fashion-MNIST: does a net that grew from a trained one train faster?

    python examples/net2net.py --out net2net.html

A small teacher is trained to its end. Then a larger net is trained four times: from scratch; from scratch with the
teacher's weights in a corner of its own (random pad); as a wider copy of the teacher; and as a deeper copy. The
page shows accuracy on validation against iterations; those of the teacher are not counted for its students.

Reference: T. Chen, I. Goodfellow, J. Shlens, "Net2Net: Accelerating Learning via Knowledge Transfer", 2016.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import plotly.graph_objects as go
import torch
from plotly.subplots import make_subplots
from torch import nn

import thalweg as tw
from thalweg.data.batches import batches, order
from thalweg.init import he_

SMALL, LARGE = 100, 200
"""Units of both hidden layers, of the teacher and of the wide nets."""
LOOK = 100
"""Iterations between two looks at validation."""
PROBLEMS = {"mnist/mlp-2": "MNIST", "fashion/mlp-2": "Fashion-MNIST"}
COLOURS = {
    "from scratch": "#777777",
    "random pad": "#d98200",
    "wider student": "#0a6cbd",
    "deeper student": "#1a8f4c",
    "teacher": "#b03060",
}

Curve = list[tuple[int, float]]
"""Iterations done, and accuracy on validation."""


def net(width: int) -> nn.Module:
    """Return a net with two hidden layers and dropout, which lets copies of units part."""
    layers = [
        nn.Linear(784, width),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(width, width),
        nn.ReLU(),
        nn.Dropout(0.2),
    ]
    return he_(nn.Sequential(nn.Flatten(), *layers, nn.Linear(width, 10)))


def wide(teacher: nn.Module, x: torch.Tensor, noise: float) -> nn.Module:
    """Return the teacher with LARGE units in each hidden layer."""
    half = tw.grow.wider(teacher, "1", LARGE, x, noise=noise)
    return tw.grow.wider(half, "4", LARGE, x, noise=noise)


def padded(teacher: nn.Module) -> nn.Module:
    """Return a fresh large net with the teacher's weights in the corner of its own."""
    model = net(LARGE)
    with torch.no_grad():
        for own, theirs in zip(model.parameters(), teacher.parameters(), strict=True):
            own[tuple(slice(size) for size in theirs.shape)] = theirs
    return model


def train(problem: tw.Problem, model: Callable[[], nn.Module], epochs: int, lr: float) -> tuple[nn.Module, Curve]:
    """Train a net; returns it and its curve, which begins before the first iteration."""
    parts = {"train": problem.train, "valid": problem.valid}
    task = tw.Problem(name=problem.name, model=model, loss=problem.loss, metrics=problem.metrics, **parts)
    setting = tw.Config(optimizer="momentum", hyper={"lr": lr}, epochs=epochs, batch_size=128)
    learner = tw.Learner(task, setting)
    curve = [(0, learner.judge("valid")["accuracy"])]
    for epoch in range(epochs):
        learner.model.train()
        for x, y in batches(problem.train, 128, order(len(problem.train), seed=0, epoch=epoch)):
            learner.update(x, y)
            if learner.step % LOOK == 0:
                curve.append((learner.step, learner.judge("valid")["accuracy"]))
    return learner.model, curve


@dataclass
class Finding:
    """What came out on one data set.

    Attributes:
        curves: By net.
        final: Accuracy of the net from scratch, the mean of its last five looks.
        reached: When the wider student first had it; ``None`` for never.
    """

    curves: dict[str, Curve]
    final: float
    reached: int | None

    @property
    def share(self) -> float:
        """Iterations of the wider student to that accuracy, relative to those from scratch."""
        return float("inf") if self.reached is None else self.reached / self.curves["from scratch"][-1][0]

    def __str__(self) -> str:
        start, end = self.curves["teacher"][-1][1], self.curves["wider student"][0][1]
        met = (
            "never" if self.reached is None else f"after {self.reached} iterations, {self.share:.2f} times as many"
        )
        return (
            f"Teacher {start:.2%}, wider student starts at {end:.2%}; from scratch {self.final:.2%} "
            f"after {self.curves['from scratch'][-1][0]} iterations, which the wider student reaches {met}"
        )


def experiment(name: str, data: Path | None, epochs: int, lr: float, noise: float) -> Finding:
    """Train all five nets on a problem of the catalog."""
    problem = tw.load(name, data=data)
    x = problem.train.take(torch.arange(2))[0]
    teacher, taught = train(problem, partial(net, SMALL), epochs * 3 // 2, lr)
    nets: dict[str, tuple[Callable[[], nn.Module], int]] = {
        "from scratch": (partial(net, LARGE), epochs),
        "random pad": (partial(padded, teacher), epochs // 2),
        "wider student": (partial(wide, teacher, x, noise), epochs // 2),
        "deeper student": (partial(tw.grow.deeper, teacher, "4", x), epochs // 2),
    }
    curves = {word: train(problem, model, length, lr)[1] for word, (model, length) in nets.items()}
    last = [accuracy for _, accuracy in curves["from scratch"][-5:]]
    final = sum(last) / len(last)
    reached = next((step for step, accuracy in curves["wider student"] if accuracy >= final), None)
    return Finding({**curves, "teacher": taught}, final, reached)


def page(found: dict[str, Finding]) -> str:
    """Return a page of its own: a figure a data set, and what came out in words."""
    figure = make_subplots(1, len(found), subplot_titles=list(found), horizontal_spacing=0.08)
    for column, finding in enumerate(found.values(), start=1):
        for word, curve in finding.curves.items():
            steps, accuracies = zip(*curve, strict=True)
            shown = column == 1
            look = {"color": COLOURS[word], "width": 2, "dash": "dot" if word == "teacher" else "solid"}
            figure.add_trace(
                go.Scatter(
                    x=steps, y=accuracies, name=word, mode="lines", line=look, legendgroup=word, showlegend=shown
                ),
                row=1,
                col=column,
            )
        figure.add_hline(finding.final, line={"color": "#444444", "dash": "dash", "width": 1.5}, row=1, col=column)
        bottom = min(curve[0][1] for word, curve in finding.curves.items() if word.endswith("student"))
        top = max(accuracy for curve in finding.curves.values() for _, accuracy in curve)
        figure.update_yaxes(range=[bottom - 3 * (top - bottom), top + 0.002], tickformat=".1%", row=1, col=column)
    figure.update_xaxes(title="iterations of the net itself", rangemode="tozero")
    figure.update_yaxes(title="validation accuracy", col=1)
    figure.update_layout(
        template="simple_white", legend={"orientation": "h", "y": -0.2}, margin={"t": 40, "b": 40}
    )
    said = "".join(f"<p><b>{name}.</b> {finding}.</p>" for name, finding in found.items())
    plot = figure.to_html(full_html=False, include_plotlyjs=True, config={"displayModeBar": False})
    style = "body{font:16px/1.5 system-ui,sans-serif;max-width:68rem;margin:2rem auto;padding:0 1rem;color:#222}"
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Net2Net</title><style>{style}</style>'
    lead = (
        f"<h1>Nets that grow from a trained one</h1><p>The teacher has two hidden layers of {SMALL} units, wide "
        f"nets {LARGE}, the deep one a third of {SMALL}. Dashed: what the wide net reaches from scratch.</p>"
    )
    return f"{head}<body>{lead}{plot}{said}</body></html>"


def main() -> None:
    """Do the experiment, print what came out and write the page."""
    parser = ArgumentParser(description="Net2Net's experiment.")
    parser.add_argument("--out", type=Path, default=Path("net2net.html"))
    parser.add_argument("--data", type=Path, help="the folder of the data sets; else $THALWEG_DATA, else a cache")
    parser.add_argument(
        "--epochs",
        type=int,
        default=6,
        help="from scratch; the teacher has half as many more, students half of them",
    )
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--noise", type=float, default=0.2, help="on copies of units")
    given = parser.parse_args()
    found: dict[str, Finding] = {}
    for name, title in PROBLEMS.items():
        found[title] = experiment(name, given.data, given.epochs, given.lr, given.noise)
        print(f"{title}: {found[title]}", flush=True)
        given.out.write_text(page(found), "utf-8")
    print(given.out.absolute())


if __name__ == "__main__":
    main()
