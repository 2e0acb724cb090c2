"""One thing broken at a time turns exactly its own check red, with a hint that helps."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gtc_rehearsal.followups import MODEL, FollowUpServer
from gtc_rehearsal.kube_api.resources import LEASE
from gtc_runtime.corpus import curate, tokens
from gtc_spec import names
from gtc_spec.manifests.model_record import MODEL_RECORD
from tests.contract.checks.breakages import (
    ALSO,
    BREAKAGES,
    Break,
    a_dead_panel_has_left_its_pause,
)
from tests.contract.checks.conftest import World
from tests.faulty_api.faults import Fault


@pytest.mark.parametrize(
    ("break_it", "name", "found"),
    [
        pytest.param(*each, id=each[0].__name__, marks=[pytest.mark.slow] * (each[0] in ALSO))
        for each in BREAKAGES
    ],
)
async def test_exactly_its_own_check_turns_red(
    world: World, break_it: Break, name: str, found: str
) -> None:
    break_it(world)

    checks = await world.look()

    reds = {each.name: each.found for each in checks.values() if each.state == "red"}
    assert list(reds) == [name], reds
    assert found in checks[name].found
    assert checks[name].expected
    assert len(checks[name].hint) > 20


@pytest.fixture
def a_corpus(tmp_path: Path) -> Path:
    """A whole corpus."""
    out = tmp_path / "corpus"
    order = curate.Order(out, "dev", offline=True)
    asyncio.run(curate.build(order, tokens.estimate(), lambda _: None))
    return out


async def test_a_damaged_corpus_is_red_and_a_whole_one_green(a_corpus: Path, world: World) -> None:
    world.corpus = str(a_corpus)
    whole = await world.look("corpus")
    with (a_corpus / "chat" / "passages.jsonl").open("a") as damaged:
        damaged.write("{}\n")

    checks = await world.look()

    assert whole["corpus"].found == "dev corpus, complete"
    assert [each.name for each in checks.values() if each.state == "red"] == ["corpus"]
    assert "chat/passages.jsonl" in checks["corpus"].found
    assert "make deploy-corpus" in checks["corpus"].hint


async def test_a_frontend_that_is_down_is_told_once(world: World) -> None:
    world.addresses["frontend"] = "http://127.0.0.1:9"

    checks = await world.look("frontend", "buckets", "workers")

    assert checks["frontend"].state == "red"
    assert "does not answer" in checks["frontend"].found
    assert checks["buckets"].found == "see frontend"
    assert checks["workers"].state == "green"


async def test_a_pause_that_its_holder_uses_is_no_fault(world: World) -> None:
    a_dead_panel_has_left_its_pause(world)
    renewed = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    held = {"holderIdentity": "panel@gone", "leaseDurationSeconds": 15, "renewTime": renewed}
    world.patch(LEASE, names.LEASE, {"spec": held})

    checks = await world.look("pause", "hpa")

    assert checks["pause"].state == "green"
    assert checks["hpa"].found == "KEDA is paused, so there is no HPA: see pause"


NOT_FOR_THE_PANEL = {
    "secrets": "/secrets",
    "charts": "/secrets",
    "nodes": "/nodes",
    "driver": "/nodes",
    "runtime class": "/runtimeclasses",
    "queue": "/queues",
    "volume": "/persistentvolumeclaims",
    "model": f"/configmaps/{MODEL_RECORD}",
}
"""Checks that need a right which the panel's Role does not give, and what they ask for."""


async def test_what_the_panels_account_may_not_see_is_not_red(world: World) -> None:
    other_pods = f"/namespaces/{names.NAMESPACE_PANEL}/pods"
    for path in (*NOT_FOR_THE_PANEL.values(), other_pods):
        world.api.faults.add(Fault(path=path, status=403, times=-1))
    world.changes["is_panel"] = True

    checks = await world.look()

    denied = {name for name, each in checks.items() if each.state == "not-permitted"}
    assert denied == NOT_FOR_THE_PANEL.keys()
    assert not any(each.state == "red" for each in checks.values())
    assert checks["images"].state == "green"


async def test_without_a_cluster_one_check_says_so(world: World) -> None:
    await world.api.stop()

    checks = await world.look("kubernetes", "nodes", "workers", "digest", "corpus")

    assert [name for name, each in checks.items() if each.state == "red"] == ["kubernetes"]
    assert checks["nodes"].found == "see kubernetes"


async def test_the_model_of_follow_ups_is_named_and_a_service_that_is_away_is_red(
    world: World,
) -> None:
    server = FollowUpServer()
    world.followups = await server.start()
    there = await world.look("follow-ups")
    await server.stop()
    away = await world.look("follow-ups")

    assert there["follow-ups"].found == f"{MODEL}, one of 1 at {world.followups}"
    assert away["follow-ups"].state == "red"
    assert "the show goes on" in away["follow-ups"].hint
