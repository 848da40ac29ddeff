"""Routing: which parameters of a model go to Muon and which to AdamW."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, final

import torch
from torch import nn

from thalweg.core.errors import InputError, InputTypeError
from thalweg.init.layers import NORMALIZATIONS
from thalweg.init.width import EMBEDDINGS
from thalweg.optim.adam import AdamW
from thalweg.optim.method import FRACTION, NON_NEGATIVE, declare
from thalweg.optim.muon import Adjust, Muon
from thalweg.optim.routed import Routed

Named = list[tuple[str, nn.Parameter]]


class Routes(NamedTuple):
    """The trainable parameters of a model with their names: those for Muon, and the rest."""

    muon: Named
    adamw: Named


def route(model: nn.Module, to_muon: Callable[[str, nn.Parameter], bool] | None = None) -> Routes:
    """Return which parameters of `model` go to Muon and which to AdamW.

    Muon takes the weights of hidden layers: the 2-D parameters, without those of an embedding or a normalization,
    and without those of the output head, which is the last module, in the order of registration, that owns a
    matrix which is left. AdamW takes the rest: embeddings (also where a head shares them), the head, biases,
    gains, kernels of convolutions. A parameter that is frozen goes to neither.

    A positional embedding that is a bare parameter of your own module looks like a hidden matrix: exclude it by
    `to_muon`.

    Args:
        model: The model.
        to_muon: From the name of a parameter and the parameter to whether Muon takes it; it replaces the rule.

    Example:
        >>> model = nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 4), nn.LayerNorm(4), nn.Linear(4, 9))
        >>> [name for name, _ in route(model).muon]
        ['1.weight']
        >>> [name for name, _ in route(model, lambda name, p: p.ndim == 2).muon]
        ['0.weight', '1.weight', '3.weight']

    Reference:
        Jordan et al. 2024: "scalar and vector parameters, as well as the input and output parameters" are AdamW's.
    """
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    if to_muon is None:
        hidden = _hidden(model)
        chosen = {name for name, p in named if id(p) in hidden}
    else:
        chosen = {name for name, p in named if to_muon(name, p)}
    return Routes([pair for pair in named if pair[0] in chosen], [pair for pair in named if pair[0] not in chosen])


def _hidden(model: nn.Module) -> set[int]:
    """The ids of the matrices that are neither in an embedding, nor in a normalization, nor in the head."""
    apart: set[int] = set()
    layers: list[set[int]] = []
    for module in model.modules():
        matrices = {id(p) for p in module.parameters(recurse=False) if p.ndim == 2}
        if isinstance(module, EMBEDDINGS + NORMALIZATIONS):
            apart |= matrices
        elif matrices:
            layers.append(matrices)
    return set[int]().union(*layers[:-1]) - apart


@final
class MuonWithAdamW(Routed):
    """Muon for the hidden matrices of a model and AdamW for the rest, as `route` divides them, in one optimizer.

    With the adjustment ``"match_rms_adamw"`` an update of Muon has a root mean square of about 0.2 lr, as AdamW's
    have, so that one learning rate and one decay serve both, and those tuned for AdamW are a good start.

    Args:
        model: The model whose trainable parameters are optimized.
        lr: Learning rate, >= 0.
        weight_decay: Decoupled decay, >= 0, multiplied by `lr`.
        momentum: Muon's, in [0, 1).
        nesterov: Muon's.
        adjust_lr_fn: Muon's; with ``"original"`` set `adamw_lr` too.
        betas: AdamW's, each in [0, 1).
        eps: AdamW's, >= 0.
        adamw_lr: AdamW's learning rate; ``None`` takes `lr`.
        to_muon: See `route`.
        dtype: See `Muon`.

    Raises:
        InputError: The model has no trainable parameter, or `to_muon` chose one that is no matrix.

    Example:
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
        >>> optimizer = MuonWithAdamW(model, lr=0.02)
        >>> [group["param_names"] for group in optimizer.param_groups]
        [['0.weight'], ['0.bias', '2.weight', '2.bias']]

    Reference:
        Jordan et al. 2024; Liu et al. 2025, "Muon is scalable for LLM training"; AdamW: Loshchilov & Hutter 2019.
    """

    hypers = declare(
        lr=(1e-3, NON_NEGATIVE),
        weight_decay=(0.1, NON_NEGATIVE),
        momentum=(0.95, FRACTION),
        beta1=(0.9, FRACTION),
        beta2=(0.999, FRACTION),
        eps=(1e-8, NON_NEGATIVE),
    )
    flags = {"nesterov": True}
    search = (1e-5, 0.1)
    reference = "Jordan et al. 2024; Liu et al. 2025"
    full_batch = False
    takes_model = True

    def __init__(
        self,
        model: nn.Module,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        adjust_lr_fn: Adjust = "match_rms_adamw",
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        adamw_lr: float | None = None,
        to_muon: Callable[[str, nn.Parameter], bool] | None = None,
        dtype: torch.dtype = torch.bfloat16,
    ) -> None:
        if not isinstance(model, nn.Module):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InputTypeError(
                "MuonWithAdamW has to know what each parameter is for.",
                got=type(model).__name__,
                expected="the model itself, not its parameters",
            )
        routes = route(model, to_muon)
        members: list[torch.optim.Optimizer] = []
        if routes.muon:
            members.append(
                Muon(routes.muon, lr, weight_decay, momentum, nesterov, adjust_lr_fn=adjust_lr_fn, dtype=dtype)
            )
        if routes.adamw:
            rate = lr if adamw_lr is None else adamw_lr
            members.append(AdamW(routes.adamw, lr=rate, betas=betas, eps=eps, weight_decay=weight_decay))
        if not members:
            raise InputError("The model has no trainable parameter.", got=type(model).__name__)
        super().__init__(members)

    @classmethod
    def keywords(cls, hyper: Mapping[str, float | bool]) -> dict[str, Any]:
        """Return the keywords for settings by the names of `hypers` and `flags`.

        Example:
            >>> MuonWithAdamW.keywords({"lr": 0.02, "beta2": 0.95})
            {'lr': 0.02, 'betas': (0.9, 0.95)}
        """
        rest = {name: value for name, value in hyper.items() if name not in ("beta1", "beta2")}
        return rest | {"betas": tuple(hyper.get(name, cls.hypers[name].default) for name in ("beta1", "beta2"))}
