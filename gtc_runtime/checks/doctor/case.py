"""What the doctor looks at: one deployment that somebody is about to make, and where to ask.

It holds values and clients and must not judge anything. Secrets are never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx

from gtc_runtime.checks.doctor.cloud import Cloud
from gtc_runtime.verdict import RestsOn
from gtc_spec import serving
from gtc_spec.environment import Environment

HUB: Final = "https://huggingface.co"
REGISTRY_HOST: Final = "registry.digitalocean.com"


@dataclass(frozen=True)
class Places:
    """Where the services answer; empty ones are the public addresses.

    Attributes:
        hub: HF_ENDPOINT.
        inference: Base address of the server that writes follow-up questions.
        spaces: Base address of the object store.
        bucket: Name of the bucket with models and corpus.
    """

    spaces: str
    bucket: str
    hub: str = HUB
    inference: str = serving.INFERENCE_URL


@dataclass(frozen=True)
class Case:
    """Everything that a check may look at.

    Attributes:
        env: What is to be deployed.
        places: Where to ask.
        secrets: Values of the variables that are set and well written.
        problems: What is wrong with the others, by name.
        registry: Where our image goes, host/path.
        followups_model: Model of the follow-up questions; empty for the first known one offered.
        own_inference: Whether that server is one's own, where any model will do.
        do_context: Context of doctl.
        folder: Root of the checkout, or where this runs.
        listed_here: Whether the state of this checkout lists the infra stack.
        child_env: Environment of the tools that are asked; no secrets.
        now: This machine's wall clock.
    """

    env: Environment
    places: Places
    cloud: Cloud
    session: httpx.AsyncClient
    secrets: Mapping[str, str] = field(repr=False)
    problems: Mapping[str, str]
    registry: str
    followups_model: str
    own_inference: bool
    do_context: str
    folder: Path
    listed_here: bool
    child_env: Mapping[str, str] = field(repr=False)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def secret(self, name: str) -> str:
        """The value of a variable.

        Raises:
            RestsOn: It is missing or badly written.
        """
        if name not in self.secrets:
            raise RestsOn("variables", self.problems.get(name, f"{name} is not set"))
        return self.secrets[name]
