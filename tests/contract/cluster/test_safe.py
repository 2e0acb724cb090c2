"""The safe state says what came of each step, and does only what has to be done."""

import asyncio

from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.keda import Keda
from gtc_runtime.scenario.unattended.safe import make_safe
from gtc_spec import names
from gtc_spec.kinds import SCALED_OBJECT
from gtc_spec.pools import ROLES, PDRatio
from tests.faulty_api.faults import Fault

from .conftest import TIMES, Cluster

Playing = asyncio.Task[None]


async def hpas_are_there(kube: Kube) -> None:
    await Keda(kube).resume()


async def test_what_is_safe_already_is_said_to_be_and_left_alone(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    await hpas_are_there(kube)

    report = await make_safe(kube, PDRatio(2, 3), gpu_budget=8, times=TIMES)

    assert report.already == ("ratio 2P:3D ordered", "keda scales")
    assert report.done == ("load asked to stop",)
    written = [path for method, path in cluster.server.log if method == "PATCH"]
    assert not [path for path in written if "/scale" in path]  # nor /scaledobjects


async def test_where_keda_drives_it_is_paused_for_the_moment_of_the_order(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    await hpas_are_there(kube)
    cluster.set_desired("prefill", 4)

    report = await make_safe(kube, PDRatio(2, 3), gpu_budget=8, times=TIMES)

    assert report.done == ("load asked to stop", "ratio 2P:3D ordered", "keda resumed")
    assert (cluster.desired("prefill"), cluster.desired("decode")) == (2, 3)
    assert not any(cluster.annotations(role) for role in ROLES)
    written = [path for method, path in cluster.server.log if method == "PATCH"]
    kinds = [
        "scale" if "worker/scale" in path else "keda"
        for path in written
        if "configmaps" not in path
    ]
    assert kinds == ["keda", "keda", "scale", "keda", "keda"]


async def test_a_pause_by_somebody_else_is_named_and_left(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    theirs = {"metadata": {"annotations": {names.ANNOTATION_PAUSED: "true"}}}
    await kube.patch(SCALED_OBJECT, names.scaler("prefill"), theirs)
    cluster.set_desired("prefill", 4)

    report = await make_safe(kube, PDRatio(2, 3), gpu_budget=8, times=TIMES)

    assert report.failed == ()
    assert [names.scaler("prefill") in line for line in report.left] == [True]
    assert cluster.annotations("prefill") == {names.ANNOTATION_PAUSED: "true"}
    assert (cluster.desired("prefill"), cluster.desired("decode")) == (2, 3)


async def test_a_step_that_fails_keeps_no_other_from_being_tried(
    cluster: Cluster, kube: Kube, keda_plays: Playing
) -> None:
    await Keda(kube).pause("panel")
    cluster.set_desired("decode", 5)
    cluster.faults.add(Fault("PATCH", "worker/scale", 403, times=-1))

    report = await make_safe(kube, PDRatio(2, 3), gpu_budget=8, times=TIMES)

    assert [line.partition(":")[0] for line in report.failed] == ["ratio 2P"]
    assert report.done == ("load asked to stop", "keda resumed")
    assert report.lines[0].startswith("FAILED: ratio 2P:3D ordered: ")
    assert not report.was_safe
