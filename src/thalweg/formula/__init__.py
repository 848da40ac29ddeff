"""The language in which update rules are written, and what can be derived from a sentence of it.

A rule is a plain function of symbolic tensors (``expression``, ``functions``), declared with ``@rule`` (``rule``);
options such as weight decay are sentences of the same kind (``option``). ``composition`` makes one ``program``, a
graph, of a rule and its options; a ``part`` of it is what one kernel evaluates. From that graph come the NumPy
``oracle`` (float64: the truth; float32: the bit reference), the ``latex`` form, and every lowering of
`thalweg.engine`. Numbers that are the same for a whole row (a parameter group, a member of a cohort) are computed
once per step in float64 by ``row``; numbers that are the same for a whole tensor (a norm) come from sums over it.
"""

from thalweg.core.bounds import Bounds
from thalweg.formula.bounds import Finite, Fraction, NonNegative, Positive
from thalweg.formula.composition import compose
from thalweg.formula.expression import Expression, Number, Tensor, size
from thalweg.formula.functions import (
    absolute,
    clip,
    exp,
    log,
    maximum,
    mean,
    minimum,
    norm,
    sign,
    sqrt,
    total,
    where,
)
from thalweg.formula.option import Option, option
from thalweg.formula.program import Program
from thalweg.formula.row import Row
from thalweg.formula.rule import Rule, Update, rule
from thalweg.formula.signature import Hyper, Scalar, Start

__all__ = [
    "Bounds",
    "Expression",
    "Finite",
    "Fraction",
    "Hyper",
    "NonNegative",
    "Number",
    "Option",
    "Positive",
    "Program",
    "Row",
    "Rule",
    "Scalar",
    "Start",
    "Tensor",
    "Update",
    "absolute",
    "clip",
    "compose",
    "exp",
    "log",
    "maximum",
    "mean",
    "minimum",
    "norm",
    "option",
    "rule",
    "sign",
    "size",
    "sqrt",
    "total",
    "where",
]
