"""What the load process gets, by the settings of this process; and who writes follow-ups.

A follow-up server that was named wins; else Serverless Inference when there is a key; else the
bundled list.
"""

from __future__ import annotations

import os
from pathlib import Path

from gtc_runtime.events import EventLog
from gtc_runtime.load.figures.snapshot import Snapshot
from gtc_runtime.load.settings import LoadSettings, settings_from
from gtc_runtime.settings import Settings
from gtc_spec import serving
from gtc_spec.environment import Environment
from gtc_spec.manifests.secret_names import GRADIENT

LEDGER = "followups-spent.json"
"""File in the state directory with what Serverless Inference has cost today."""
[KEY_ENV] = GRADIENT.keys


def load_settings(
    environment: Environment, settings: Settings, corpus: Path | None
) -> LoadSettings:
    """The settings of the load process.

    A key from a file is put into this process's environment: the load process inherits it, and it
    is in no argument and on no pipe.

    Args:
        environment: What is asked, and how often at most.
        settings: Where things answer.
        corpus: Directory with a complete corpus; None for the bundled texts.

    Raises:
        UsageError: A server has no proper address.
    """
    load = settings_from(
        environment,
        settings.frontend_url,
        followups_url=settings.followups_url or None,
        corpus=corpus,
        shards=settings.load_shards,
        request_log=settings.request_log,
    )
    load = load.model_copy(update={"followups_model": settings.followups_model, "singles": True})
    key = settings.gradient_api_key.get_secret_value()
    if load.followups_url is not None or not key:
        return load
    os.environ[KEY_ENV] = key
    return load.model_copy(
        update={
            "followups_url": serving.INFERENCE_URL,
            "followups_key_env": KEY_ENV,
            "followups_ledger": settings.state_dir.absolute() / LEDGER,
        }
    )


class FollowUpEvents:
    """Writes an event when the bundled list begins or ends to stand in, or another model writes."""

    def __init__(self, events: EventLog) -> None:
        self._events = events
        self._notice = self._model = ""

    def __call__(self, snapshot: Snapshot) -> None:
        """Compare a snapshot with the one before."""
        notice, model = snapshot.gauges.followups_notice, snapshot.gauges.followups_model
        if model and model != self._model:
            self._model = model
            self._events.add("info", f"follow-up questions are written by {model}")
        if notice == self._notice:
            return
        self._notice = notice
        if notice:
            self._events.add("warning", notice)
        else:
            self._events.add("info", "follow-up questions are written by the small model again")
