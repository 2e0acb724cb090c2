"""Pins are exact and agree with what is installed."""

import re
import tomllib
from pathlib import Path

from gtc_spec import kinds, versions
from gtc_spec.kinds import Kind
from tests.architecture.repository import name_of, product_code

PYPROJECT = tomllib.loads((Path(__file__).resolve().parents[3] / "pyproject.toml").read_text())


def test_rehearsal_runs_the_release_that_the_catalogue_describes() -> None:
    wanted = PYPROJECT["project"]["optional-dependencies"]["rehearsal"]
    assert any(line.startswith(f"ai-dynamo=={versions.DYNAMO_REHEARSAL};") for line in wanted)


def test_every_chart_is_pinned_to_one_version_and_one_source() -> None:
    for chart in versions.CHARTS:
        assert re.fullmatch(r"\d+\.\d+\.\d+", chart.version), chart.name
        assert bool(chart.url) != bool(chart.repository), chart.name
        if chart.url:
            assert chart.url.endswith(f"/{chart.name}-{chart.version}.tgz")


def test_no_image_floats() -> None:
    for image in (versions.FRONTEND_IMAGE, versions.WORKER_IMAGE):
        assert re.fullmatch(r"nvcr\.io/nvidia/ai-dynamo/[a-z-]+:0\.8\.1(\.post\d)?", image)


def test_api_groups_are_written_down_with_their_kinds_alone() -> None:
    groups = {kind.group for kind in vars(kinds).values() if isinstance(kind, Kind)}
    any_group = "|".join(re.escape(group) for group in sorted(groups) if "." in group)
    literal = re.compile(rf"""["']({any_group})(/v\w+)?["']""")

    spelled = [
        name_of(path)
        for path in product_code()
        if path.name != "kinds.py" and literal.search(path.read_text(encoding="utf-8"))
    ]

    assert spelled == []
