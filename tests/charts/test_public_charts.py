"""Every pinned chart of others, rendered with exactly the values of the stacks.

They are taken from the folder ``GTC_CHARTS`` or pulled; what is not there is skipped with the
reason. See docs/images.md.
"""

import json
import os
import re
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from gtc_spec import versions
from gtc_spec.cloud.chart_values import FIRST_KEYS
from gtc_spec.cloud.pulled_images import PULLED
from gtc_spec.environment import ENVIRONMENTS, load
from gtc_spec.manifests.placement import on_management_pool
from gtc_spec.versions import CHARTS, Chart
from tests.charts import rendered
from tests.charts.helm import Json, template, unescaped
from tests.charts.source import Found, NotHere, find, merged
from tests.charts.walk import unfit
from tests.synthesised import ROOT, stack_of_demo
from tests.unit.constructs import test_management_pool as pool

pytestmark = [pytest.mark.charts, pytest.mark.timeout(240)]

RECORDED = ROOT / "tests" / "data" / "charts" / "images.json"
READ_BY_TEMPLATES = {
    versions.KUBE_PROMETHEUS_STACK.name: {
        "grafana.adminPassword",
        "grafana.grafana.ini",
        "grafana.persistence.storageClassName",
        "grafana.sidecar.datasources.defaultDatasourceScrapeInterval",
        "kubelet.serviceMonitor.scrapeTimeout",
    }
}
"""Values that templates read though values.yaml does not list them, or not all below them."""

Finder = Callable[[Chart], Found]


@pytest.fixture(scope="session")
def found(tmp_path_factory: pytest.TempPathFactory) -> Finder:
    """Looks for each chart once; a test that needs one which is not here is skipped."""

    @cache
    def look(chart: Chart) -> Found | NotHere:
        try:
            here = find(chart, tmp_path_factory.mktemp(chart.name))
        except NotHere as reason:
            return reason
        if not here.exact:
            warnings.warn(f"{chart.name} is {here.version}, pinned {here.pinned}", stacklevel=3)
        return here

    def found_or_skipped(chart: Chart) -> Found:
        here = look(chart)
        return pytest.skip(str(here)) if isinstance(here, NotHere) else here

    return found_or_skipped


@cache
def objects_of(env: str, name: str, folder: Path) -> list[Json]:
    return template(folder, release_of(env, name))


def release_of(env: str, name: str) -> Json:
    return stack_of_demo(f"cluster-{env}").release(name)


def installed(env: str) -> list[str]:
    releases = stack_of_demo(f"cluster-{env}").resources("helm_release")
    return [each["name"] for each in releases if not each["chart"].startswith("assets/")]


PAIRS = [
    pytest.param(env, chart, id=f"{chart.name}-{env}")
    for env in ENVIRONMENTS
    for chart in CHARTS
    if chart.name in installed(env)
]
each_release = pytest.mark.parametrize(("env", "chart"), PAIRS)


@each_release
def test_the_api_server_takes_every_object(env: str, chart: Chart, found: Finder) -> None:
    objects = objects_of(env, chart.name, found(chart).folder)
    beside = [each for each in CHARTS if each.name in installed(env)]
    crds = [
        each
        for chart in beside
        for each in objects_of(env, chart.name, found(chart).folder)
        if each["kind"] == "CustomResourceDefinition"
    ]

    assert objects
    assert rendered.problems(objects, crds) == []


@each_release
def test_the_chart_knows_every_value(env: str, chart: Chart, found: Finder) -> None:
    here, given = found(chart), {}
    for values in release_of(env, chart.name).get("values", []):
        given = merged(given, unescaped(values))

    excused = READ_BY_TEMPLATES.get(chart.name, set())
    odd = rendered.unknown(given, here.values())

    assert [path for path in odd if not any(path.startswith(each) for each in excused)] == []
    assert [path for path in excused if path.rpartition(".")[2] not in here.templates()] == []


@each_release
def test_every_image_is_in_the_list_and_can_be_relied_on(
    env: str, chart: Chart, found: Finder
) -> None:
    here = found(chart)
    named = rendered.images(objects_of(env, chart.name, here.folder))
    listed = {each.reference for each in PULLED if each.release == chart.name}
    unseen = {each.reference for each in PULLED if each.by_operator}

    assert [said for image in named if (said := unfit(image))] == []
    if here.exact:
        assert listed - unseen == named
    else:
        assert homes(listed - unseen) == homes(named)


@each_release
def test_no_monitor_is_dropped(env: str, chart: Chart, found: Finder) -> None:
    objects = objects_of(env, chart.name, found(chart).folder)
    [values] = release_of(env, versions.KUBE_PROMETHEUS_STACK.name)["values"]
    interval = values["prometheus"]["prometheusSpec"]["scrapeInterval"]

    assert rendered.dropped_monitors(objects, interval) == []


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_the_charts_ask_for_what_the_management_pool_was_counted_with(
    env: str, found: Finder
) -> None:
    counted = {**pool.BY_THEMSELVES, **dict(pool.charts(env))}
    counted = {name: need for name, need in counted.items() if not name.startswith(("kai", "core"))}
    asked = [
        pool.total([pool.need({"requests": one}) for one in containers if one])
        for chart in CHARTS
        if chart.name in installed(env)
        for kind, _, containers in rendered.requests(
            objects_of(env, chart.name, found(chart).folder)
        )
        if kind != "DaemonSet" and any(containers)
    ]

    assert pool.total(asked) == pool.total(list(counted.values()))


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_what_we_place_on_the_management_pool_lands_there(env: str, found: Finder) -> None:
    chart = versions.KUBE_PROMETHEUS_STACK
    objects = objects_of(env, chart.name, found(chart).folder)
    placed = [each["spec"] for each in objects if each["kind"] == "Prometheus"]
    placed += [each["spec"]["template"]["spec"] for each in objects if each["kind"] == "Deployment"]

    assert len(placed) == 4
    assert [each["nodeSelector"] for each in placed] == [dict(on_management_pool())] * 4
    assert load(env).hosting.management_nodes


def test_what_was_recorded_is_what_the_charts_render(found: Finder) -> None:
    """Run with GTC_RECORD=1 after a change of a chart or of its values."""
    rendered_now = {
        chart.name: sorted(
            {
                image
                for env in ENVIRONMENTS
                if chart.name in installed(env)
                for image in rendered.images(objects_of(env, chart.name, found(chart).folder))
            }
        )
        for chart in CHARTS
    }
    now = {
        "charts": {chart.name: found(chart).version for chart in CHARTS},
        "images": rendered_now,
    }
    if os.environ.get("GTC_RECORD"):
        RECORDED.parent.mkdir(exist_ok=True)
        RECORDED.write_text(json.dumps(now, indent=2) + "\n")

    assert json.loads(RECORDED.read_text()) == now


def homes(references: set[str]) -> set[str]:
    return {reference.rpartition(":")[0] for reference in references}


@pytest.mark.parametrize("chart", FIRST_KEYS, ids=lambda chart: chart.name)
def test_the_values_that_a_chart_takes_are_those_that_we_know(found: Finder, chart: Chart) -> None:
    here = found(chart)
    files = [each for each in (here.folder / "templates").rglob("*") if each.is_file()]
    read = {key for file in files for key in re.findall(r"\.Values\.([\w-]+)", file.read_text())}

    assert {*here.values(), *read, "global"} == set(FIRST_KEYS[chart])
