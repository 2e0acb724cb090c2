"""The list of images agrees with what the charts were last seen to render."""

import json

import pytest

from gtc_spec import names
from gtc_spec.cloud.pulled_images import PULLED
from gtc_spec.versions import CHARTS, DYNAMO_CRDS, DYNAMO_PLATFORM, Chart
from tests.charts.walk import mappings, split, unfit
from tests.synthesised import IMAGE, ROOT, Synthesised

RECORDED = json.loads((ROOT / "tests" / "data" / "charts" / "images.json").read_text())
NEAREST = {DYNAMO_CRDS.name: "0.8.0", DYNAMO_PLATFORM.name: "0.8.0"}
"""Charts that could be had in a neighbouring version only: their archives are at NVIDIA alone."""
each_chart = pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)


@each_chart
def test_the_record_is_of_the_version_that_is_installed(chart: Chart) -> None:
    assert RECORDED["charts"][chart.name] == NEAREST.get(chart.name, chart.version)


@each_chart
def test_every_image_that_was_rendered_is_in_the_list_and_no_other(chart: Chart) -> None:
    listed = {e.reference for e in PULLED if e.release == chart.name and not e.by_operator}
    seen = set(RECORDED["images"][chart.name])

    if chart.name in NEAREST:
        # the operator's tag is the version of its chart
        listed, seen = ({split(image)[0] for image in images} for images in (listed, seen))
    assert listed == seen


def test_no_image_floats_or_comes_from_a_dead_registry() -> None:
    assert [said for each in PULLED if (said := unfit(each.reference))] == []


def test_names_are_written_as_a_runtime_reads_them() -> None:
    references = [each.reference for each in PULLED]
    asked = [(each.reference, each.release) for each in PULLED]

    assert [":".join(split(each)) for each in references] == references
    assert len(set(asked)) == len(asked)


def test_what_our_own_manifests_pull_is_in_the_list(stack: Synthesised) -> None:
    ours = {
        each["image"]
        for _, each in mappings(stack.manifests())
        if isinstance(each.get("image"), str)
    }
    listed = {each.reference for each in PULLED if each.release == names.DEMO}

    assert ours - {IMAGE} <= listed
    assert IMAGE in ours
