"""Points: the watched updates that are kept; of a long run as many as a page can show, evenly spread."""

from __future__ import annotations

from thalweg.watch.watched import Point

MOST = 512
"""Points kept, and up to as many again on the way."""


class Points:
    """A list that forgets every second point whenever it has become too long.

    Example:
        >>> points = Points(most=2)
        >>> for step in range(9): points.add(Point(step=step, numbers={}))
        >>> [point.step for point in points.kept]
        [0, 4, 8]
    """

    def __init__(self, most: int = MOST) -> None:
        self._most, self._stride, self._added = most, 1, 0
        self._points: list[Point] = []
        self._last: Point | None = None

    def add(self, point: Point) -> None:
        """Take a point in."""
        self._last = point
        if self._added % self._stride == 0:
            self._points.append(point)
        self._added += 1
        if len(self._points) > 2 * self._most:
            self._points, self._stride = self._points[::2], 2 * self._stride

    def __len__(self) -> int:
        """Points added."""
        return self._added

    @property
    def kept(self) -> tuple[Point, ...]:
        """What is kept, the latest among it."""
        ends = self._points[-1:] == [self._last] or self._last is None
        return tuple(self._points) if ends else (*self._points, self._last)  # pyright: ignore[reportReturnType]
