"""What can be put around a rule: the keywords of every optimizer, and which of them a rule leaves free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from thalweg.formula import Option, Rule
from thalweg.rules import options


class Options(TypedDict, total=False):
    """What can be put around every rule; each becomes part of the same kernel.

    Attributes:
        weight_decay: L2 penalty, added to the gradient as ``weight_decay * p``; >= 0, default 0.
        l1: L1 penalty, added as ``l1 * sign(p)``; >= 0, default 0.
        clip_value: Limit on each element of the gradient; > 0, infinity (the default) or None for none.
        clip_norm: Limit on the global norm over all parameters of the optimizer; > 0, infinity (the default) or
            None for none.
        maximize: Climb instead of descending; default False.
    """

    weight_decay: float
    l1: float
    clip_value: float | None
    clip_norm: float | None
    maximize: bool


def group_key(names: Mapping[str, str], symbol: str) -> tuple[str, int | None]:
    """Return the key of a parameter group that holds a rule's symbol, and the place in a pair if it is one.

    Example:
        >>> group_key({"beta2": "betas.1"}, "beta2"), group_key({}, "lr")
        (('betas', 1), ('lr', None))
    """
    key, _, index = names.get(symbol, symbol).partition(".")
    return key, int(index) if index else None


def offered(rule: Rule, names: Mapping[str, str]) -> tuple[Option, ...]:
    """Return the options of a rule: all but those whose name it uses itself, as a symbol or as torch's name.

    Args:
        rule: The update.
        names: The rule's symbol -> torch's name, as in `RuleOptimizer.names`.
    """
    own = {group_key(names, symbol)[0] for symbol in rule.hypers}
    return tuple(option for option in options if option.name not in own and option.suits(rule))
