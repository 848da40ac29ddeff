"""Every random seed of a run, derived from its one seed by what the numbers are for."""

from __future__ import annotations

from hashlib import blake2b


def derive(seed: int, *purpose: str | int) -> int:
    """Return the seed for one purpose: a 63-bit hash of the run's seed and the purpose.

    The streams of different purposes ("order", "weights", "noise" ...) are independent, and none has a
    position to save: the data order of epoch 7 is a function of ``(seed, "order", 7)``, so that a resumed
    run needs no generator state.

    Args:
        seed: The run's seed, any integer.
        purpose: Words and counters that name the use.

    Returns:
        An integer in ``[0, 2**63)``.

    Example:
        >>> derive(0, "order", 1) == derive(0, "order", 1), derive(0, "order", 1) == derive(0, "order", 2)
        (True, False)
    """
    text = "/".join(map(str, (seed, *purpose)))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1
