"""Which way is down."""

from thalweg.formula import Tensor, option


@option
def maximize(p: Tensor, g: Tensor) -> Tensor:
    """Climb: the sign of the gradient is turned."""
    return -g
