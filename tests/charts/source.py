"""Where the pinned charts come from: a folder that ``GTC_CHARTS`` names, or their repositories."""

import os
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gtc_spec.versions import Chart
from tests.charts.helm import Json, helm

PULL_S = 20.0
"""A repository that is not reachable is given up after this."""
VARIABLE = "GTC_CHARTS"


class NotHere(Exception):  # noqa: N818 - an outcome, not a mistake
    """A chart can be had neither from the folder nor from its repository."""


@dataclass(frozen=True)
class Found:
    """A chart on this machine, unpacked with its subcharts."""

    folder: Path
    version: str
    pinned: str

    @property
    def exact(self) -> bool:
        """Whether it is the very version that the stacks install."""
        return self.version == self.pinned

    def values(self) -> Json:
        """Everything that the chart and its subcharts say can be set."""
        return all_values(self.folder)

    def templates(self) -> str:
        """The text of all templates."""
        files = [each for each in self.folder.rglob("templates/**/*") if each.is_file()]
        return "\n".join(file.read_text() for file in sorted(files))


def find(chart: Chart, scratch: Path) -> Found:
    """The chart, from the folder or from its repository.

    Raises:
        NotHere: It is in neither.
    """
    place = os.environ.get(VARIABLE)
    folder = _in_folder(Path(place), chart, scratch) if place else _pulled(chart, scratch)
    for packed in sorted(folder.glob("charts/*.tgz")):
        _unpack(packed, folder / "charts")
    about = yaml.safe_load((folder / "Chart.yaml").read_text())
    return Found(folder, str(about["version"]), chart.version)


def all_values(folder: Path) -> Json:
    """Values of a chart merged over those of its subcharts, as Helm does it."""
    about = yaml.safe_load((folder / "Chart.yaml").read_text())
    aliases = {each["name"]: each.get("alias") for each in about.get("dependencies", [])}
    found: Json = {}
    for inner in sorted(folder.glob("charts/*/Chart.yaml")):
        name = yaml.safe_load(inner.read_text())["name"]
        found[aliases.get(name) or name] = all_values(inner.parent)
    file = folder / "values.yaml"
    return merged(found, (yaml.safe_load(file.read_text()) if file.exists() else None) or {})


def merged(under: Any, over: Any) -> Any:
    if not (isinstance(under, dict) and isinstance(over, dict)):
        return over
    both = {key: merged(under[key], over[key]) for key in under.keys() & over.keys()}
    return {**under, **over, **both}


def _in_folder(place: Path, chart: Chart, scratch: Path) -> Path:
    packed = place / f"{chart.name}-{chart.version}.tgz"
    if packed.is_file():
        return _unpack(packed, scratch)
    for folder in (place / f"{chart.name}-{chart.version}", place / chart.name):
        if (folder / "Chart.yaml").is_file():
            return folder
    raise NotHere(f"{chart.name} {chart.version} is not in {VARIABLE}={place}")


def _pulled(chart: Chart, scratch: Path) -> Path:
    where = [chart.url] if chart.url else [chart.name, "--repo", chart.repository]
    version = [] if chart.url else ["--version", chart.version]
    try:
        helm("pull", *where, *version, "--destination", str(scratch), deadline_s=PULL_S)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        reason = str(error).splitlines()[-1] if str(error) else type(error).__name__
        said = f"{chart.name} {chart.version}: no {VARIABLE}, and helm pull says: {reason}"
        raise NotHere(said) from None
    [packed] = scratch.glob(f"{chart.name}-*.tgz")
    return _unpack(packed, scratch)


def _unpack(packed: Path, into: Path) -> Path:
    with tarfile.open(packed) as archive:
        name = archive.getnames()[0].split("/")[0]
        archive.extractall(into, filter="data")
    return into / name
