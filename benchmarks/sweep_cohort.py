"""Updates a second of a cohort against a plain loop of torch runs, and against JAX as the ceiling."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from itertools import islice
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.row import Row
from benchmarks.turns import Turn, best, rates, ratio
from thalweg.core.config import Config
from thalweg.execute.cohort import Cohort
from thalweg.problems import Problem, load
from thalweg.train import Learner

SECONDS = 0.4
"""How long one turn lasts."""

BATCHES = 16
"""Mini-batches that all go through again and again."""

MOMENTUM = 0.9
SIDE = 2048
"""Of the square matrices whose product is the machine's rate."""

Batch = tuple[Tensor, Tensor]


def rows(name: str, members: int, rounds: int, *, goal: float, products: float | None = None) -> Iterable[Row]:
    """Return the cohort against the loop and JAX, and its share of the machine's rate of matrix products.

    Args:
        name: A problem whose model is an `mlp`.
        members: Runs that are trained together.
        rounds: How often all take their turn.
        goal: Against the better of the loops.
        products: The share of the rate of matrix products that is asked for; None leaves it out.
    """
    problem, lrs = load(name), np.geomspace(0.003, 0.1, members).tolist()
    with _cohort(problem, lrs) as (together, data):
        turns = {f"ours, {count} threads": Turn(together, len(data) * members, count) for count in (1, 2)}
        turns |= {f"loop, {count} threads": Turn(plain_loop(problem, data), len(data), count) for count in (1, 2)}
        if jax := jax_cohort(problem, lrs, data):
            turns["jax"] = Turn(jax, len(data) * members)
        if products:
            turns |= {f"product, {count} threads": Turn(_product(), 2.0 * SIDE**3, count) for count in (1, 2)}
        found = rates(turns, rounds, SECONDS)
    yield from _compared(f"{name}, {members} members", found, goal)
    if products:
        yield _share(f"{name}, {members} members: products", found, _operations(problem), products)


def _compared(suite: str, found: dict[str, list[float]], goal: float) -> Iterator[Row]:
    ours, loop = best(found, "ours"), best(found, "loop")
    row = partial(Row, suite=suite, ours=median(found[ours]), unit="updates/s", at_least=True)
    for peer, least in ((loop, goal), *([("jax", 1 / 1.5)] if "jax" in found else [])):
        named = {"jax": "JAX, vmap and optax"}.get(peer, f"torch {peer}")
        yield row(peer=named, theirs=median(found[peer]), ratio=ratio(found[ours], found[peer]), goal=least)


def _share(suite: str, found: dict[str, list[float]], operations: float, goal: float) -> Row:
    ours, machine = best(found, "ours"), best(found, "product")
    rate = [operations * updates for updates in found[ours]]
    return Row(
        suite=suite,
        ours=median(rate) / 1e9,
        unit="GFLOP/s",
        peer=f"torch.mm, {SIDE} square",
        theirs=median(found[machine]) / 1e9,
        ratio=ratio(rate, found[machine]),
        goal=goal,
        at_least=True,
    )


@contextmanager
def _cohort(problem: Problem, lrs: Sequence[float]) -> Iterator[tuple[Callable[[], object], list[Batch]]]:
    """Give a function that trains a cohort on some batches of its next epoch, and these batches."""
    configs = [Config(optimizer="momentum", hyper={"lr": lr, "momentum": MOMENTUM}) for lr in lrs]
    cohort = Cohort([Learner(problem, config) for config in configs])
    cohort.learners[0].model.train()
    with cohort.learners[0].own_generators():
        data = [(x, y) for x, y, _ in islice(cohort.upcoming(), BATCHES)]

        def together() -> None:
            for x, y in data:
                cohort.update(x, y, shared=True)

        yield together, data


def plain_loop(problem: Problem, data: Sequence[Batch]) -> Callable[[], object]:
    """What one writes by hand: one run after the other, torch's own optimizer; here one of them."""
    model = problem.model().train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=MOMENTUM)

    def alone() -> None:
        for x, y in data:
            optimizer.zero_grad()
            problem.loss(model(x), y).backward()
            optimizer.step()

    return alone


def jax_cohort(problem: Problem, lrs: Sequence[float], data: Sequence[Batch]) -> Callable[[], object] | None:
    """The same net as JAX would train it: vmap over the members, optax, one compiled update, buffers donated."""
    if not find_spec("jax") or not find_spec("optax"):
        print("JAX is left out: jax or optax is not installed (the extra thalweg[bench])")
        return None
    import jax
    import optax

    def loss(layers: Any, x: Any, y: Any) -> Any:
        for number, (weight, bias) in enumerate(layers):
            x = (jax.nn.relu(x) if number else x) @ weight + bias
        return optax.softmax_cross_entropy_with_integer_labels(x, y).mean()

    @partial(jax.jit, donate_argnums=(0, 1))
    @partial(jax.vmap, in_axes=(0, 0, 0, None, None))
    def update(layers: Any, state: Any, lr: Any, x: Any, y: Any) -> Any:
        value, gradient = jax.value_and_grad(loss)(layers, x, y)
        changes, state = optax.sgd(lr, MOMENTUM).update(gradient, state)
        return optax.apply_updates(layers, changes), state, value

    rate = jax.numpy.asarray(lrs, dtype="float32")
    layers = jax.tree.map(jax.numpy.asarray, [_layers(problem.model()) for _ in lrs])
    layers = jax.tree.map(lambda *members: jax.numpy.stack(members), *layers)
    state = jax.vmap(lambda own: optax.sgd(0.1, MOMENTUM).init(own))(layers)
    held = [layers, state]
    batches = [(jax.numpy.asarray(x.flatten(1).numpy()), jax.numpy.asarray(y.numpy())) for x, y in data]

    def together() -> None:
        for x, y in batches:
            held[0], held[1], _ = update(held[0], held[1], rate, x, y)
        jax.block_until_ready(held)

    return together


def _layers(model: nn.Module) -> list[tuple[np.ndarray, np.ndarray]]:
    return [
        (layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy().copy())
        for layer in model.modules()
        if isinstance(layer, nn.Linear)
    ]


def _product() -> Callable[[], object]:
    a, b = torch.rand(SIDE, SIDE), torch.rand(SIDE, SIDE)
    out = torch.empty(SIDE, SIDE)
    return lambda: torch.mm(a, b, out=out)


def _operations(problem: Problem) -> float:
    """Operations of the matrix products of one update; the first layer needs no gradient of its inputs."""
    layers = [layer for layer in problem.model().modules() if isinstance(layer, nn.Linear)]
    sizes = [layer.weight.numel() for layer in layers]
    return 2.0 * problem.batch_size * (3 * sum(sizes) - sizes[0])
