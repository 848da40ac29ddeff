"""The compilers of the formula language, and the one way to step.

``launch`` takes tables of tensors and rows of scalars and runs one update of a whole model; optimizers and
cohorts alike go through it. ``eager`` lowers a program to torch operations. The engine knows no optimizer.
"""

from thalweg.engine.launch import Entry, Table, gradient_norms, launch

__all__ = ["Entry", "Table", "gradient_norms", "launch"]
