"""What tests of a watch share: loops that are closed afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.watch.loops import Loop


@pytest.fixture
def loop() -> Iterator[Callable[..., Loop]]:
    made: list[Loop] = []

    def make(*given: Any, **known: Any) -> Loop:
        made.append(Loop(*given, **known))
        return made[-1]

    yield make
    for one in made:
        one.monitor.close()
