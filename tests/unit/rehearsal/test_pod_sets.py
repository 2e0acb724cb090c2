"""A graph that leaves Grove, and comes back, as Dynamo's operator does it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gtc_rehearsal.kube_api.resources import COMPONENT, DGD, POD_CLIQUE_SET
from gtc_rehearsal.operator.pods import is_terminating
from gtc_rehearsal.operator.services import LABEL_CLIQUE
from gtc_spec import names
from tests.unit.rehearsal.test_operator import DECODE, NS, PREFILL, Cluster, cluster


def annotate(c: Cluster, grove: str | None) -> None:
    patch = {"metadata": {"annotations": {"nvidia.com/enable-grove": grove}}}
    c.store.patch(DGD, names.DEMO, NS, patch)


def by(c: Cluster, service: str) -> tuple[int, int]:
    """Pods of a service that stay: of Grove, and of a Deployment."""
    staying = [pod for pod in c.pods(service) if not is_terminating(pod)]
    of_grove = sum(LABEL_CLIQUE in pod["metadata"]["labels"] for pod in staying)
    return of_grove, len(staying) - of_grove


def components(c: Cluster) -> set[str]:
    return {each["metadata"]["name"] for each in c.store.list(COMPONENT, NS)}


async def test_an_annotation_alone_does_nothing(tmp_path: Path) -> None:
    async with cluster(tmp_path) as c:
        annotate(c, "false")
        c.operator.reconcile()

        assert components(c) == set()
        assert by(c, DECODE) == (3, 0)


async def test_the_next_change_of_the_graph_brings_deployments_and_leaves_groves_pods(
    tmp_path: Path,
) -> None:
    async with cluster(tmp_path) as c:
        annotate(c, "false")
        c.scale(DECODE, 4)
        await c.until(lambda: by(c, DECODE) == (3, 4))

        waiting = [pod for pod in c.pods(DECODE) if not pod["spec"].get("nodeName")]
        assert by(c, PREFILL) == (2, 2)
        assert len(c.store.list(POD_CLIQUE_SET, NS)) == 1
        assert waiting  # 3 + 2 of Grove and 4 + 2 more on 8 GPUs
        assert components(c) == {
            "gtc-demo-frontend",
            "gtc-demo-trtllmdecodeworker",
            "gtc-demo-trtllmprefillworker",
        }


async def test_deleting_the_set_of_grove_brings_the_deployments_and_frees_the_gpus(
    tmp_path: Path,
) -> None:
    async with cluster(tmp_path) as c:
        annotate(c, "false")
        c.store.delete(POD_CLIQUE_SET, names.DEMO, NS)
        await c.until(lambda: (c.ready(PREFILL), c.ready(DECODE)) == (2, 3), 10)
        await c.until(lambda: by(c, DECODE) == (0, 3))

        status: dict[str, Any] = c.graph()["status"]["services"][DECODE]
        assert (status["componentKind"], status["componentName"]) == (
            "Deployment",
            "gtc-demo-trtllmdecodeworker",
        )


async def test_back_with_grove_the_deployments_stand_until_somebody_deletes_them(
    tmp_path: Path,
) -> None:
    def without_grove(manifest: dict[str, Any]) -> None:
        manifest["metadata"].setdefault("annotations", {})["nvidia.com/enable-grove"] = "false"

    async with cluster(tmp_path, change=without_grove) as c:
        assert by(c, DECODE) == (0, 3)
        annotate(c, None)
        c.scale(DECODE, 2)
        await c.until(lambda: by(c, DECODE) == (2, 3))
        for name in components(c):
            c.store.delete(COMPONENT, name, NS)

        await c.until(lambda: by(c, DECODE) == (2, 0))
        await c.until(lambda: c.ready(DECODE) == 2)


async def test_the_sets_go_with_their_graph(tmp_path: Path) -> None:
    async with cluster(tmp_path) as c:
        c.store.delete(DGD, names.DEMO, NS)
        await c.until(lambda: c.pods(DECODE) == [])

        assert c.store.list(POD_CLIQUE_SET, NS) == []
