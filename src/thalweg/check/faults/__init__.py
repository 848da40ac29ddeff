"""Faults: the vocabulary of findings, with a page for every word.

`fault` says what a page has, ``sources`` is cited by all. A family of faults is a file: ``optimizer``, ``step``,
``loss``, ``data``, ``inputs``, ``signal``, ``capacity``. `faults` holds them all by name, `families` by heading.
"""

from __future__ import annotations

from thalweg.check.faults import capacity, data, inputs, loss, optimizer, signal, step
from thalweg.check.faults.fault import Example, Fault
from thalweg.core.registry import Registry

__all__ = ["Example", "Fault", "families", "faults"]

families: dict[str, tuple[Fault, ...]] = {
    "Optimizer": optimizer.FAULTS,
    "Training step": step.FAULTS,
    "Loss and outputs": loss.FAULTS,
    "Data": data.FAULTS,
    "Inputs": inputs.FAULTS,
    "Signal in the net": signal.FAULTS,
    "Capacity and regularization": capacity.FAULTS,
}
"""The faults of a family, under its heading."""

faults: Registry[Fault] = Registry("fault")
"""All faults by name, family after family."""

for _family in families.values():
    for _fault in _family:
        faults.add(_fault.name, _fault)
