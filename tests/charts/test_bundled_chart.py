"""The bundled chart, rendered by real helm, sends exactly the manifests that were meant."""

from typing import Any

from gtc_constructs.manifest_release import CHART
from tests.charts.helm import Json, template, unescaped
from tests.synthesised import Synthesised


def by_name(manifests: list[Json]) -> dict[tuple[str, ...], Any]:
    """The manifests by what Kubernetes tells them apart by."""
    return {
        (
            each["apiVersion"],
            each["kind"],
            each["metadata"].get("namespace", ""),
            each["metadata"]["name"],
        ): each
        for each in manifests
    }


def bundled(stack: Synthesised) -> list[Json]:
    releases = stack.resources("helm_release")
    return [each for each in releases if each["chart"].startswith("assets/manifests-chart/")]


def test_every_object_comes_out_as_it_went_in(stack: Synthesised) -> None:
    for release in bundled(stack):
        [values] = release["values"]
        meant = by_name(unescaped(values["manifests"]))

        sent = template(CHART, release)

        assert len(sent) == len(values["manifests"]), release["name"]
        assert by_name(sent) == meant, release["name"]


def test_there_is_a_release_for_everything_that_is_ours(stack: Synthesised) -> None:
    kinds = {
        manifest["kind"]
        for release in bundled(stack)
        for values in release["values"]
        for manifest in values["manifests"]
    }

    assert {"Deployment", "DynamoGraphDeployment", "Lease", "NetworkPolicy", "PodMonitor"} < kinds


def test_text_that_looks_like_a_template_is_left_alone() -> None:
    text = {"a": "{{ .Values.x }}", "b": "${HOME} %{x}", "c": "5000", "d": "no", "e": "1e3"}
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "odd"},
        "data": text,
    }

    [sent] = template(
        CHART, {"name": "odd", "namespace": "default", "values": [{"manifests": [manifest]}]}
    )

    assert sent == manifest
