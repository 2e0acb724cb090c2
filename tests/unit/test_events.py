"""The log of what happened, and who caused it."""

import asyncio
import logging

import pytest

from gtc_runtime.actor import Actor
from gtc_runtime.events import EventLog, caused_by

SOMEBODY, ANOTHER = Actor("page", "10.0.0.7"), Actor("gtc", "127.0.0.1")


def test_what_a_command_causes_carries_its_giver_and_the_rest_nobody() -> None:
    events = EventLog()

    events.add("keda", "KEDA resumed")
    with caused_by(SOMEBODY):
        events.add("load", "load stopped")
    events.add("phase", "BALANCED")

    assert [event.actor for event in events.newest()] == ["", "page 10.0.0.7", ""]


def test_a_log_line_names_the_giver(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), caused_by(SOMEBODY):
        EventLog().add("load", "load stopped")

    assert caplog.messages == ["load: load stopped (by page 10.0.0.7)"]


def test_a_repeat_is_dropped_only_when_the_same_one_caused_it() -> None:
    events = EventLog()

    for actor in (SOMEBODY, SOMEBODY, ANOTHER):
        with caused_by(actor):
            events.add("load", "load stopped")

    assert [event.actor for event in events.newest()] == [str(SOMEBODY), str(ANOTHER)]


async def test_two_commands_at_the_same_time_keep_their_givers_apart() -> None:
    events = EventLog()

    async def act(actor: Actor, text: str) -> None:
        with caused_by(actor):
            await asyncio.sleep(0)
            events.add("load", text)

    await asyncio.gather(act(SOMEBODY, "load started"), act(ANOTHER, "load stopped"))

    assert {event.text: event.actor for event in events.newest()} == {
        "load started": str(SOMEBODY),
        "load stopped": str(ANOTHER),
    }
