"""What the view says of a source that has said nothing for too long: that nothing is known."""

import asyncio
import os
import signal
from dataclasses import replace

import pytest

from gtc_runtime.service import DemoService
from gtc_runtime.view import PoolView
from tests.app.conftest import Panel, World
from tests.contradictions import contradictions
from tests.faulty_api.faults import Fault

GAUGES = ("in_flight", "waiting", "streaming", "conversations")


async def test_of_a_cluster_that_is_silent_for_long_nothing_is_told(
    panel: Panel, world: World
) -> None:
    world.api.faults.add(Fault(status=503, times=-1))
    await panel.until(lambda view: bool(view.problem))
    cluster = panel.service._cluster
    assert cluster
    assert cluster.poller.newest
    assert panel.view.pools[0].ready is not None  # old, and not too old to be shown

    cluster.poller.newest = replace(cluster.poller.newest, at_s=cluster.poller.newest.at_s - 60)

    view = panel.view
    assert (view.pools, view.pods) == ((PoolView("prefill"), PoolView("decode")), ())
    assert (view.keda, view.keda_detail, view.control.scaler) == ("unknown", "", None)
    assert contradictions(view.to_json()) == []


async def test_of_a_load_process_that_is_silent_no_request_is_counted(panel: Panel) -> None:
    await panel.until(lambda view: view.load.in_flight == 0)

    await panel.service._load.stop()
    panel.service._load._newest = None

    view = panel.view
    assert [getattr(view.load, name) for name in GAUGES] == [None] * len(GAUGES)
    assert view.load.light == "unknown"
    assert view.phase.sentence.text == "No figures now: the load client does not report."


async def test_of_a_cluster_that_is_silent_for_20_s_figures_stay_and_words_do_not(
    panel: Panel, world: World
) -> None:
    world.api.faults.add(Fault(status=503, times=-1))
    await panel.until(lambda view: bool(view.problem))
    poller = panel.service._cluster.poller  # type: ignore[union-attr]
    assert poller.newest
    poller.newest = replace(poller.newest, at_s=poller.newest.at_s - 20)

    view = panel.view

    assert [each.source for each in view.stale] == ["cluster"]
    assert view.stale[0].age_s > 20
    assert view.pools[0].ready is not None
    assert contradictions(view.to_json()) == []


async def test_of_a_load_process_that_hangs_the_last_figures_stay_for_a_minute(
    panel: Panel,
) -> None:
    await panel.service.start_load()
    await panel.until(lambda view: (view.load.sent_rps or 0) > 2)  # sent for seconds
    load = panel.service._load
    assert load.pid
    os.kill(load.pid, signal.SIGSTOP)
    try:
        await panel.until(lambda view: (view.load_age_s or 0) > 6)
        view = panel.view
        assert view.load.sent_rps  # not 0: nobody knows whether any was sent
        assert view.load.in_flight is not None
        assert view.problem == "the load process does not report"
        assert load._newest
        load._newest = replace(load._newest, at_s=load._newest.at_s - 60)
        view = panel.view
        assert (view.load.sent_rps, view.load.in_flight) == (None, None)
        assert view.workloads["all"].ok is None
        assert [each.source for each in view.stale] == ["load"]
    finally:
        os.kill(load.pid, signal.SIGCONT)


async def test_a_view_that_nobody_makes_anew_is_told_as_old_and_then_as_nothing(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    await panel.until(lambda view: view.load.in_flight == 0)

    def dies(_service: DemoService) -> None:
        raise ValueError("no view")

    monkeypatch.setattr(DemoService, "_build", dies)
    await asyncio.sleep(0.5)
    service = panel.service
    service._view_at_s -= 20
    assert {each.source for each in service.view().stale} >= {"cluster", "load"}
    assert service.view().pools[0].ready is not None
    service._view_at_s -= 45
    assert service.view().pools[0].ready is None
    assert "gtc_pool_workers{" not in service.metrics()[0].decode()
    monkeypatch.undo()
