"""What a recording is made of: lines of JSON, and views as what has changed of them.

The first line is the header. Every other one has ``t``, seconds since the start, and one of
``view`` (all of it, so that seeking is cheap), ``change`` (what is different from the line before),
``event`` or ``end``. Answers are left out. It must not know files.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from pydantic import TypeAdapter

from gtc_runtime.view import EVENTS_SHOWN, DemoView, EventView
from gtc_spec.environment import Environment

VERSION: Final = 1
"""Of the format; a reader takes this one only."""
SUFFIX: Final = ".jsonl.gz"

JSON = dict[str, Any]

_VIEW: Final = TypeAdapter(DemoView)
_EVENT: Final = TypeAdapter(EventView)
_LEFT_OUT: Final[JSON] = {
    "events": True,
    "recorded": True,
    "previous": True,
    "process": True,
    "load": {"answer": True},
}
"""Events have lines of their own; what can be started again cannot in a replay; the process that
plays it is another one; texts of answers belong to nobody's file."""
_INSTEAD: Final = "="
_SLID: Final = "~"


@dataclass(frozen=True)
class Header:
    """The first line.

    Attributes:
        environment: Its name.
        digest: Of its facts.
        facts: The environment as JSON, so that a replay needs nothing else.
        cluster: What the cluster called itself.
        started: ISO 8601 with zone.
        gtc: Version of the recorder.
        recording: Version of the format.
    """

    environment: str
    digest: str
    facts: JSON
    cluster: str
    started: str
    gtc: str
    recording: int = VERSION


def facts(environment: Environment) -> JSON:
    """An environment as JSON; `Environment.model_validate` makes it again."""
    return environment.model_dump(mode="json")


def line(content: JSON) -> bytes:
    """One line of a file."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def plain(view: DemoView) -> JSON:
    """A view as it is recorded."""
    found: JSON = _VIEW.dump_python(view, mode="json", exclude=_LEFT_OUT)
    return found


def plain_event(event: EventView) -> JSON:
    """An event as it is recorded."""
    found: JSON = _EVENT.dump_python(event, mode="json")
    return found


def event(content: JSON) -> EventView:
    """The event that `plain_event` wrote."""
    return _EVENT.validate_python(content)


def view(content: JSON, events: list[EventView], recorded: str) -> DemoView:
    """The view that `plain` wrote, marked as recorded.

    Args:
        content: What `plain` gave.
        events: Those up to its time, oldest first.
        recorded: When the recording was begun.

    Raises:
        ValueError: It is no view of this version.
    """
    newest = [plain_event(each) for each in events[-EVENTS_SHOWN:]]
    return _VIEW.validate_python({**content, "events": newest, "recorded": recorded})


def change(old: Any, new: Any) -> Any:
    """What makes ``new`` of ``old``, for `changed`; an empty dict when nothing does."""
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        found = {key: change(old[key], new[key]) for key in new if old[key] != new[key]}
        return {key: each for key, each in found.items() if each != {}}
    if isinstance(old, list) and isinstance(new, list) and old and new and new[0] in old:
        slid = old.index(new[0])
        kept = len(old) - slid
        if old[slid:] == new[:kept]:
            return {_SLID: [slid, new[kept:]]}
    return {_INSTEAD: new} if isinstance(new, dict) else new


def changed(old: Any, made: Any) -> Any:
    """``old`` with a `change` applied; ``old`` itself stays as it is."""
    if not isinstance(made, dict):
        return made
    if made.keys() == {_INSTEAD}:
        return made[_INSTEAD]
    if made.keys() == {_SLID}:
        slid, added = made[_SLID]
        return [*old[slid:], *added]
    return {**old, **{key: changed(old.get(key), each) for key, each in made.items()}}
