"""Settings of the panel's process that a deployment chooses; no fact of the environment.

They are `GTC_*` settings like on a laptop, so that one line in ``.env`` means the same in both
places, as far as a pod can follow: it sees no folder of the laptop and may write to one only. They
change no digest, because nothing but the panel's own pod depends on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Final

from gtc_spec.errors import UsageError
from gtc_spec.manifests.pod_security import WRITABLE

SHARDS_MAX: Final = 3
"""More load processes do not fit beside the panel on one 2-CPU node."""
LEVELS: Final = ("debug", "info", "warning", "error")
"""How loud a process may be told to be."""
SHARDS: Final = "GTC_LOAD_SHARDS"
LOG_LEVEL: Final = "GTC_LOG_LEVEL"
REQUEST_LOG: Final = "GTC_REQUEST_LOG"
CORPUS: Final = "GTC_CORPUS"


def in_pod(variables: Mapping[str, str]) -> dict[str, str]:
    """What these choices come to in the panel's pod.

    Args:
        variables: Such as ``os.environ``; others than `CHOICES` and empty ones are left out.

    Raises:
        UsageError: A pod cannot follow one of them.
    """
    given = {name: variables[name] for name in CHOICES if variables.get(name)}
    return {name: CHOICES[name][1](value) for name, value in given.items()}


def shards_of(variables: Mapping[str, str]) -> int:
    """Load processes that these variables choose; 1 when they choose none.

    Raises:
        UsageError: The pod has no room for that many.
    """
    return int(in_pod(variables).get(SHARDS, 1))


def _model(value: str) -> str:
    if not value.isprintable() or " " in value:
        raise UsageError(f"GTC_FOLLOWUPS_MODEL is {value!r}, allowed: the id of a model")
    return value


def _shards(value: str) -> str:
    if value not in map(str, range(1, SHARDS_MAX + 1)):
        raise UsageError(
            f"{value} load processes, allowed: 1 to {SHARDS_MAX} beside the panel on one 2-cpu node"
        )
    return value


def _corpus(value: str) -> str:
    if not value.startswith("s3://"):
        raise UsageError(
            f"{CORPUS} is {value!r}, a folder that no pod sees, allowed: s3://bucket/prefix",
            "gtc corpus push puts it into the bucket, where the panel looks without GTC_CORPUS",
        )
    return value


def _request_log(value: str) -> str:
    folder = PurePosixPath(WRITABLE) / value
    if ".." in folder.parts or not folder.is_relative_to(WRITABLE):
        raise UsageError(
            f"{REQUEST_LOG} is {value!r}, which no pod may write, allowed: a folder like requests, "
            f"which becomes {WRITABLE}/requests there"
        )
    return str(folder)


def _level(value: str) -> str:
    if value not in LEVELS:
        raise UsageError(f"unknown log level {value!r}, allowed: {', '.join(LEVELS)}")
    return value


CHOICES: Final[Mapping[str, tuple[str, Callable[[str], str]]]] = {
    "GTC_FOLLOWUPS_MODEL": (
        "model that writes follow-up questions; empty: the first known one that the key is offered",
        _model,
    ),
    SHARDS: ("load processes; one follows about 1,000 open streams, a pod has room for 3", _shards),
    CORPUS: (
        "texts of the load: a directory or s3://bucket/prefix; empty: bundled here, the bucket's on"
        " a cluster",
        _corpus,
    ),
    REQUEST_LOG: (
        "folder for the log of finished requests, in the pod below /tmp; empty: none is kept",
        _request_log,
    ),
    LOG_LEVEL: (f"{', '.join(LEVELS[:-1])} or {LEVELS[-1]}", _level),
}
"""Variable: what it chooses, and what it comes to in a pod."""
