"""Curvature: what the loss surface is like around a point, by products with its Hessian. Never a matrix of it."""
