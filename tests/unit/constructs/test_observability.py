import json

import pytest

import gtc_dashboards
from gtc_constructs.platform.observability import ADMIN_KEYS, Observability
from gtc_constructs.secrets import SecretRef
from gtc_constructs.stacks import ClusterStack, InfraStack
from gtc_spec.engines import trtllm
from gtc_spec.environment import load
from gtc_spec.errors import UsageError
from gtc_spec.manifests.placement import on_management_pool
from gtc_spec.telemetry import metrics_platform, promql
from tests.synthesised import IMAGE, ROOT, Synthesised

BOARD = {"uid": "demo", "title": "Demo", "expr": 'x{a="${pool}"} %{y}'}


@pytest.fixture
def monitoring(stack):
    return Observability(stack, "observability")


@pytest.fixture
def values(stack, monitoring):
    (given,) = Synthesised(stack).release("kube-prometheus-stack")["values"]
    return given


def test_it_answers_where_every_query_goes(monitoring):
    assert monitoring.prometheus_url == promql.PROMETHEUS_ADDRESS


@pytest.mark.parametrize("kind", ["podMonitor", "serviceMonitor", "probe", "rule", "scrapeConfig"])
def test_monitors_of_other_charts_are_scraped(values, kind):
    given = values["prometheus"]["prometheusSpec"]

    assert given[f"{kind}SelectorNilUsesHelmValues"] is False
    assert f"{kind}NamespaceSelector" not in given, "its default already is all namespaces"


def test_everything_is_scraped_twelve_times_in_the_window_of_a_query(values):
    given = values["prometheus"]["prometheusSpec"]["scrapeInterval"]

    assert int(given.removesuffix("s")) * 12 == promql.WINDOW_S


def test_grafana_draws_at_the_scrape_interval(values):
    sources = values["grafana"]["sidecar"]["datasources"]

    assert sources["defaultDatasourceScrapeInterval"] == "5s"


def test_grafana_lists_no_alertmanager_because_there_is_none(values):
    assert values["alertmanager"] == {"enabled": False}
    assert values["grafana"]["sidecar"]["datasources"]["alertmanager"] == {"enabled": False}


def test_grafana_keeps_annotations_over_a_restart(values):
    assert values["grafana"]["persistence"]["enabled"]
    assert values["grafana"]["deploymentStrategy"] == {"type": "Recreate"}


def test_grafana_has_no_password_that_everybody_knows(values):
    assert values["grafana"]["adminPassword"] == ""


def test_a_visitor_may_look_and_nothing_else(values):
    settings = values["grafana"]["grafana.ini"]

    assert settings["auth.anonymous"]["org_role"] == "Viewer"
    assert not settings["users"]["allow_sign_up"]
    assert not settings["security"]["allow_embedding"]


@pytest.mark.parametrize(
    "path",
    [("prometheus", "prometheusSpec"), ("grafana",), ("prometheusOperator",),
     ("kube-state-metrics",)],
)  # fmt: skip
def test_monitoring_stays_off_the_gpu_nodes(values, path):
    part = values
    for key in path:
        part = part[key]

    assert part["nodeSelector"] == on_management_pool()


def test_desired_workers_are_a_metric(values):
    resources = values["kube-state-metrics"]["customResourceState"]["config"]["spec"]["resources"]
    adapters = resources[0]
    (metric,) = adapters["metrics"]

    assert f"{adapters['metricNamePrefix']}_{metric['name']}" == metrics_platform.DGDSA_DESIRED.name
    assert set(metrics_platform.DGDSA_DESIRED.labels) <= set(adapters["labelsFromPath"])
    assert adapters["labelsFromPath"]["service"] == ["spec", "dgdRef", "serviceName"]


def test_ready_pods_of_a_clique_are_a_metric(values):
    resources = values["kube-state-metrics"]["customResourceState"]["config"]["spec"]["resources"]
    cliques = resources[1]

    assert (
        f"{cliques['metricNamePrefix']}_{cliques['metrics'][0]['name']}"
        == metrics_platform.PODCLIQUE_READY.name
    )


def test_pods_can_be_joined_with_their_pool(values):
    (allowed,) = values["kube-state-metrics"]["metricLabelsAllowlist"]

    for label in metrics_platform.POD_LABELS.labels[2:]:
        plain = label.removeprefix("label_")
        assert plain in allowed.replace(".", "_").replace("/", "_").replace("-", "_")


def test_gpu_metrics_come_from_the_gpu_nodes_and_keep_the_names_of_pods(stack, monitoring):
    (given,) = Synthesised(stack).release("dcgm-exporter")["values"]

    assert given["tolerations"][0]["key"] == "nvidia.com/gpu"
    assert given["serviceMonitor"] == {
        "enabled": True,
        "interval": "5s",
        "scrapeTimeout": "5s",
        "honorLabels": True,
    }
    assert given["arguments"][-1] == "--collect-interval=5000"


def test_an_administrator_of_your_own_reaches_the_cluster_and_no_file(stack):
    admin = {
        key: SecretRef.from_variable(stack, key.replace("-", "_"), description=key)
        for key in ADMIN_KEYS
    }
    Observability(stack, "observability", admin=admin)

    made = Synthesised(stack)
    (values,) = made.release("kube-prometheus-stack")["values"]
    secret = made.resource("kubernetes_secret_v1")
    assert values["grafana"]["admin"] == {"existingSecret": secret["metadata"]["name"]}
    assert set(secret["data_wo"]) == {"admin-user", "admin-password"}
    assert "data" not in secret


def test_an_administrator_without_a_password_is_refused(stack):
    user = SecretRef.from_variable(stack, "user", description="user")

    with pytest.raises(UsageError, match=r"got admin-user for Grafana, allowed: admin-user and"):
        Observability(stack, "observability", admin={"admin-user": user})


def test_node_metrics_carry_the_name_of_their_node(values):
    monitor = values["prometheus-node-exporter"]["prometheus"]["monitor"]
    (label,) = monitor["relabelings"]

    assert label["targetLabel"] in metrics_platform.NODE_CPU.labels


def settings(stack):
    (given,) = Synthesised(stack).release("kube-prometheus-stack")["values"]
    return given["grafana"]["grafana.ini"]["dashboards"]


def test_grafana_opens_its_own_page_unless_a_board_is_named(values):
    home = values["grafana"]["grafana.ini"]["dashboards"]

    assert "default_home_dashboard_path" not in home


def test_grafana_opens_the_board_that_is_named_and_added(stack, tmp_path):
    (tmp_path / "it.json").write_text(json.dumps(BOARD))
    made = Observability(stack, "observability", home="team/overview")
    made.add_dashboards("boards", {"overview": tmp_path / "it.json"}, folder="team")

    assert settings(stack)["default_home_dashboard_path"] == "/tmp/dashboards/team/overview.json"
    assert list(made.problems()) == []


def test_the_demo_opens_its_wall_where_it_is_shown(app):
    env = load("cpu")
    made = ClusterStack(
        app,
        env,
        infra=InfraStack(app, env),
        image=IMAGE,
        engine_configs=ROOT / "engine_configs" / "prod",
        dashboards=gtc_dashboards.sources(trtllm.TRAITS),
    )

    assert settings(made)["default_home_dashboard_path"] == "/tmp/dashboards/gtc-demo/demo.json"
    assert list(made.observability.problems()) == []


def test_a_board_to_begin_with_that_nobody_adds_is_told(stack):
    made = Observability(stack, "observability", home="team/overview")

    assert list(made.problems()) == [
        "home is 'team/overview', allowed: a board of add_dashboards: none is added"
    ]


def test_the_exporter_runs_on_the_nodes_of_another_house(stack):
    Observability(stack, "observability", gpu_values={"nodeSelector": {"gpu": "yes"}})

    ours, theirs = Synthesised(stack).release("dcgm-exporter")["values"]
    # Helm merges mappings of both, key by key
    assert ours.get("nodeSelector", {}) | theirs["nodeSelector"] == {"gpu": "yes"}


def test_the_exporter_stays_on_gpu_nodes_with_other_values_of_your_own(stack):
    Observability(stack, "observability", gpu_values={"podLabels": {"team": "a"}})

    ours, theirs = Synthesised(stack).release("dcgm-exporter")["values"]
    assert ours["nodeSelector"] == {"doks.digitalocean.com/gpu-brand": "nvidia"}
    assert theirs == {"podLabels": {"team": "a"}}


def test_values_of_an_exporter_that_is_not_there_are_refused(stack):
    with pytest.raises(UsageError, match=r"gpu_values has nodeSelector and gpu_chart is None"):
        Observability(
            stack, "observability", gpu_chart=None, gpu_values={"nodeSelector": {"gpu": "yes"}}
        )


@pytest.mark.parametrize("name", gtc_dashboards.sources(trtllm.TRAITS))
def test_our_boards_survive_terraform(stack, monitoring, name):
    source = gtc_dashboards.sources(trtllm.TRAITS)[name]
    monitoring.add_dashboards("boards", {name: source}, folder="gtc-demo")

    written = Synthesised(stack).resource("kubernetes_config_map_v1")["data"][f"{name}.json"]
    text = written if isinstance(written, str) else json.dumps(written)
    read = json.loads(text.replace("$${", "${").replace("%%{", "%{"))
    assert read == json.loads(source.read_text())


def test_a_cluster_without_gpus_gets_no_exporter(stack):
    Observability(stack, "observability", gpu_chart=None)

    assert len(Synthesised(stack).resources("helm_release")) == 1


def test_values_of_your_own_are_merged_over_ours_by_helm(stack):
    Observability(stack, "observability", values={"prometheus": {"enabled": False}})

    given = Synthesised(stack).release("kube-prometheus-stack")["values"]

    assert given[1:] == [{"prometheus": {"enabled": False}}]


def test_a_board_reaches_grafana_with_its_own_variables(stack, monitoring, tmp_path):
    (tmp_path / "demo.json").write_text(json.dumps(BOARD))
    monitoring.add_dashboards("boards", {"demo": tmp_path / "demo.json"}, folder="gtc-demo")

    made = Synthesised(stack).resource("kubernetes_config_map_v1")

    assert made["metadata"] == {
        "name": "demo",
        "namespace": "monitoring",
        "labels": {"grafana_dashboard": "1"},
        "annotations": {"grafana_folder": "gtc-demo"},
    }
    assert made["data"]["demo.json"]["expr"] == 'x{a="$${pool}"} %%{y}'


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "is not json"), ("[]", "no uid or no title"), ('{"uid": "a"}', "no uid or no title"),
     (json.dumps({**BOARD, "x": "y" * 1_000_000}), "bytes, allowed: 1000000")],
)  # fmt: skip
def test_a_file_that_is_no_board_is_refused(stack, monitoring, tmp_path, text, said):
    (tmp_path / "demo.json").write_text(text)

    with pytest.raises(UsageError, match=r"^stack/observability/boards: ") as caught:
        monitoring.add_dashboards("boards", {"demo": tmp_path / "demo.json"}, folder="gtc-demo")

    assert said in caught.value.message


def test_a_board_that_is_not_there_is_refused(monitoring, tmp_path):
    with pytest.raises(UsageError, match="cannot read the dashboard"):
        monitoring.add_dashboards("boards", {"demo": tmp_path / "demo.json"}, folder="gtc-demo")
