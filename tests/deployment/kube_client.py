"""A few requests to Kubernetes for the stand-in Terraform.

The kinds come from a file: importing the API that knows them takes a second, and these programs
start often.
"""

import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.deployment.http import Failed, ask, ask_if_there

KINDS = "kinds.json"
"""Kind to API version, plural and whether it lives in a namespace; beside the programs."""


@dataclass(frozen=True)
class Client:
    """One API server."""

    server: str
    token: str

    @cached_property
    def kinds(self) -> dict[str, tuple[str, str, bool]]:
        """Every kind that the API knows."""
        return dict(json.loads((Path(os.environ["GTC_TEST_TOOLS"]) / KINDS).read_text()))

    def url(self, kind: str, namespace: str, name: str = "") -> str:
        """Of a kind, or of one object."""
        version, plural, namespaced = self.kinds[kind]
        root = f"apis/{version}" if "/" in version else f"api/{version}"
        place = f"/namespaces/{namespace}" if namespaced else ""
        return f"{self.server}/{root}{place}/{plural}" + (f"/{name}" if name else "")

    def get(self, kind: str, namespace: str, name: str) -> Any:
        """One object; None without it."""
        return ask_if_there(self.url(kind, namespace, name), self.token)

    def list(self, kind: str, namespace: str, labels: str) -> list[Any]:
        """Objects by their labels."""
        url = f"{self.url(kind, namespace)}?labelSelector={labels}"
        return list(ask("GET", url, token=self.token)["items"])

    def create(self, kind: str, manifest: dict[str, Any]) -> None:
        """Make an object; fails when it exists."""
        body = {"apiVersion": self.kinds[kind][0], "kind": kind, **manifest}
        namespace = manifest["metadata"].get("namespace", "default")
        ask("POST", self.url(kind, namespace), body, self.token)

    def patch(self, kind: str, namespace: str, name: str, patch: dict[str, Any]) -> None:
        """Merge into an object."""
        url = self.url(kind, namespace, name)
        ask("PATCH", url, patch, self.token, "merge-patch+json")

    def delete(self, kind: str, namespace: str, name: str) -> None:
        """Delete an object; nothing when it is gone."""
        try:
            ask("DELETE", self.url(kind, namespace, name), token=self.token)
        except Failed as error:
            if error.status != 404:
                raise
