"""The compilers of the formula language, and the one way to step.

``launch`` takes tables (``table``) of tensors and rows of scalars and runs one update of a whole model;
optimizers and cohorts alike go through it. A table keeps its tensors as segments (``segment``): pointers that a
kernel walks over. Lowerings are ``cpu`` (text for LLVM from ``llvm``, in its ``frame``; threads of ``team``, or
else of ``pool``), ``gpu`` (text for Triton from ``gpu_source``, with ``gpu_blocks`` for what all kernels share
and ``gpu_rows`` for scalars that live on the device) and ``eager`` (torch operations from ``operations``,
everywhere); ``choose`` says which serves. The engine knows no optimizer.
"""

from thalweg.engine.launch import launch
from thalweg.engine.segment import Entry
from thalweg.engine.table import Table

__all__ = ["Entry", "Table", "launch"]
