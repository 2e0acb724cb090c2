"""Dashboards as ConfigMaps, where Grafana's sidecar looks for them.

It must not know what a board shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from gtc_constructs._bindings import (
    ConfigMapV1,
    ConfigMapV1Metadata,
    Construct,
    TerraformResource,
)
from gtc_constructs.base import GtcConstruct, Ordered
from gtc_constructs.hcl import literal

SIZE_MAX: Final = 1_000_000
"""Bytes of one board; a ConfigMap holds 1 MiB in all."""


class Dashboards(GtcConstruct):
    """Grafana boards from JSON files.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        namespace: Where the ConfigMaps are created; it must exist.
        sources: Name of a ConfigMap to the JSON file of its board.
        folder: Folder in Grafana.
        after: What must be there first. Default: nothing.

    Raises:
        UsageError: A file is no board: missing, no JSON, without uid or title, or too large.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        namespace: str,
        sources: Mapping[str, Path],
        folder: str,
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        super().__init__(scope, id, after=after)
        for name, source in sources.items():
            self.require_name("dashboard", name)
            ConfigMapV1(
                self,
                name,
                metadata=ConfigMapV1Metadata(
                    name=name,
                    namespace=namespace,
                    labels={"grafana_dashboard": "1"},
                    annotations={"grafana_folder": folder},
                ),
                # boards are full of ${variables} that are Grafana's, not Terraform's
                data={f"{name}.json": literal(self._board(source))},
                depends_on=self.depends_on,
            )

    def _board(self, source: Path) -> str:
        try:
            text = source.read_text(encoding="utf-8")
            board = json.loads(text)
        except OSError as error:
            raise self.refused(f"cannot read the dashboard {source}: {error.strerror}") from None
        except ValueError as error:
            raise self.refused(f"dashboard {source} is not json: {str(error).lower()}") from None
        if not isinstance(board, dict) or not (board.get("uid") and board.get("title")):
            raise self.refused(f"dashboard {source} has no uid or no title, allowed: both")
        if len(text.encode()) > SIZE_MAX:
            raise self.refused(f"dashboard {source} has {len(text)} bytes, allowed: {SIZE_MAX}")
        return text
