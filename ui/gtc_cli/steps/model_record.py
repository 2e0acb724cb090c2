"""Keeps what the download job says about the share where the preflight can read it."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import ValidationError

from gtc_runtime.cluster.api.errors import Conflict
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.models.manifest import TOLD, Manifest
from gtc_spec.environment import Environment
from gtc_spec.kinds import CONFIG_MAP
from gtc_spec.manifests.model_record import MODEL_RECORD, model_record


class Listener:
    """Hears the log of a job: passes it on, and keeps the line that is for programs.

    Args:
        log: Gets every other line.
    """

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._found: Manifest | None = None

    def hear(self, line: str) -> None:
        """Take one line."""
        if not line.startswith(TOLD):
            self._log(line)
            return
        try:
            self._found = Manifest.model_validate_json(line.removeprefix(TOLD))
        except ValidationError:
            self._log("the job's last line is no manifest; is its image another version?")

    async def write_down(self, kube: Kube, env: Environment) -> None:
        """Write the manifest down in the cluster; nothing when the job told none.

        Raises:
            KubeError: Kubernetes does not answer or refuses.
        """
        if self._found is None:
            return
        record = model_record(env, self._found.to_json().decode(), self._found.marker.decode())
        try:
            await kube.create(CONFIG_MAP, record)
        except Conflict:
            patch = {key: record[key] for key in ("metadata", "data")}
            await kube.patch(CONFIG_MAP, MODEL_RECORD, patch)
