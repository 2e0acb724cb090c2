"""What can be wrong with a deployed demo: one function a fault, and which check must find it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from gtc_rehearsal.kube_api.resources import (
    CONFIG_MAP,
    DGD,
    DGDSA,
    HPA,
    NODE,
    POD,
    PVC,
    QUEUE,
    RUNTIME_CLASS,
    SCALED_OBJECT,
    SECRET,
)
from gtc_rehearsal.surroundings import helm_release
from gtc_spec import names, versions
from gtc_spec.manifests.model_record import MANIFEST_KEY, MODEL_RECORD
from gtc_spec.manifests.placement import DRIVER_LABEL
from gtc_spec.versions import Chart
from tests.contract.checks.conftest import N, World, without_label
from tests.faulty_api.faults import Fault

NODE_NAME = "rehearsal-gpu-0"
SCALER = names.scaler("prefill")
ADAPTER = names.pool_dgdsa("decode")
PREFILL, DECODE = names.service("prefill"), names.service("decode")
Break = Callable[[World], None]


def annotated(**annotations: str) -> dict[str, Any]:
    return {"metadata": {"annotations": annotations}}


def conditions(*facts: dict[str, str]) -> dict[str, Any]:
    return {"status": {"conditions": list(facts)}}


def a_secret_is_missing(world: World) -> None:
    world.store.delete(SECRET, "hf-token", N)


def a_secret_has_an_empty_key(world: World) -> None:
    patch = {"data": {"SPACES_SECRET_ACCESS_KEY": ""}}
    world.patch(SECRET, "spaces-credentials", patch, namespace=names.NAMESPACE_PANEL)


def the_queue_is_absent(world: World) -> None:
    world.store.delete(QUEUE, world.env.kai_queue, None)


def the_claim_is_not_bound(world: World) -> None:
    world.patch(PVC, names.MODEL_CLAIM, {"status": {"phase": "Pending"}}, status=True)


def the_marker_has_no_manifest(world: World) -> None:
    world.patch(CONFIG_MAP, MODEL_RECORD, {"data": {MANIFEST_KEY: None}})


def the_marker_belongs_to_another_manifest(world: World) -> None:
    world.patch(CONFIG_MAP, MODEL_RECORD, {"data": {"marker": "0" * 64}})


def somebody_has_paused_keda(world: World) -> None:
    world.patch(SCALED_OBJECT, SCALER, annotated(**{names.ANNOTATION_PAUSED: "true"}))
    world.store.delete(HPA, names.hpa(SCALER), N)


def a_dead_panel_has_left_its_pause(world: World) -> None:
    paused = {names.ANNOTATION_PAUSED: "true", names.ANNOTATION_PAUSED_BY: "panel@gone"}
    world.patch(SCALED_OBJECT, SCALER, annotated(**paused))
    world.store.delete(HPA, names.hpa(SCALER), N)


def one_direction_is_held(world: World) -> None:
    held = {"autoscaling.keda.sh/paused-scale-in": "true"}
    world.patch(SCALED_OBJECT, SCALER, annotated(**held))


def a_scaler_is_not_ready(world: World) -> None:
    fact = {"type": "Ready", "status": "False", "reason": "TriggerError", "message": "no data"}
    world.patch(SCALED_OBJECT, SCALER, conditions(fact), status=True)


def an_hpa_is_unknown(world: World) -> None:
    fact = {"type": "ScalingActive", "status": "False", "reason": "FailedGetExternalMetric",
            "message": "unable to get external metric"}  # fmt: skip
    world.patch(HPA, names.hpa(SCALER), conditions(fact), status=True)


def an_hpa_is_gone(world: World) -> None:
    world.store.delete(HPA, names.hpa(SCALER), N)


def a_pod_lost_its_label(world: World) -> None:
    labels = {names.LABEL_COMPONENT: "Other"}
    world.patch(POD, world.pod(PREFILL), {"metadata": {"labels": labels}})


def a_worker_is_not_ready(world: World) -> None:
    fact = {"type": "Ready", "status": "False"}
    world.patch(POD, world.pod(DECODE), conditions(fact), status=True)
    services = {DECODE: {"readyReplicas": 2}}
    world.patch(
        DGD, names.DEMO, {"status": {"state": "pending", "services": services}}, status=True
    )


def the_graph_has_failed(world: World) -> None:
    world.patch(DGD, names.DEMO, {"status": {"state": "failed"}}, status=True)


def a_selector_finds_other_pods(world: World) -> None:
    wrong = {"status": {"selector": f"{names.LABEL_DGD}={names.DEMO}"}}
    world.patch(DGDSA, ADAPTER, wrong, status=True)


def a_selector_is_empty(world: World) -> None:
    world.patch(DGDSA, ADAPTER, {"status": {"selector": ""}}, status=True)


def an_image_cannot_be_pulled(world: World) -> None:
    waiting = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "nvcr.io/x:1"'}
    container = {"name": "main", "image": "nvcr.io/x:1", "ready": False, "restartCount": 0,
                 "imageID": "", "state": {"waiting": waiting}}  # fmt: skip
    status = {
        "containerStatuses": [container],
        "conditions": [{"type": "Ready", "status": "False"}],
    }
    world.patch(POD, world.pod(DECODE), {"status": status}, status=True)
    services = {DECODE: {"readyReplicas": 2}}
    world.patch(
        DGD, names.DEMO, {"status": {"state": "pending", "services": services}}, status=True
    )


def a_node_is_cordoned(world: World) -> None:
    world.patch(NODE, NODE_NAME, {"spec": {"unschedulable": True}}, namespace=None)


def the_driver_is_old(world: World) -> None:
    labels = {"metadata": {"labels": {DRIVER_LABEL: "575"}}}
    world.patch(NODE, NODE_NAME, labels, namespace=None)


def the_runtime_class_is_missing(world: World) -> None:
    world.store.delete(RUNTIME_CLASS, "nvidia", None)


def a_kind_is_not_served(world: World) -> None:
    page = "404 page not found\n"
    path = "/apis/scheduling.run.ai"
    world.api.faults.add(Fault(path=path, status=404, body=page, times=-1))


def a_chart_has_another_version(world: World) -> None:
    keda = Chart(versions.KEDA.name, "2.19.0", app="2.19.0")
    made = helm_release(keda, names.NAMESPACE_KEDA)
    world.patch(
        SECRET, made["metadata"]["name"], {"data": made["data"]}, namespace=names.NAMESPACE_KEDA
    )


def kubernetes_is_of_another_release(world: World) -> None:
    other = '{"major": "1", "minor": "31", "gitVersion": "v1.31.9"}'
    world.api.faults.add(Fault(path="/version", status=200, body=other, times=-1))


def the_frontend_serves_another_model(world: World) -> None:
    world.services.model = "meta-llama/Llama-3.1-8B-Instruct"


def the_bounds_are_the_defaults(world: World) -> None:
    page = world.services.pages["frontend"]
    lines = page.splitlines(keepends=True)
    kept = [line for line in lines if 'le="0.5"' not in line or "time_to_first" not in line]
    world.services.pages["frontend"] = "".join(kept)


def prometheus_is_down(world: World) -> None:
    world.prometheus_is_up = False


def a_target_is_down(world: World) -> None:
    world.services.down.add("prefill")


def a_metric_has_lost_a_label(world: World) -> None:
    pages = world.services.pages
    pages["decode"] = without_label(pages["decode"], "dynamo_endpoint")


def the_panel_believes_other_facts(world: World) -> None:
    world.services.digest = "0123456789ab"


def the_clock_is_wrong(world: World) -> None:
    world.changes["now"] = lambda: datetime.now(UTC) + timedelta(seconds=30)


def the_end_date_has_passed(world: World) -> None:
    until = datetime.now(UTC) - timedelta(minutes=5)
    world.env = world.env.model_copy(update={"until": until})


BREAKAGES: list[tuple[Break, str, str]] = [
    (a_secret_is_missing, "secrets", "no hf-token in dynamo-workload"),
    (a_secret_has_an_empty_key, "secrets", "lacks SPACES_SECRET_ACCESS_KEY"),
    (the_queue_is_absent, "queue", "no queue dynamo"),
    (the_claim_is_not_bound, "volume", "model-nfs-pvc is Pending"),
    (the_marker_has_no_manifest, "model", "a marker without a manifest"),
    (the_marker_belongs_to_another_manifest, "model", "belongs to another manifest"),
    (somebody_has_paused_keda, "pause", "gtc-demo-prefill-scaler has autoscaling.keda.sh/paused"),
    (a_dead_panel_has_left_its_pause, "pause", "paused by panel@gone"),
    (one_direction_is_held, "pause", "paused-scale-in"),
    (a_scaler_is_not_ready, "scalers", "no data"),
    (an_hpa_is_unknown, "hpa", "<unknown>: unable to get external metric"),
    (an_hpa_is_gone, "hpa", "no keda-hpa-gtc-demo-prefill-scaler"),
    (a_pod_lost_its_label, "workers", "prefill 1 of 2"),
    (a_worker_is_not_ready, "workers", "decode 2 of 3"),
    (the_graph_has_failed, "graph", "failed"),
    (a_selector_finds_other_pods, "adapters", "selects 6 pods where 3 work"),
    (a_selector_is_empty, "adapters", "empty selector"),
    (an_image_cannot_be_pulled, "images", "nvcr.io/x:1"),
    (a_node_is_cordoned, "nodes", "rehearsal-gpu-0: cordoned"),
    (the_driver_is_old, "driver", "rehearsal-gpu-0 has 575"),
    (the_runtime_class_is_missing, "runtime class", "no RuntimeClass nvidia"),
    (a_kind_is_not_served, "definitions", "queues.scheduling.run.ai/v2"),
    (a_chart_has_another_version, "charts", "keda is 2.19.0"),
    (kubernetes_is_of_another_release, "kubernetes", "v1.31.9"),
    (the_frontend_serves_another_model, "frontend", "serves meta-llama/Llama-3.1-8B-Instruct"),
    (the_bounds_are_the_defaults, "buckets", "time_to_first_token_seconds has 60 bounds"),
    (prometheus_is_down, "prometheus", "does not answer"),
    (a_target_is_down, "targets", "503"),
    (a_metric_has_lost_a_label, "queries", "dynamo_endpoint"),
    (the_panel_believes_other_facts, "digest", "0123456789ab"),
    (the_clock_is_wrong, "clock", " s apart"),
    (the_end_date_has_passed, "end date", "passed at"),
]


ALSO = (
    a_secret_has_an_empty_key,
    the_marker_belongs_to_another_manifest,
    a_dead_panel_has_left_its_pause,
    one_direction_is_held,
    an_hpa_is_gone,
    a_selector_is_empty,
    kubernetes_is_of_another_release,
)
"""Further faults of what breaks already; a second each, so they come with the slow tests."""
