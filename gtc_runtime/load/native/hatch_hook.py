"""Builds the native core while the package is built or installed; without it the package is whole.

Hatchling loads this file by its path, before anything of the package can be imported.
"""

from __future__ import annotations

import runpy
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class NativeCoreHook(BuildHookInterface[Any]):
    """A wheel with the core is of this platform and Python's stable interface, else of any."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build it beside its sources; an editable installation finds it there."""
        building = runpy.run_path(str(Path(__file__).with_name("build.py")))
        try:
            library: Path = building["build"]()
        except building["NotBuiltError"] as error:
            self.app.display_warning(f"without the native core of the load engine: {error}")
            return
        if version != "editable":
            build_data["artifacts"].append(str(library.relative_to(self.root)))
            build_data["pure_python"] = False
            build_data["tag"] = f"cp311-abi3-{_platform()}"


def _platform() -> str:
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")
