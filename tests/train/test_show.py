from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from thalweg.core.run import Run
from thalweg.problems import Problem
from thalweg.train import fit
from thalweg.train.show import show


def printed(run: Run) -> str:
    text = io.StringIO()
    show(run, Console(file=text, width=120))
    return text.getvalue()


def test_the_curve_an_epoch_a_line_and_the_end(problem: Problem) -> None:
    run = fit(problem, optimizer="adam", hyper={"lr": 0.01}, test=True, epochs=3)
    head, _, *lines = printed(run).strip().splitlines()
    assert " ".join(head.split()) == "epoch step lr train loss valid loss valid accuracy seconds"
    for epoch, line in zip(run.epochs, lines, strict=False):
        figures = [epoch.train_loss, *epoch.valid.values()]
        expected = [str(epoch.number), str(epoch.step), "0.01", *(f"{figure:.4f}" for figure in figures)]
        assert line.split()[:-1] == expected
    assert run.test is not None
    assert [line.strip() for line in lines[-3:]] == [
        "blobs with adam (lr=0.01)",
        "completed: ran to its last epoch",
        f"test loss {run.test['loss']:.4f}, accuracy {run.test['accuracy']:.4f}",
    ]


def test_the_best_epoch_is_marked_where_it_was_put_back(overfit: Problem) -> None:
    run = fit(overfit, optimizer="adam", hyper={"lr": 0.02}, patience=2)
    marked = [line.split()[0] for line in printed(run).splitlines() if line.strip().startswith("*")]
    assert marked == [f"*{run.best_epoch}"]
    assert f"stopped_early: no better loss since epoch {run.best_epoch}" in printed(run)
    assert "*" not in printed(fit(overfit, epochs=2))
    assert "*" in printed(fit(overfit, epochs=2, keep="best"))
    assert "*" not in printed(fit(overfit, epochs=2, keep="best", hyper={"lr": 1e6}))


def test_a_run_without_an_epoch_and_one_that_diverged(make_problem: Any) -> None:
    def interrupted(output: Any, target: Any) -> Any:
        if next(calls):
            raise KeyboardInterrupt
        return output.square().mean()

    calls = iter([0, 0, 0, 1])
    assert "interrupted: interrupted after 0 of 4 epochs" in printed(fit(make_problem(loss=interrupted)))
    assert "diverged: the mean loss of epoch 1" in printed(fit(make_problem(), hyper={"lr": 1e6}))


def test_what_was_set_beside_the_optimizer_is_said(problem: Problem) -> None:
    text = printed(
        fit(problem, epochs=1, hyper={"l1_prox": 1e3}, init="he", label_smoothing=0.1, sampling="shuffled")
    )
    assert "blobs with momentum (l1_prox=1000, init=he, label_smoothing=0.1)" in text
    assert "100.0 % of the weights are exactly zero" in text
