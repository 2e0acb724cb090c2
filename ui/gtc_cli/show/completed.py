"""A view as a panel of any age sends it, made whole: what an older one leaves out is not known.

Every verb that draws a view takes it through here, so that no line asks whether a field is there.
It must not know how anything is drawn.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, asdict, fields, is_dataclass
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from gtc_runtime.load.records import STAT_KEYS
from gtc_runtime.view import DemoView, WorkloadView

JSON = dict[str, Any]


def completed(view: JSON) -> JSON:
    """The same view with the defaults of `DemoView` for what it lacks, at any depth."""
    found: JSON = _filled(DemoView, view)
    found["workloads"] = dict.fromkeys(STAT_KEYS, asdict(WorkloadView())) | found["workloads"]
    return found


def _filled(kind: Any, sent: Any) -> Any:
    """What was sent for a value of this type, with defaults where a dataclass lacks a field."""
    if is_dataclass(kind) and isinstance(sent, dict):
        hints = get_type_hints(kind)
        defaults = {each.name: _default(each) for each in fields(kind) if each.name not in sent}
        known = {name: _filled(hints.get(name), value) for name, value in sent.items()}
        return known | {name: value for name, value in defaults.items() if value is not MISSING}
    parts = [each for each in get_args(kind) if each not in (NoneType, Ellipsis)]
    if isinstance(sent, dict) and get_origin(kind) is dict:
        return {name: _filled(parts[1], value) for name, value in sent.items()}
    if isinstance(sent, list | tuple) and parts:
        return [_filled(parts[0], value) for value in sent]
    return _filled(parts[0], sent) if len(parts) == 1 and isinstance(sent, dict) else sent


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        made = field.default_factory()
        return asdict(made) if is_dataclass(made) and not isinstance(made, type) else made
    return field.default
