from __future__ import annotations

import dataclasses

import pytest

from thalweg.core.config import Config
from thalweg.core.events import Event, RunStarted, silent, tee


def test_tee_hands_every_event_to_each_sink_in_order() -> None:
    heard: list[tuple[str, Event]] = []
    sink = tee(lambda event: heard.append(("first", event)), silent, lambda event: heard.append(("last", event)))
    events = [Event(run_id="a"), RunStarted(run_id="b", problem="toy", config=Config(), total_epochs=3)]
    for event in events:
        sink(event)
    assert heard == [(who, event) for event in events for who in ("first", "last")]


def test_tee_of_none_is_silent() -> None:
    tee()(Event(run_id="a"))


def test_what_one_sink_raises_reaches_the_loop() -> None:
    heard: list[Event] = []

    def broken(event: Event) -> None:
        raise OSError(event.run_id)

    with pytest.raises(OSError, match="a"):
        tee(heard.append, broken, heard.append)(Event(run_id="a"))
    assert len(heard) == 1


def test_events_are_frozen() -> None:
    event = RunStarted(run_id="b", problem="toy", config=Config(), total_epochs=3)
    assert event.resumed_at == 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.run_id = "c"  # type: ignore[misc]
