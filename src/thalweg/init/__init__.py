"""Initial weights, drawn from a generator that is named.

``he`` keeps the second moment of a ReLU network's signal the same from layer to layer.
"""

from thalweg.init.he import he_

__all__ = ["he_"]
