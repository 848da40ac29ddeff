"""Curvature: what the second derivative of a loss says, without the matrix.

``products`` multiplies the Hessian by a direction, at the cost of about two gradients; everything else is made
of such products. ``along`` looks along a step that is about to be taken: whether the loss falls there, and whether
the step is too long for its curvature.
"""

from thalweg.curvature.along import Along, along
from thalweg.curvature.products import hessian_vector

__all__ = ["Along", "along", "hessian_vector"]
